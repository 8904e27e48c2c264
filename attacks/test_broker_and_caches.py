"""
An attacker has access to RabbitMQ, Redis or Memcached: what is possible then, and what is not.

Such an attacker can make the site slow and hide content; SECURITY.md says what else. These checks show that
nobody becomes staff that way, no code runs, no password is revealed, and no data is destroyed that is stored only once.
"""

import json
import pickle
import re
import time

import pytest
from celery import Celery
from django.conf import settings
from django.core.cache import caches
from kombu import Exchange, Producer

from accounts.cache import account_key, user_key
from accounts.models import User
from attacks.site import PASSWORD
from tweets.models import Tweet
from utils.caching.redis.client import client as redis

MARK = "/tmp/attacks-pickle-was-opened"  # noqa: S108
STRANGE = [b"", b"\x00\xff", b"{", b"[1,2", b"null", b"true", b"7", b"-1", b'"text"', b"[[1]]", b'{"id": 1}',
    b"[" * 5_000,
           b"9" * 5_000, b"NaN", b'{"": null}', "🙂".encode()]  # fmt: skip


class Opened:
    def __reduce__(self):
        return open, (MARK, "w")


@pytest.fixture
def workers(site):
    site.start_workers()


def publish(site, task, arguments, *, content_type="application/json", body=None, queue="default"):
    """
    Put a message into a queue, as an attacker with the broker's password would.
    """
    headers = {"lang": "py", "task": task, "id": "forged", "root_id": "forged", "parent_id": None, "group": None}
    with site.broker.connect() as connection:
        Producer(connection).publish(
            json.dumps([[], arguments, {}]).encode() if body is None else body,
            exchange=Exchange(""),
            routing_key=queue,
            headers=headers,
            content_type=content_type,
            content_encoding="utf-8" if content_type.endswith("json") else "binary",
        )


def wait_until_taken(site):
    site.until(lambda: site.broker.waiting("default") == 0, "the queue is empty")
    # A message that was taken may not be handled yet, and a message without an effect gives no sign of its end.
    time.sleep(2)


def test_workers_obey_no_remote_control(site, workers):
    stranger = Celery(broker=site.broker.url, set_as_current=False)
    inspect = stranger.control.inspect(timeout=2)

    assert (inspect.ping(), inspect.conf(), inspect.registered()) == (None, None, None)
    stranger.control.shutdown()
    time.sleep(1)
    assert all(site.processes[name].is_running for name in ("default", "fanout"))


def test_a_forged_message_without_its_row_does_nothing(site, workers):
    author = site.person(is_unlimited=True)
    tweet = author.post("/api/tweets/", {"content": "Still here tomorrow"}).json
    tasks = [
        "tweets.tasks.purge_tweets", "comments.tasks.purge_comments", "likes.tasks.purge_likes",
        "tweets.tasks.forget_tweet",
        "friendships.tasks.purge_friendships",
    ]  # fmt: skip

    for task in tasks:
        publish(site, task, {"message_id": 999_999_999, "user_id": author.id})
    for ids in ([999_999_999], [-1], ["x"], [[]], [None], ["9" * 5_000], 7, None):
        publish(site, "outbox.tasks.handle_messages", {"message_ids": ids})
    wait_until_taken(site)

    assert Tweet.objects.get(id=tweet["id"]).deleted_at is None
    assert author.get(f"/api/tweets/{tweet['id']}/").status == 200
    assert author.get("/api/newsfeeds/").json["results"][0]["id"] == tweet["id"]
    assert site.processes["default"].is_running


def test_the_work_goes_on_after_forged_messages(site, workers):
    author, follower = site.person(is_unlimited=True), site.person(is_unlimited=True)
    follower.post(f"/api/friendships/{author.id}/follow/")
    publish(site, "no.such.task", {})
    publish(site, "os.system", {"command": "id"})

    tweet = author.post("/api/tweets/", {"content": "Delivered all the same"}).json

    site.until(
        lambda: [row["id"] for row in follower.get("/api/newsfeeds/").json["results"]] == [tweet["id"]], "delivery"
    )


def test_a_pickle_in_the_queue_is_not_opened(site, workers):
    publish(site, "outbox.tasks.handle_messages", {}, content_type="application/x-python-serialize",
            body=pickle.dumps(Opened()))  # fmt: skip
    wait_until_taken(site)

    assert not exists(MARK)


def test_a_pickle_in_a_cache_is_not_opened(site):
    person = site.person(is_unlimited=True)
    session = site.log_in_browser(person)
    session.get("/api/newsfeeds/")
    poison = pickle.dumps(Opened())

    for key in redis.call("KEYS", "*"):
        if redis.call("TYPE", key) in (b"string", "string"):
            redis.call("SET", key, poison)
    responses = [
        session.get("/api/newsfeeds/"),
        person.get("/api/newsfeeds/"),
        session.get("/api/accounts/login_status/"),
    ]

    assert all(response.status in (200, 401, 403) for response in responses), responses
    assert not exists(MARK)
    redis.call("FLUSHDB")


