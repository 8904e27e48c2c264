"""
A client program, written with the Python client that was generated from the schema.

    journey.py ADDRESS PHOTO     three tweets may be posted before the limit answers
"""

import sys
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from newsfeed_client import AuthenticatedClient, Client
from newsfeed_client.api.accounts import accounts_signup
from newsfeed_client.api.likes import likes_create
from newsfeed_client.api.newsfeeds import newsfeeds_list
from newsfeed_client.api.profiles import profiles_update
from newsfeed_client.api.tweets import tweets_create, tweets_list, tweets_retrieve
from newsfeed_client.api.users import users_retrieve
from newsfeed_client.models import (
    Error,
    ErrorCode,
    LikeableKind,
    LikeSerializerForCreateRequest,
    ProfileSerializerForUpdateMultipartRequest,
    ProfileSerializerForUpdateRequest,
    SignupSerializerForCreateRequest,
    TweetSerializerForCreateMultipartRequest,
    TweetSerializerForCreateRequest,
)
from newsfeed_client.types import File


def check(is_so, what):
    if not is_so:
        sys.exit(f"journey: {what}")


def photo(path):
    return File(payload=BytesIO(path.read_bytes()), file_name=path.name, mime_type="image/png")


def sign_up(address):
    """
    Return a client that is logged in, and the id of its user.
    """
    body = SignupSerializerForCreateRequest("alice_1", "alice@example.com", "correct horse battery")
    session = accounts_signup.sync(client=Client(base_url=address), body=body)
    return AuthenticatedClient(base_url=address, token=session.token), session.user.id


def post(client, path):
    """
    Return the ids of three tweets, newest first; the oldest of them has a photo.
    """
    with_photo = tweets_create.sync(
        client=client, body=TweetSerializerForCreateMultipartRequest(content="Look at this", files=[photo(path)])
    )
    check(len(with_photo.photo_urls) == 1, f"a photo is not shown: {with_photo}")
    tweets = [with_photo]
    for number in range(2):
        body = TweetSerializerForCreateRequest(content=f"Text alone, {number}")
        tweets.append(tweets_create.sync(client=client, body=body, idempotency_key=f"journey-{number}"))
    return [tweet.id for tweet in reversed(tweets)]


def read_feed(client):
    """
    Return the ids of the home feed, read two a page.
    """
    first = newsfeeds_list.sync(client=client, limit=2)
    check(first.has_next_page and len(first.results) == 2, f"the first page is not one: {first}")
    cursor = parse_qs(urlsplit(first.next_).query)["cursor"][0]
    second = newsfeeds_list.sync(client=client, limit=2, cursor=cursor)
    check(not second.has_next_page and second.next_ is None, f"the second page is not the last: {second}")
    return [row.tweet.id for row in first.results + second.results]


def like(client, tweet_id):
    likes_create.sync(client=client, body=LikeSerializerForCreateRequest(LikeableKind.TWEET, tweet_id))
    check(tweets_retrieve.sync(id=tweet_id, client=client).has_liked, "the like is not there")


def reach_the_limit(client):
    answer = tweets_create.sync_detailed(client=client, body=TweetSerializerForCreateRequest("One too many"))
    check(isinstance(answer.parsed, Error), f"the limit is no error: {answer}")
    check((answer.status_code, answer.parsed.code) == (429, ErrorCode.THROTTLED), f"another error: {answer}")
    check(int(answer.headers["Retry-After"]) > 0, "nobody says when to come back")


def change_the_avatar(client, user_id, path):
    profile_id = users_retrieve.sync(id=user_id, client=client).profile_id
    body = ProfileSerializerForUpdateMultipartRequest(nickname="Alice", avatar=photo(path))
    profile = profiles_update.sync(id=profile_id, client=client, body=body)
    check(profile.nickname == "Alice" and profile.avatar, f"no avatar: {profile}")
    profile = profiles_update.sync(id=profile_id, client=client, body=ProfileSerializerForUpdateRequest(avatar=None))
    check(profile.nickname == "Alice" and profile.avatar is None, f"the avatar stays: {profile}")


def main(address, path):
    client, user_id = sign_up(address)
    tweet_ids = post(client, path)
    check(read_feed(client) == tweet_ids, "the feed is not what was posted")
    like(client, tweet_ids[0])
    reach_the_limit(client)
    change_the_avatar(client, user_id, path)
    timeline = tweets_list.sync(client=Client(base_url=address), user_id=user_id)
    check([tweet.id for tweet in timeline.results] == tweet_ids, "a stranger sees another timeline")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
