"""
Strangers do not lock an owner out: who has logged in before, by device or by address, is counted apart.
"""

import pytest
from django.conf import settings
from django.test import Client

from accounts.constants import DEVICE_COOKIE
from accounts.models import User
from accounts.services import AccountService
from testing.people import PASSWORD
from testing.stack_caches import caches_between_proxies
from testing.testcases import ApiTestCase
from utils.tests.test_login_guard import ADMIN, API, PAGES

WRONG = "wrong battery"
HOME, ELSEWHERE = "203.0.113.7", "198.51.100.9"


class DevicesTestCase(ApiTestCase):
    def setUp(self):
        self.chief = User.objects.create_superuser("chief1", "chief1@example.com", PASSWORD)
        rates = {**settings.RATES, "accounts.login": ["1000/d"], "accounts.login_name": ["4/d"]}
        self.enterContext(self.settings(RATELIMIT_ENABLE=True, RATES=rates))
        self.device = Client(REMOTE_ADDR=HOME)

    def log_in(self, client, path=API, password=PASSWORD, name="chief1", **extra):
        """
        Return whether the login succeeded, None where it was not even tried.
        """
        response = client.post(path, {"username": name, "password": password}, **extra)
        if response.status_code == 429:
            return None
        return response.status_code == (200 if path == API else 302)

    def strangers_guess(self, name="chief1"):
        """
        Let strangers use up the count of a name.
        """
        for number in range(5):
            last = self.log_in(Client(REMOTE_ADDR=f"192.0.2.{number}"), password=WRONG, name=name)
        self.assertIsNone(last)


class KnownDeviceTests(DevicesTestCase):
    def test_each_endpoint_stays_open_to_a_device_that_logged_in_by_any_of_them(self):
        for first in (API, PAGES, ADMIN):
            with self.subTest(first=first):
                self.caches_are_lost()
                device = Client(REMOTE_ADDR=HOME)
                self.assertTrue(self.log_in(device, first))
                self.caches_are_lost()
                self.strangers_guess()

                opened = [self.log_in(device, endpoint, REMOTE_ADDR=ELSEWHERE) for endpoint in (API, PAGES, ADMIN)]

                self.assertEqual(opened, [True] * 3)
                self.assertIsNone(self.log_in(Client(REMOTE_ADDR="198.51.100.10")))

    def test_so_it_does_after_logging_out(self):
        self.log_in(self.device)
        self.device.post("/api/accounts/logout/")
        self.strangers_guess()

        self.assertTrue(self.log_in(self.device, REMOTE_ADDR=ELSEWHERE))

    def test_who_signed_up_is_known_too(self):
        account = {"username": "alice1", "email": "alice1@example.com", "password": PASSWORD}
        self.device.post("/api/accounts/signup/", account)
        self.strangers_guess("alice1")

        self.assertTrue(self.log_in(self.device, name="alice1", REMOTE_ADDR=ELSEWHERE))

    def test_the_cookie_is_kept_from_scripts_and_names_nobody(self):
        self.log_in(self.device)

        cookie = self.device.cookies[DEVICE_COOKIE]

        self.assertEqual((cookie["httponly"], cookie["samesite"]), (True, "Lax"))
        self.assertGreater(cookie["max-age"], 86_400 * 365)
        self.assertNotIn("chief1", cookie.value)

    def test_a_device_guesses_no_faster_than_a_stranger(self):
        self.log_in(self.device)

        guesses = [self.log_in(self.device, password=WRONG) for _ in range(6)]

        self.assertEqual(guesses, [False] * 4 + [None] * 2)
        self.assertIsNone(self.log_in(self.device))

    def test_what_a_device_guesses_locks_nobody_else_out(self):
        self.log_in(self.device)
        for _ in range(6):
            self.log_in(self.device, password=WRONG)

        self.assertTrue(self.log_in(Client(REMOTE_ADDR=ELSEWHERE)))

    def test_it_is_a_stranger_to_everybody_else(self):
        User.objects.create_user("alice1", "alice1@example.com", PASSWORD)
        self.log_in(self.device, name="alice1")
        self.strangers_guess()

        self.assertIsNone(self.log_in(self.device))

    def test_one_device_is_known_for_several_people(self):
        names = [f"person{number}" for number in range(5)]
        for name in names:
            User.objects.create_user(name, f"{name}@example.com", PASSWORD)
            self.log_in(self.device, name=name)
        for name in names:
            self.strangers_guess(name)

        self.assertEqual([self.log_in(self.device, name=name, REMOTE_ADDR=ELSEWHERE) for name in names], [True] * 5)


