"""
Features that are switched on by degrees.
"""

from datetime import timedelta
from unittest import mock

from django.contrib.auth.models import AnonymousUser
from django.core.cache import caches
from django.test import RequestFactory, TestCase, override_settings
from django.urls import path
from django.utils import timezone
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from gatekeeper.api.permissions import requires_feature
from gatekeeper.cache import begin_request, end_request
from gatekeeper.models import Feature
from gatekeeper.services import GatekeeperService
from testing.caches import empty_caches
from testing.testcases import ApiTestCase

SUBJECTS = range(1, 2001)


class SecretView(APIView):
    permission_classes = [requires_feature("secret_garden")]

    def get(self, request):
        return Response({"roses": True})


class CuriousView(APIView):
    permission_classes = [requires_feature("secret_garden")]

    def get(self, request):
        responses = {
            name: GatekeeperService.is_on(name=name, subject=1) for name in ("secret_garden", "pinned_greeting")
        }
        if "new" in request.query_params:
            with TestCase.captureOnCommitCallbacks(execute=True):
                GatekeeperService.define(name="pinned_greeting", percentage=100)
        return Response({**responses, "afterwards": GatekeeperService.is_on(name="pinned_greeting", subject=1)})


urlpatterns = [path("garden/", SecretView.as_view()), path("curious/", CuriousView.as_view())]


class FeatureTestCase(ApiTestCase):
    def feature(self, name="pinned_greeting", **fields):
        with self.captureOnCommitCallbacks(execute=True):
            return GatekeeperService.define(name=name, **fields)

    def has_it(self, name="pinned_greeting"):
        return {subject for subject in SUBJECTS if GatekeeperService.is_on(name=name, subject=subject)}


class DegreesTests(FeatureTestCase):
    def test_nobody_has_it_at_none_and_everybody_at_a_hundred_per_cent(self):
        self.feature(percentage=0)
        self.assertEqual(self.has_it(), set())

        self.feature(percentage=100)

        self.assertEqual(self.has_it(), set(SUBJECTS))

    def test_about_a_tenth_has_it_at_ten_per_cent_and_they_keep_it_as_it_grows(self):
        self.feature(percentage=10)
        tenth = self.has_it()
        self.feature(percentage=30)

        self.assertTrue(120 < len(tenth) < 280, len(tenth))
        self.assertLess(tenth, self.has_it())

    def test_another_feature_has_other_guinea_pigs(self):
        self.feature(percentage=10)
        self.feature("other_thing", percentage=10)

        self.assertNotEqual(self.has_it(), self.has_it("other_thing"))

    def test_a_feature_that_nobody_has_defined_is_off(self):
        self.assertIs(GatekeeperService.is_on(name="unheard_of", subject=1), False)

    def test_somebody_named_has_it_and_somebody_denied_never(self):
        self.feature(percentage=0, allowed=[7, 8], denied=[8])
        self.assertEqual(self.has_it(), {7})

        self.feature(percentage=100, allowed=[], denied=[8])

        self.assertEqual(self.has_it(), set(SUBJECTS) - {8})

    def test_it_is_off_before_it_starts_and_once_it_has_ended(self):
        hour = timedelta(hours=1)
        for starts_at, ends_at, is_on in (
            (timezone.now() + hour, None, False),
            (timezone.now() - hour, None, True),
            (None, timezone.now() + hour, True),
            (None, timezone.now() - hour, False),
        ):
            self.feature(percentage=100, starts_at=starts_at, ends_at=ends_at)
            self.assertIs(GatekeeperService.is_on(name="pinned_greeting", subject=1), is_on)


class AskingTests(FeatureTestCase):
    def test_alice_is_told_what_is_on_for_her(self):
        alice = self.person("alice1")
        self.feature(percentage=0, allowed=[alice.id])
        self.feature("other_thing", percentage=0)

        response = alice.get("features/")

        self.assertEqual(response.json(), {"other_thing": False, "pinned_greeting": True})

    def test_nobody_in_particular_keeps_what_they_had_by_a_cookie(self):
        self.feature(percentage=50)
        responses = []
        for _ in range(30):
            visitor = APIClient()
            first = visitor.get("/api/features/").json()
            responses.append(first["pinned_greeting"])
            self.assertEqual([visitor.get("/api/features/").json() for _ in range(3)], [first] * 3)

        self.assertEqual(set(responses), {True, False})

    def test_a_cookie_that_is_none_of_ours_is_replaced(self):
        visitor = APIClient()
        visitor.cookies["visitor"] = "<script>"

        visitor.get("/api/features/")

        self.assertRegex(visitor.cookies["visitor"].value, r"^[0-9a-f]{32}$")

    def test_the_cookie_lasts_a_year_and_no_script_reads_it(self):
        visitor = APIClient()
        visitor.get("/api/features/")
        cookie = visitor.cookies["visitor"]

        self.assertEqual((cookie["max-age"], cookie["httponly"], cookie["samesite"]), (365 * 86_400, True, "Lax"))
        self.assertFalse(cookie["secure"])

    @override_settings(SECURE=True)
    def test_in_production_it_travels_encrypted_only(self):
        visitor = APIClient()
        visitor.get("/api/features/", secure=True)

        self.assertTrue(visitor.cookies["visitor"]["secure"])

    def test_a_visitor_who_logs_in_has_what_her_account_has(self):
        alice = self.browser()
        alice.get("features/")
        alice.signs_up("alice1")
        self.feature(percentage=0, allowed=[alice.id])

        self.assertEqual(alice.get("features/").json(), {"pinned_greeting": True})

    def test_all_features_cost_one_query_cold_and_none_warm(self):
        for number in range(5):
            self.feature(f"feature_{number}", percentage=50)
        empty_caches()

        cold = self.count_queries(GatekeeperService.load_all, subject=1)
        warm = self.count_queries(GatekeeperService.load_all, subject=1)

        self.assertEqual((cold, warm), (1, 0))

    def test_only_reading_is_possible(self):
        alice = self.person("alice1")

        self.assertEqual(alice.post("features/", name="mine").status_code, 405)