def exists(path):
    try:
        open(path).close()
    except FileNotFoundError:
        return False
    return True


def test_a_forged_record_in_a_cache_makes_nobody_staff(site):
    person = site.person(is_unlimited=True)
    session = site.log_in_browser(person)
    session.get("/api/newsfeeds/")
    name = caches["default"].make_key(account_key(person.id))
    record = redis.call("GET", name)
    for flag in (b"is_staff", b"is_superuser"):
        for space in (b"", b" "):
            record = record and as_bytes(record).replace(
                b'"%s":%sfalse' % (flag, space), b'"%s":%strue' % (flag, space)
            )

    if record:
        redis.call("SET", name, record)
        redis.call("SET", account_key(person.id), record)
    responses = [session.get("/admin/accounts/user/"), session.get("/api/users/"), person.get("/api/users/")]

    assert [response.status for response in responses] == [302, 403, 403], responses
    assert not User.objects.get(id=person.id).is_staff
    redis.call("FLUSHDB")


def test_what_stands_in_redis_opens_no_session(site):
    browser = site.log_in_browser(site.person(is_unlimited=True, is_staff=True, is_superuser=True))
    assert browser.get("/admin/").status == 200

    keys = redis.call("KEYS", "*")
    values = [redis.call("GET", key) for key in keys if as_bytes(redis.call("TYPE", key)) == b"string"]
    texts = [as_bytes(text).decode(errors="replace") for text in [*keys, *values]]

    assert texts and not [text for text in texts if browser.cookies["sessionid"] in text]
    thief = site.nobody(is_unlimited=True)
    for word in {word for text in texts for word in re.findall(r"\w{8,}", text)}:
        for cookie in {word, word[:32], word[-32:]}:
            thief.cookies = {"sessionid": cookie}
            assert thief.get("/api/accounts/login_status/").json["has_logged_in"] is False, cookie


def as_bytes(value):
    return value if isinstance(value, bytes) else value.encode()


@pytest.mark.parametrize("value", STRANGE, ids=lambda value: repr(value[:12]))
def test_a_value_that_is_none_is_a_miss_and_is_replaced(site, value):
    author = site.person(is_unlimited=True)
    session = site.log_in_browser(author)
    tweet = author.post("/api/tweets/", {"content": "Read from a broken cache"}).json["id"]
    paths = [
        "/api/newsfeeds/", f"/api/tweets/?user_id={author.id}", f"/api/tweets/{tweet}/",
        f"/api/comments/?tweet_id={tweet}",
        f"/api/friendships/{author.id}/followers/", f"/api/users/{author.id}/", "/api/features/",
    ]  # fmt: skip
    whole = [author.get(path).body for path in paths]

    for key in redis.call("KEYS", "*"):
        redis.call("DEL", key)
        redis.call("SET", key, value)
    damage_memcached([user_key(author.id), "features"], value)
    first, again = ([author.get(path) for path in paths] for _ in range(2))
    browser = session.get("/api/accounts/login_status/")

    assert [response.status for response in first] == [200] * len(paths), first
    for path, before, after in zip(paths, whole, again):
        assert after.body == before, (path, before, after.body)
    assert browser.status == 200
    redis.call("FLUSHDB")


def damage_memcached(keys, value):
    for key in keys:
        caches["objects"].set(key, value.decode("latin-1"), 60)


def test_a_list_of_another_type_in_redis_breaks_no_page(site):
    author = site.person(is_unlimited=True)
    tweet = author.post("/api/tweets/", {"content": "Of another type"}).json["id"]
    author.get("/api/newsfeeds/")

    for key in redis.call("KEYS", "*"):
        redis.call("DEL", key)
        redis.call("HSET", key, "field", "value")
    responses = [author.get("/api/newsfeeds/"), author.get(f"/api/tweets/?user_id={author.id}")]

    assert [[row["id"] for row in response.json["results"]] for response in responses] == [[tweet], [tweet]], responses
    redis.call("FLUSHDB")


def test_the_login_guard_holds_when_its_counter_is_unreadable(site):
    victim = site.person()

    statuses = []
    for _ in range(25):
        redis.call("FLUSHDB")
        statuses.append(
            site.nobody(address="203.0.113.9")
            .post("/api/accounts/login/", {"username": victim.name, "password": "wrong"})
            .status
        )

    # Without Redis only the cost of hashing limits guesses. No request gets a 500, and the right password works.
    assert set(statuses) <= {400, 429}
    assert site.nobody().post("/api/accounts/login/", {"username": victim.name, "password": PASSWORD}).status == 200


def test_caches_and_queues_speak_json_and_the_broker_has_no_guest(site):
    assert settings.CELERY_ACCEPT_CONTENT == ["json"]
    assert "JSONSerializer" in settings.CACHES["default"]["OPTIONS"]["SERIALIZER"]
    assert "guest:guest" not in settings.BROKER_URL
