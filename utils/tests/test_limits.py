"""
Rate limits at their edges: what is taken back, exactness under concurrency, networks of proxies, a store that is down.
"""

import time

import pytest
import time_machine
from django.conf import settings
from django.test import RequestFactory, SimpleTestCase

from testing.people import PASSWORD
from testing.stack_caches import caches_between_proxies
from testing.testcases import ApiTestCase, CommittedTestCase
from utils.api.throttling import LocalCounter, address_bucket, client_address, is_from_this_machine
from utils.caching.redis.client import client as redis_client

LIMIT, REMAINING, RESET = "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"
# A second that has just begun, for tests in which time stands still.
ON_THE_SECOND = int(time.time())


class TableTests(SimpleTestCase):
    def test_the_rest_of_the_contracts_table_is_there(self):
        contract = {
            "accounts.login_name": ["10/m"],
            "comments.create": ["3/s"],
            "comments.list": ["10/s"],
            "comments.update": ["3/s"],
            "comments.destroy": ["5/s"],
            "likes.create": ["10/s"],
            "likes.cancel": ["10/s"],
            "notifications.unread_count": ["3/s"],
            "notifications.mark_all_as_read": ["3/s"],
            "notifications.update": ["3/s"],
            "profiles.update": ["3/s"],
            "reports.create": ["3/s"],
            "tweets.destroy": ["3/s"],
        }

        self.assertEqual({name: settings.RATES.get(name) for name in contract}, contract)


class TwoRatesTests(ApiTestCase):
    def setUp(self):
        self.alice = self.person("alice1")

    def post(self):
        return self.alice.post("tweets/", content="Hello everybody")

    def test_who_is_refused_by_the_longer_one_has_not_used_up_the_shorter_one(self):
        self.limit(tweets__create=["3/h", "2/d"])
        statuses = [self.post().status_code for _ in range(5)]

        with self.settings(RATES={**settings.RATES, "tweets.create": ["3/h"]}):
            response = self.post()

        self.assertEqual(statuses, [201, 201, 429, 429, 429])
        self.assertEqual((response.status_code, response[REMAINING]), (201, "0"))

    def test_whoever_refuses_is_the_one_that_is_told(self):
        self.limit(tweets__create=["9/h", "2/d"])

        refused = [self.post() for _ in range(4)][-1]

        self.assertEqual((refused[LIMIT], refused[REMAINING]), ("2", "0"))
        self.assertAlmostEqual(int(refused["Retry-After"]), int(refused[RESET]) - time.time(), delta=3)

    def test_who_is_over_five_a_minute_is_told_to_wait_for_the_minute_and_not_for_a_second(self):
        self.limit(tweets__create=["1/s", "2/d"])
        with time_machine.travel(ON_THE_SECOND, tick=False) as clock:
            responses = []
            for _ in range(3):
                responses += [self.post(), self.post()]
                clock.shift(1)

        self.assertEqual([response.status_code for response in responses], [201, 429, 201, 429, 429, 429])
        self.assertEqual(responses[1]["Retry-After"], "1")
        self.assertGreater(int(responses[4]["Retry-After"]), 60)
        self.assertGreater(int(responses[5]["Retry-After"]), 60)


class WindowsTests(ApiTestCase):
    def reads(self, times):
        return [self.alice.get("tweets/", user_id=self.alice.id) for _ in range(times)]

    def setUp(self):
        self.alice = self.person("alice1")

    def test_after_the_time_one_was_told_one_is_served_again_and_not_before(self):
        for rate in ("2/s", "2/m", "2/h", "2/d"):
            with self.subTest(rate=rate), time_machine.travel(ON_THE_SECOND, tick=False) as clock:
                self.limit(tweets__list=[rate])
                refused = self.reads(3)[-1]
                wait = int(refused["Retry-After"])

                clock.shift(wait - 1)
                early = self.reads(1)[0]
                clock.shift(1)
                late = self.reads(1)[0]

                self.assertEqual((refused.status_code, early.status_code, late.status_code), (429, 429, 200))
                self.assertEqual(int(refused[RESET]), ON_THE_SECOND + wait)

    def test_across_an_edge_at_most_twice_the_rate_passes(self):
        self.limit(tweets__list=["5/s"])
        with time_machine.travel(ON_THE_SECOND + 0.9, tick=False) as clock:
            before = [response.status_code for response in self.reads(6)]
            clock.shift(0.2)
            after = [response.status_code for response in self.reads(6)]

        self.assertEqual(before, [200] * 5 + [429])
        self.assertEqual(after, [200] * 5 + [429])

    def test_the_headers_tell_the_one_with_least_left_and_not_the_smaller_one(self):
        self.limit(tweets__list=["4/d"])
        with time_machine.travel(ON_THE_SECOND, tick=False):
            end_of_the_day = int(self.reads(1)[0][RESET])
        self.limit(tweets__list=["3/h", "4/d"])
        # Each caller's day begins at another time; this one lasts longer than the hour below.
        with time_machine.travel(end_of_the_day + 1, tick=False) as clock:
            self.reads(3)
            clock.shift(3600)
            response = self.reads(1)[0]

        self.assertEqual((response[LIMIT], response[REMAINING]), ("4", "0"))

    def test_a_refused_call_does_not_make_the_wait_longer(self):
        self.limit(tweets__list=["2/m"])
        with time_machine.travel(ON_THE_SECOND, tick=False):
            refused = self.reads(40)[2:]

        self.assertEqual(len({response["Retry-After"] for response in refused}), 1)


