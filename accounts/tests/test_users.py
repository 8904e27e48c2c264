"""
People: the list for staff, details for everyone, and what is never shown or taken from anybody.
"""

from accounts.models import User
from testing.people import PASSWORD
from testing.stack_hbase import FRIENDSHIPS_LOOK
from testing.testcases import ApiTestCase

USER = {"id", "username", "nickname", "avatar_url"}
USER_DETAIL = USER | {"profile_id", "followers_count", "followings_count", "tweets_count", "has_followed"}
PRIVATE = {
    "email",
    "password",
    "is_staff",
    "is_superuser",
    "is_active",
    "last_login",
    "date_joined",
    "groups",
    "user_permissions",
    "suspended_at",
    "deleted_at",
    "suspended",
    "deleted",
    "auth_hash",
    "key_hash",
}


class ListingPeopleTests(ApiTestCase):
    def setUp(self):
        self.staff, self.alice = self.person("staff1", is_staff=True), self.person("alice1")

    def names(self, **params):
        return [user["username"] for user in self.staff.get("users/", **params).json()["results"]]

    def test_the_list_is_for_staff(self):
        self.assert_refused(self.nobody().get("users/"), 403)
        self.assert_refused(self.alice.get("users/"), 403)
        self.assertEqual(self.staff.get("users/").status_code, 200)

    def test_staff_gets_ten_a_page(self):
        self.crowd(21, following=self.alice)

        first = self.staff.get("users/").json()
        last = self.staff.get("users/", page=3).json()

        self.assertEqual(set(first), {"count", "next", "previous", "results"})
        self.assertEqual((first["count"], len(first["results"]), len(last["results"])), (23, 10, 3))
        self.assertEqual((first["previous"], last["next"]), (None, None))
        self.assertIn("page=2", first["next"])
        for user in first["results"]:
            self.assertEqual(set(user), USER)

    def test_a_page_that_is_not_there_is_404(self):
        for page in ("0", "2", "-1", "abc", "9" * 5000, "1.5"):
            with self.subTest(page=page[:10]):
                body = self.assert_refused(self.staff.get("users/", page=page), 404)

                self.assertEqual(body["detail"], "Invalid page.")

    def test_staff_finds_people_by_how_their_name_begins_in_any_case(self):
        for term in ("ali", "ALICE1", " Alice1 "):
            with self.subTest(term=term):
                self.assertEqual(self.names(search=term), ["alice1"])
        self.assertEqual(self.names(search="lice1"), [])
        self.assertEqual(self.names(search="%"), [])
        self.assertEqual(self.names(search="alice_"), [])
        self.assertEqual(self.names(search=""), ["staff1", "alice1"])

    def test_a_strange_search_finds_nobody_and_breaks_nothing(self):
        for term in ("\x00", "😀", "' OR 1=1 --", "\\", "x" * 5000):
            with self.subTest(term=term[:12]):
                self.assertEqual(self.names(search=term), [])

    def test_the_number_of_queries_is_the_same_for_one_and_for_many(self):
        counts = []
        for more in (0, 19, 80):
            if more:
                self.crowd(more, following=self.person(f"star{more}_"))
            self.staff.get("users/")
            counts.append(self.count_queries(self.staff.get, "users/"))

        # The third is about who asks: staff is believed from the database alone.
        self.assertEqual(counts, [3, 3, 3])