class KnownAddressTests(DevicesTestCase):
    def test_who_keeps_no_cookies_is_known_by_the_address(self):
        self.log_in(self.device)
        self.strangers_guess()

        self.assertTrue(self.log_in(Client(REMOTE_ADDR=HOME)))
        self.assertIsNone(self.log_in(Client(REMOTE_ADDR=ELSEWHERE)))

    def test_of_an_ipv6_address_its_network_is_known(self):
        self.log_in(Client(REMOTE_ADDR="2001:db8:1:2::3"))
        self.strangers_guess()

        self.assertTrue(self.log_in(Client(REMOTE_ADDR="2001:db8:1:2::4")))
        self.assertIsNone(self.log_in(Client(REMOTE_ADDR="2001:db8:1:3::3")))

    def test_a_failed_login_makes_no_address_known(self):
        self.log_in(Client(REMOTE_ADDR=ELSEWHERE), password=WRONG)
        self.strangers_guess()

        self.assertIsNone(self.log_in(Client(REMOTE_ADDR=ELSEWHERE)))


class ForgedDeviceTests(DevicesTestCase):
    def test_a_cookie_that_is_not_ours_is_a_stranger(self):
        self.log_in(self.device)
        genuine = self.device.cookies[DEVICE_COOKIE].value
        self.strangers_guess()
        for value in ("", "x", genuine[:-1], f"{genuine}x", genuine.swapcase(), "a:b:c", "ü", "x" * 4000):
            with self.subTest(value=value[:20]):
                thief = Client(REMOTE_ADDR=ELSEWHERE)
                thief.cookies[DEVICE_COOKIE] = value

                self.assertIsNone(self.log_in(thief))

    def test_a_stolen_one_has_the_devices_count_and_no_other(self):
        self.log_in(self.device)
        thief = Client(REMOTE_ADDR=ELSEWHERE)
        thief.cookies[DEVICE_COOKIE] = self.device.cookies[DEVICE_COOKIE].value

        guesses = [self.log_in(thief, password=WRONG) for _ in range(6)]

        self.assertEqual(guesses, [False] * 4 + [None] * 2)

    def test_devices_from_before_a_new_password_or_a_suspension_are_strangers(self):
        alice = self.browser()
        for end in (self.change_password, self.suspend_briefly):
            with self.subTest(end=end.__name__):
                alice.signs_up(f"a_{end.__name__}")
                other = Client(REMOTE_ADDR=HOME)
                self.log_in(other, name=alice.name)
                new = end(alice)
                self.strangers_guess(alice.name)

                self.assertIsNone(self.log_in(other, name=alice.name, password=new))

    def change_password(self, alice):
        new = "another horse battery"
        changed = alice.post("accounts/password/", old_password=PASSWORD, new_password=new)
        self.assertEqual(changed.status_code, 200, changed.json())
        return new

    def suspend_briefly(self, alice):
        AccountService.suspend(user=alice.user)
        AccountService.restore(user=alice.user)
        return PASSWORD

    def test_the_device_that_changed_it_stays_known(self):
        alice = self.browser()
        alice.signs_up("alice1")
        new = self.change_password(alice)
        self.caches_are_lost()
        self.strangers_guess("alice1")

        self.assertTrue(alice.logs_in("alice1", new))


@pytest.mark.one_server
@pytest.mark.stack
class CounterStoreDownTests(DevicesTestCase):
    def test_strangers_and_devices_are_counted_apart_by_each_process_for_itself(self):
        self.log_in(self.device)

        with caches_between_proxies() as (redis, _):
            redis.refuse()
            self.strangers_guess()
            opened = self.log_in(self.device)
            guesses = [self.log_in(self.device, password=WRONG) for _ in range(5)]

        self.assertTrue(opened)
        self.assertEqual(guesses, [False] * 3 + [None] * 2)