class CountingAtOnceTests(CommittedTestCase):
    def test_of_forty_calls_at_one_moment_exactly_as_many_pass_as_may(self):
        alice = self.person("alice1")
        self.limit(tweets__list=["20/d"])

        responses = self.together(*[lambda: alice.get("tweets/", user_id=alice.id)] * 40)

        statuses = sorted(response.status_code for response in responses)
        self.assertEqual(statuses, [200] * 20 + [429] * 20)

    def test_of_two_rates_the_second_lets_exactly_as_many_pass_and_the_first_gets_the_rest_back(self):
        alice = self.person("alice1")
        self.limit(tweets__list=["30/h", "8/d"])

        responses = self.together(*[lambda: alice.get("tweets/", user_id=alice.id)] * 24)

        self.assertEqual(sorted(response.status_code for response in responses), [200] * 8 + [429] * 16)
        with self.settings(RATES={**settings.RATES, "tweets.list": ["30/h"]}):
            self.assertEqual(alice.get("tweets/", user_id=alice.id)[REMAINING], "21")

    def test_twice_the_limit_and_one_more_in_a_second_is_never_all_of_them(self):
        alice = self.person("alice1")
        self.limit(likes__create=["10/s"])

        responses = self.together(*[lambda: alice.post("likes/", content_type="tweet", object_id=1)] * 21)

        self.assertIn(429, [response.status_code for response in responses])


class AddressTests(SimpleTestCase):
    def request(self, remote, forwarded=None):
        headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
        return RequestFactory().get("/", REMOTE_ADDR=remote, **headers)

    def test_networks_of_proxies_are_trusted(self):
        with self.settings(TRUSTED_PROXIES=["10.0.0.0/8", "2001:db8:1::/48"]):
            for remote in ("10.1.2.3", "2001:db8:1::9", "::ffff:10.1.2.3"):
                with self.subTest(remote=remote):
                    request = self.request(remote, "6.6.6.6, 203.0.113.5, 10.255.0.1")

                    self.assertEqual(client_address(request), "203.0.113.5")

    def test_an_address_outside_them_is_not(self):
        with self.settings(TRUSTED_PROXIES=["10.0.0.0/8"]):
            self.assertEqual(client_address(self.request("11.0.0.1", "203.0.113.5")), "11.0.0.1")

    def test_a_port_behind_the_address_is_left_out(self):
        with self.settings(TRUSTED_PROXIES=["127.0.0.1"]):
            for text, address in (
                ("203.0.113.5:4711", "203.0.113.5"),
                ("[2001:db8::1]:4711", "2001:db8::1"),
                ("[2001:db8::1]", "2001:db8::1"),
                ("::ffff:203.0.113.5", "203.0.113.5"),
                ("fe80::1%eth0", "fe80::1"),
            ):
                with self.subTest(text=text):
                    self.assertEqual(client_address(self.request("127.0.0.1", text)), address)

    def test_of_hops_that_are_garbage_the_last_good_one_counts(self):
        with self.settings(TRUSTED_PROXIES=["10.0.0.0/8"]):
            request = self.request("10.0.0.1", "203.0.113.5, unknown, 10.0.0.2")

            self.assertEqual(client_address(request), "10.0.0.2")

    def test_a_server_without_addresses_breaks_nothing(self):
        for remote in ("", "unix:", "\x00", "a" * 5000):
            with self.subTest(remote=remote[:10]), self.settings(TRUSTED_PROXIES=["127.0.0.1"]):
                self.assertEqual(client_address(self.request(remote, "203.0.113.5")), remote)

    def test_one_home_is_one_bucket_in_ipv6_and_each_address_in_ipv4(self):
        def bucket(address):
            return address_bucket(self.request(address))

        self.assertEqual(bucket("2001:db8:1:2::1"), bucket("2001:db8:1:2:ffff::9"))
        self.assertNotEqual(bucket("2001:db8:1:2::1"), bucket("2001:db8:1:3::1"))
        self.assertNotEqual(bucket("203.0.113.1"), bucket("203.0.113.2"))
        self.assertNotEqual(bucket("::ffff:203.0.113.1"), bucket("::ffff:203.0.113.2"))
        self.assertEqual(bucket("::ffff:203.0.113.1"), bucket("203.0.113.1"))

    def test_who_comes_through_a_proxy_is_not_on_this_machine(self):
        for remote, forwarded, trusted, expected in (
            ("127.0.0.1", None, [], True),
            ("127.8.8.8", None, [], True),
            ("::1", None, [], True),
            ("203.0.113.5", None, [], False),
            ("203.0.113.5", "127.0.0.1", [], False),
            ("127.0.0.1", "127.0.0.1", [], False),
            ("127.0.0.1", "203.0.113.5", ["127.0.0.1"], False),
            ("127.0.0.1", "127.0.0.1, 203.0.113.5", ["127.0.0.1"], False),
            ("127.0.0.1", "127.0.0.1", ["127.0.0.1"], True),
            ("", None, [], False),
        ):
            with self.subTest(remote=remote, forwarded=forwarded), self.settings(TRUSTED_PROXIES=trusted):
                self.assertIs(is_from_this_machine(self.request(remote, forwarded)), expected)