class SeeingSomebodyTests(ApiTestCase):
    def setUp(self):
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")

    def test_details_are_for_everyone(self):
        self.bob.follows(self.alice)
        self.alice.tweets()

        detail = self.nobody().get(f"users/{self.alice.id}/").json()

        self.assertEqual(set(detail), USER_DETAIL)
        self.assertEqual((detail["id"], detail["username"]), (self.alice.id, "alice1"))
        self.assertEqual((detail["nickname"], detail["avatar_url"]), (None, None))
        self.assertEqual(
            (detail["followers_count"], detail["followings_count"], detail["tweets_count"]), (1, 0, 1), detail
        )

    def test_has_followed_is_about_the_caller(self):
        self.bob.follows(self.alice)

        seen = [viewer.get(f"users/{self.alice.id}/").json()["has_followed"] for viewer in (self.bob, self.alice)]

        self.assertEqual(seen, [True, False])
        self.assertIs(self.nobody().get(f"users/{self.alice.id}/").json()["has_followed"], False)

    def test_somebody_is_found_by_name_in_any_case(self):
        detail = self.nobody().get(f"users/{self.alice.id}/").json()

        for name in ("alice1", "ALICE1", "aLiCe1"):
            with self.subTest(name=name):
                self.assertEqual(self.nobody().get(f"users/by/{name}/").json(), detail)

    def test_a_name_that_only_looks_like_hers_finds_nobody(self):
        for name in (
            "alice1 ",
            " alice1",
            "ａlice1",
            "álice1",
            "ali\u200bce1",
            "alice1%00",
            "alice1%0A",
            "%25",
            "alic_1",
        ):
            with self.subTest(name=name):
                self.assert_refused(self.nobody().client.get(f"/api/users/by/{name}/"), 404)

    def test_an_unknown_person_is_404(self):
        self.assert_refused(self.nobody().get(f"users/{self.alice.id + 1000}/"), 404)
        self.assert_refused(self.nobody().get("users/by/nobody1/"), 404)

    def test_nobody_writes_people_through_these_addresses(self):
        for method in ("post", "put", "patch", "delete"):
            with self.subTest(method=method):
                response = getattr(self.alice.client, method)(f"/api/users/{self.alice.id}/", {"username": "x"})

                self.assert_refused(response, 405)

    def test_a_detail_takes_three_queries_cold_and_one_warm(self):
        # He is known then, and so is where friendships are read.
        self.bob.get(f"users/{self.bob.id}/")
        self.caches_are_lost()
        self.bob.get("accounts/login_status/")

        anonymous = self.count_queries(self.nobody().get, f"users/{self.alice.id}/")
        cold = self.count_queries(self.bob.get, f"users/{self.alice.id}/")
        warm = self.count_queries(self.bob.get, f"users/{self.alice.id}/")

        self.assertEqual((anonymous, cold, warm), (1, 1 + FRIENDSHIPS_LOOK, 1))


def collect_keys(value):
    """
    Return every key that occurs anywhere in a JSON value.
    """
    if isinstance(value, dict):
        return set(value) | {key for inner in value.values() for key in collect_keys(inner)}
    if isinstance(value, list):
        return {key for inner in value for key in collect_keys(inner)}
    return set()


class PrivacyTests(ApiTestCase):
    def test_no_answer_ever_holds_a_mail_a_password_or_a_role(self):
        alice, bob, staff = self.browser(), self.person("bobby1"), self.person("staff1", is_staff=True)
        responses = [alice.post("accounts/signup/", username="alice1", email="secret@mail.example", password=PASSWORD)]
        alice_id = responses[0].json()["user"]["id"]
        phone = self.phone(responses[0].json()["token"])
        tweet_id = phone.tweets("Nothing private in here")
        responses.append(phone.post(f"friendships/{bob.id}/follow/"))
        responses.append(bob.post(f"friendships/{alice_id}/follow/"))
        responses.append(alice.post("accounts/login/", username="alice1", password=PASSWORD))
        self.tasks_run()

        for viewer in (self.nobody(), bob, phone, staff):
            for path in (
                "",
                "accounts/",
                "accounts/login_status/",
                "users/",
                f"users/{alice_id}/",
                "users/by/alice1/",
                f"friendships/{alice_id}/followers/",
                f"friendships/{alice_id}/followings/",
                f"friendships/{bob.id}/followers/?page=1",
                f"tweets/?user_id={alice_id}",
                f"tweets/{tweet_id}/",
                "newsfeeds/",
            ):
                responses.append(viewer.client.get(f"/api/{path}"))

        for response in responses:
            with self.subTest(path=response.request["PATH_INFO"], status=response.status_code):
                self.assertNotIn("secret@mail.example", response.content.decode())
                self.assertNotIn(PASSWORD, response.content.decode())
                if response.request["PATH_INFO"] != "/api/accounts/":
                    self.assertFalse(collect_keys(response.json()) & PRIVATE)

    def test_fields_that_nobody_asked_for_change_nothing(self):
        alice, bob, carol = self.person("alice1"), self.person("bobby1"), self.person("carol1")
        junk = {
            "id": 7,
            "user": bob.id,
            "user_id": bob.id,
            "from_user": bob.id,
            "from_user_id": bob.id,
            "to_user_id": bob.id,
            "created_at": "2020-01-01T00:00:01Z",
            "is_staff": True,
            "is_superuser": True,
            "likes_count": 9,
            "tweets_count": 9,
            "deleted_at": "2020-01-01T00:00:01Z",
        }

        follow = alice.post(f"friendships/{carol.id}/follow/", **junk)
        tweet = alice.post("tweets/", content="Mine and nobody else's", **junk)

        self.assertEqual((follow.status_code, tweet.status_code), (201, 201))
        self.assertEqual(follow.json()["user"]["id"], carol.id)
        self.assertGreater(follow.json()["created_at"], "2021")
        self.assertEqual((tweet.json()["user"]["id"], tweet.json()["likes_count"]), (alice.id, 0))
        self.assertGreater(tweet.json()["created_at"], "2021")
        self.assertEqual(bob.get(f"users/{bob.id}/").json()["tweets_count"], 0)
        self.assertFalse(User.objects.filter(is_staff=True).exists())