class ViewsForSomeTests(FeatureTestCase):
    def test_for_others_the_view_is_not_there(self):
        alice, bob = self.person("alice1"), self.person("bobby1")
        self.feature("secret_garden", percentage=0, allowed=[alice.id])

        with self.settings(ROOT_URLCONF="gatekeeper.tests.test_features"):
            responses = [person.client.get("/garden/").status_code for person in (alice, bob)]

        self.assertEqual(responses, [200, 404])

    def test_the_anonymous_are_let_in_with_everybody(self):
        self.feature("secret_garden", percentage=100)
        request = RequestFactory().get("/garden/")
        request.user = AnonymousUser()

        self.assertEqual(SecretView.as_view()(request).status_code, 200)

    @override_settings(ROOT_URLCONF="gatekeeper.tests.test_features")
    def test_the_anonymous_stay_where_they_were_let_in(self):
        self.feature("secret_garden", percentage=50)
        firsts = []
        for _ in range(30):
            visitor = APIClient()
            firsts.append(visitor.get("/garden/").status_code)
            self.assertEqual([visitor.get("/garden/").status_code for _ in range(3)], [firsts[-1]] * 3)

        self.assertEqual(set(firsts), {200, 404})

    def test_nobody_gets_a_cookie_where_no_feature_is_asked_for(self):
        alice = self.person("alice1")
        alice.get("features/")
        visitor = APIClient()
        visitor.get(f"/api/users/{alice.id}/")

        self.assertNotIn("visitor", {**alice.client.cookies, **visitor.cookies})


@override_settings(ROOT_URLCONF="gatekeeper.tests.test_features")
class OneLookUpTests(FeatureTestCase):
    def setUp(self):
        self.feature("secret_garden", percentage=100)
        self.feature(percentage=0)

    def asks(self, address, times=1):
        """
        Return the last answer, and how often it and the ones before asked the cache for features.
        """
        cache = caches["objects"]
        with mock.patch.object(cache, "get_many", wraps=cache.get_many) as get_many:
            responses = [self.nobody().client.get(address).json() for _ in range(times)]
        return responses[-1], sum("features" in call.args[0] for call in get_many.call_args_list)

    def test_all_questions_of_a_request_cost_one_round_trip(self):
        response, count = self.asks("/curious/")

        self.assertEqual(response, {"secret_garden": True, "pinned_greeting": False, "afterwards": False})
        self.assertEqual(count, 1)

    def test_the_next_request_looks_anew(self):
        self.assertEqual(self.asks("/curious/", times=3)[1], 3)
        self.feature("secret_garden", percentage=0)

        self.assertEqual(self.nobody().client.get("/curious/").status_code, 404)

    def test_who_changes_a_feature_sees_the_change_in_the_same_request(self):
        self.assertEqual(self.asks("/curious/?new=1")[0]["afterwards"], True)

    def test_outside_requests_nothing_is_kept(self):
        self.asks("/curious/")
        self.changes_unnoticed(percentage=100)

        self.assertIs(GatekeeperService.is_on(name="pinned_greeting", subject=1), True)

    def test_a_request_whose_end_was_never_heard_of_leaves_nothing_to_the_next(self):
        begin_request()
        self.addCleanup(end_request)
        GatekeeperService.is_on(name="pinned_greeting", subject=1)
        self.changes_unnoticed(percentage=100)

        self.assertEqual(self.asks("/curious/")[0]["pinned_greeting"], True)

    def changes_unnoticed(self, **fields):
        """
        Change the feature as another process would.
        """
        Feature.objects.filter(name="pinned_greeting").update(**fields)
        empty_caches()
