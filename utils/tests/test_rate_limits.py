"""
Rate limits: who shares a bucket with whom, what a client is told, and whose address counts.

The windows of these tests are hours and days, so that none of them ends in the middle of a test.
"""

import time

from django.conf import settings
from django.test import SimpleTestCase

from testing.people import PASSWORD
from testing.testcases import ApiTestCase

CONTRACT = {
    "accounts.signup": ["3/s"],
    "accounts.login": ["3/s"],
    "accounts.logout": ["3/s"],
    "accounts.login_status": ["3/s"],
    "tweets.create": ["1/s", "5/m"],
    "tweets.list": ["5/s"],
    "tweets.retrieve": ["5/s"],
    "friendships.follow": ["10/s"],
    "friendships.unfollow": ["10/s"],
    "friendships.followers": ["3/s"],
    "friendships.followings": ["3/s"],
    "newsfeeds.list": ["5/s"],
}
LIMIT, REMAINING, RESET = "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"


class LimitedTestCase(ApiTestCase):
    def setUp(self):
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")

    def statuses(self, requests):
        return [response.status_code for response in requests]

    def reads(self, person, times, **headers):
        return [person.client.get(f"/api/tweets/?user_id={self.bob.id}", **headers) for _ in range(times)]


class RatesTests(SimpleTestCase):
    def test_the_table_is_the_contracts(self):
        self.assertEqual({name: settings.RATES.get(name) for name in CONTRACT}, CONTRACT)

    def test_doors_count_the_address_and_everything_else_the_user(self):
        endpoints = {name for name in settings.RATES_BY_ADDRESS if name.startswith("accounts.")}

        self.assertEqual(endpoints, {f"accounts.{name}" for name in ("signup", "login", "logout", "login_status")})


class TellingTheCallerTests(LimitedTestCase):
    def test_the_fourth_of_three_is_429_and_says_when_to_come_back(self):
        self.limit(tweets__list=["3/h"])

        responses = self.reads(self.alice, 4)

        self.assertEqual(self.statuses(responses), [200, 200, 200, 429])
        body = self.assert_refused(responses[-1], 429)
        self.assertEqual(body["detail"], "Too many requests, try again later.")
        self.assertEqual((body["code"], body["errors"]), ("throttled", {}))
        self.assertTrue(1 <= int(responses[-1]["Retry-After"]) <= 3600)

    def test_logging_out_on_a_page_and_by_the_api_are_counted_together(self):
        self.limit(accounts__logout=["2/h"])
        browser = self.browser()
        browser.signs_up("carol1")

        responses = [
            browser.post("accounts/logout/"),
            browser.client.post("/api-auth/logout/", **browser.csrf_header()),
            browser.client.post("/api-auth/logout/", **browser.csrf_header()),
        ]

        self.assert_refused(responses[-1], 429)
        self.assertNotIn(429, self.statuses(responses[:-1]))

    def test_headers_count_down_and_name_the_end_of_the_window(self):
        self.limit(tweets__list=["3/h"])

        responses = self.reads(self.alice, 4)

        self.assertEqual([response[LIMIT] for response in responses], ["3"] * 4)
        self.assertEqual([response[REMAINING] for response in responses], ["2", "1", "0", "0"])
        for response in responses:
            self.assertTrue(time.time() <= int(response[RESET]) <= time.time() + 3601)

    def test_errors_carry_them_too(self):
        self.limit(tweets__retrieve=["9/h"], friendships__follow=["9/h"])

        responses = [self.alice.get("tweets/1/"), self.alice.post(f"friendships/{self.alice.id}/follow/")]

        self.assertEqual(self.statuses(responses), [404, 400])
        self.assertEqual([response[REMAINING] for response in responses], ["8", "8"])

    def test_an_answer_that_has_not_changed_carries_them_too(self):
        self.limit(tweets__retrieve=["9/h"])
        tweet_id = self.bob.tweets()
        etag = self.alice.get(f"tweets/{tweet_id}/")["ETag"]

        response = self.alice.client.get(f"/api/tweets/{tweet_id}/", HTTP_IF_NONE_MATCH=etag)

        self.assertEqual((response.status_code, response.get(REMAINING)), (304, "7"))

    def test_routes_without_a_limit_have_none(self):
        self.limit()

        response = self.nobody().get(f"users/{self.alice.id}/")

        self.assertFalse({LIMIT, REMAINING, RESET} & set(response.headers))

    def test_switched_off_nothing_is_counted_or_told(self):
        responses = [self.alice.get("accounts/login_status/") for _ in range(12)]

        self.assertEqual(set(self.statuses(responses)), {200})
        self.assertNotIn(LIMIT, responses[-1])