class LocalCounterTests(SimpleTestCase):
    def test_it_forgets_what_was_longest_unused_and_never_grows_beyond_its_size(self):
        counter = LocalCounter(size=3)
        for key in ("a", "b", "a", "c", "d"):
            counter.count(key)

        self.assertEqual((counter.count("a"), counter.count("b")), (3, 1))


@pytest.mark.one_server
@pytest.mark.stack
class CounterStoreDownTests(ApiTestCase):
    def test_ordinary_requests_pass_uncounted(self):
        alice = self.person("alice1")
        self.limit(tweets__list=["2/d"], newsfeeds__list=["2/d"])

        with caches_between_proxies() as (redis, _):
            redis.refuse()
            responses = [alice.get("tweets/", user_id=alice.id) for _ in range(6)]
            feeds = [alice.get("newsfeeds/") for _ in range(6)]

        self.assertEqual({response.status_code for response in responses + feeds}, {200})
        self.assertNotIn(LIMIT, responses[-1])

    def test_the_login_guard_holds(self):
        self.browser().signs_up("alice1")
        self.limit(accounts__login=["1000/s"], accounts__login_name=["4/d"])

        with caches_between_proxies() as (redis, _):
            redis.refuse()
            responses = [
                self.nobody().post("accounts/login/", username="alice1", password="wrong battery") for _ in range(6)
            ]
            right = self.nobody().post("accounts/login/", username="Alice1", password=PASSWORD)

        self.assertEqual([response.status_code for response in responses], [400] * 4 + [429] * 2)
        self.assertEqual(right.status_code, 429)

    def test_and_so_does_the_one_of_those_who_are_inside(self):
        alice = self.person("alice1")
        self.limit(accounts__password=["4/d"])

        with caches_between_proxies() as (redis, _):
            redis.refuse()
            responses = [alice.delete("accounts/me/", password="wrong battery") for _ in range(6)]

        self.assertEqual([response.status_code for response in responses], [400] * 4 + [429] * 2)

    def test_a_counter_of_a_window_that_has_ended_is_not_brought_back(self):
        alice = self.person("alice1")
        self.limit(tweets__list=["9/s", "1/d"])
        alice.get("tweets/", user_id=alice.id)
        alice.get("tweets/", user_id=alice.id)

        time_to_live = self.rate_times_to_live()

        self.assertTrue(all(milliseconds > 0 for milliseconds in time_to_live), time_to_live)

    def rate_times_to_live(self):
        keys = redis_client.call("KEYS", f"{settings.RATELIMIT_CACHE_PREFIX}*")
        return [redis_client.call("PTTL", key) for key in keys]
