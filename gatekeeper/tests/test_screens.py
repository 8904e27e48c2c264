"""
The screen of features in the admin, and the history that it keeps.
"""

from accounts.constants import LOGIN_BACKEND
from accounts.models import User
from gatekeeper.models import Feature, FeatureChange
from gatekeeper.services import GatekeeperService
from testing.testcases import ApiTestCase


class FeatureScreenTests(ApiTestCase):
    def setUp(self):
        self.admin = User.objects.create_superuser("admin_1", "admin@example.com", "correct horse battery")
        self.client.force_login(self.admin, backend=LOGIN_BACKEND)

    def save(self, address, **fields):
        management = {f"changes-{name}_FORMS": "0" for name in ("TOTAL", "INITIAL", "MIN_NUM", "MAX_NUM")}
        form = {"name": "pinned_greeting", "percentage": "10", "allowed": "[]", "denied": "[]", **fields}
        with self.captureOnCommitCallbacks(execute=True):
            return self.client.post(address, {**form, **management})

    def test_the_admin_keeps_who_changed_what(self):
        self.save("/admin/gatekeeper/feature/add/")
        feature = Feature.objects.get()

        self.save(f"/admin/gatekeeper/feature/{feature.id}/change/", percentage="25", allowed="[3]")
        self.save(f"/admin/gatekeeper/feature/{feature.id}/change/", percentage="25", allowed="[3]")

        history = FeatureChange.objects.order_by("id").values_list("changed_by_id", "percentage", "allowed")
        self.assertEqual(list(history), [(self.admin.id, 10, []), (self.admin.id, 25, [3])])
        self.assertIs(GatekeeperService.is_on(name="pinned_greeting", subject=3), True)

    def test_a_bad_list_a_bad_name_or_a_bad_percentage_is_refused(self):
        for fields in ({"allowed": '["alice"]'}, {"denied": "{}"}, {"name": "No Name"}, {"percentage": "101"}):
            response = self.save("/admin/gatekeeper/feature/add/", **fields)
            self.assertEqual((response.status_code, Feature.objects.count()), (200, 0), fields)

    def test_lists_that_are_emptied_name_nobody(self):
        self.save("/admin/gatekeeper/feature/add/", percentage="0", allowed="[3]", denied="[4]")
        feature = Feature.objects.get()

        self.save(f"/admin/gatekeeper/feature/{feature.id}/change/", percentage="0", allowed="", denied="null")

        feature.refresh_from_db()
        self.assertEqual((feature.allowed, feature.denied), ([], []))
        self.assertIs(GatekeeperService.is_on(name="pinned_greeting", subject=3), False)

    def test_true_is_the_id_of_nobody(self):
        response = self.save("/admin/gatekeeper/feature/add/", allowed="[true]")

        self.assertContains(response, "Enter ids of users, such as [1, 2].")
        self.assertFalse(Feature.objects.exists())

    def test_a_feature_that_is_deleted_is_off_at_once_and_its_history_goes_along(self):
        self.save("/admin/gatekeeper/feature/add/", percentage="100")
        self.assertIs(GatekeeperService.is_on(name="pinned_greeting", subject=3), True)

        with self.captureOnCommitCallbacks(execute=True):
            self.client.post(f"/admin/gatekeeper/feature/{Feature.objects.get().id}/delete/", {"post": "yes"})

        self.assertIs(GatekeeperService.is_on(name="pinned_greeting", subject=3), False)
        self.assertFalse(FeatureChange.objects.exists())

    def test_the_screen_shows_the_history_and_lets_nobody_rewrite_it(self):
        self.save("/admin/gatekeeper/feature/add/")
        address = f"/admin/gatekeeper/feature/{Feature.objects.get().id}/change/"
        change = FeatureChange.objects.get()
        rewriting = {"changes-TOTAL_FORMS": "1", "changes-INITIAL_FORMS": "1", "changes-0-id": str(change.id)}

        page = self.client.get(address)
        self.client.post(
            address,
            {"name": "pinned_greeting", "percentage": "10", "allowed": "[]", "denied": "[]", **rewriting}
            | {"changes-0-feature": str(change.feature_id), "changes-0-percentage": "99", "changes-0-DELETE": "on"},
        )

        self.assertContains(page, "History")
        self.assertEqual(FeatureChange.objects.get().percentage, 10)