class SharingABucketTests(LimitedTestCase):
    def test_one_user_does_not_use_up_anothers(self):
        self.limit(tweets__list=["2/h"])

        self.assertEqual(self.statuses(self.reads(self.alice, 3)), [200, 200, 429])
        self.assertEqual(self.statuses(self.reads(self.bob, 3)), [200, 200, 429])

    def test_one_users_phone_and_browser_share_theirs(self):
        carol = self.browser()
        token = carol.signs_up("carol1")
        self.limit(tweets__list=["2/h"])

        responses = self.reads(carol, 1) + self.reads(self.phone(token), 2)

        self.assertEqual(self.statuses(responses), [200, 200, 429])

    def test_anonymous_callers_do_not_share_one(self):
        self.limit(tweets__list=["2/h"])

        for address in ("203.0.113.1", "203.0.113.2", "2001:db8::1"):
            with self.subTest(address=address):
                responses = self.reads(self.nobody(), 3, REMOTE_ADDR=address)

                self.assertEqual(self.statuses(responses), [200, 200, 429])

    def test_users_behind_one_address_do_not_share_it_with_the_anonymous(self):
        self.limit(tweets__list=["2/h"])
        self.reads(self.nobody(), 3)

        self.assertEqual(self.statuses(self.reads(self.alice, 2)), [200, 200])

    def test_routes_do_not_share_one(self):
        self.limit(tweets__list=["1/h"], newsfeeds__list=["1/h"])
        self.reads(self.alice, 2)

        self.assertEqual(self.alice.get("newsfeeds/").status_code, 200)

    def test_logging_in_counts_the_address_whoever_is_meant(self):
        self.limit(accounts__login=["3/h"])

        responses = [
            self.nobody().post("accounts/login/", username=name, password=PASSWORD)
            for name in ("nobody1", "nobody2", "nobody3", "nobody4")
        ]

        self.assertEqual(self.statuses(responses), [400, 400, 400, 429])

    def test_the_status_of_two_users_at_one_address_is_one_bucket(self):
        self.limit(accounts__login_status=["2/h"])

        responses = [person.get("accounts/login_status/") for person in (self.alice, self.bob, self.alice)]

        self.assertEqual(self.statuses(responses), [200, 200, 429])


class TwoRatesTests(LimitedTestCase):
    def posts(self, times):
        return [self.alice.post("tweets/", content=f"Tweet number {number}") for number in range(times)]

    def test_a_refused_call_counts_only_against_the_rate_that_refused(self):
        for rates, other in ((["2/h", "50/d"], "50/d"), (["40/h", "2/d"], "40/h")):
            with self.subTest(rates=rates):
                self.limit(tweets__create=rates)
                self.assertEqual(self.statuses(self.posts(8)).count(429), 6)

                with self.settings(RATES={**settings.RATES, "tweets.create": [other]}):
                    response = self.posts(1)[0]

                used = int(response[LIMIT]) - int(response[REMAINING])
                self.assertEqual((response.status_code, used), (201, 3))

    def test_the_headers_tell_the_one_with_least_left(self):
        self.limit(tweets__create=["4/h", "2/d"])

        responses = self.posts(3)

        self.assertEqual(self.statuses(responses), [201, 201, 429])
        self.assertEqual(
            [(response[LIMIT], response[REMAINING]) for response in responses], [("2", "1"), ("2", "0"), ("2", "0")]
        )

    def test_the_second_rate_refuses_as_well_as_the_first(self):
        self.limit(tweets__create=["9/h", "3/d"])

        self.assertEqual(self.statuses(self.posts(5)), [201, 201, 201, 429, 429])


class AddressTests(LimitedTestCase):
    def ip(self, forwarded=None, remote="127.0.0.1"):
        headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
        return self.nobody().client.get("/api/accounts/login_status/", REMOTE_ADDR=remote, **headers).json()["ip"]

    def test_a_header_that_anybody_can_write_changes_no_address(self):
        self.assertEqual(self.ip("203.0.113.5", remote="198.51.100.1"), "198.51.100.1")

    def test_a_new_forged_address_each_time_does_not_help(self):
        self.limit(tweets__list=["2/h"])

        forged = [self.reads(self.nobody(), 1, HTTP_X_FORWARDED_FOR=f"203.0.113.{n}")[0] for n in range(4)]

        self.assertEqual(self.statuses(forged), [200, 200, 429, 429])

    def test_a_trusted_proxy_is_believed_about_the_caller_next_to_it(self):
        with self.settings(TRUSTED_PROXIES=["127.0.0.1", "10.0.0.1"]):
            self.assertEqual(self.ip("203.0.113.5"), "203.0.113.5")
            self.assertEqual(self.ip("6.6.6.6, 203.0.113.5"), "203.0.113.5")
            self.assertEqual(self.ip("6.6.6.6, 203.0.113.5, 10.0.0.1"), "203.0.113.5")
            self.assertEqual(self.ip(" 2001:DB8::1 "), "2001:db8::1")
            self.assertEqual(self.ip("203.0.113.5", remote="198.51.100.1"), "198.51.100.1")

    def test_callers_behind_a_proxy_have_buckets_of_their_own(self):
        self.limit(tweets__list=["2/h"])

        with self.settings(TRUSTED_PROXIES=["127.0.0.1"]):
            for address in ("203.0.113.1", "203.0.113.2"):
                responses = self.reads(self.nobody(), 3, HTTP_X_FORWARDED_FOR=f"6.6.6.6, {address}")

                self.assertEqual(self.statuses(responses), [200, 200, 429])

    def test_garbage_from_a_trusted_proxy_is_the_proxys_own_address_and_no_crash(self):
        with self.settings(TRUSTED_PROXIES=["127.0.0.1"]):
            for garbage in ("", " ", ",", "unknown", "999.1.1.1", "fe80::zz", "a" * 9000, "\x00", "é"):
                with self.subTest(garbage=garbage[:12]):
                    self.assertEqual(self.ip(garbage), "127.0.0.1")
