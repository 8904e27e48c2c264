"""
The rules of the house over the whole project; and that each of them bites.
"""

import pytest
from django.test import SimpleTestCase

from testing.tests import old_words, rules, sizes
from testing.tests.sources import ROOT, Source, project_sources

pytestmark = pytest.mark.embedded

# {rule: (path, text) that breaks it and nothing else}; a line of its own for each way to break it.
OFFENDERS = {
    rules.floors: [
        ("accounts/services.py", "from friendships.services import FriendshipService"),
        ("likes/services.py", "from tweets.services import TweetService"),
        ("tweets/services/photos.py", "from comments import services"),
        ("newsfeeds/storage.py", "import inbox.services"),
        ("outbox/relay.py", "from accounts.models import User"),
        ("utils/caching/redis/lists.py", "from outbox.services import OutboxService"),
        ("newsfeeds/services.py", "from twitter.subscriptions import SUBSCRIPTIONS"),
        ("newsfeeds/api/views.py", "from twitter import settings"),
        ("tweets/services/photos.py", "from newsfeeds.api.serializers import NewsFeedSerializer"),
        ("accounts/api/serializers.py", "from friendships.api.serializers import FriendshipSerializer"),
        ("newsfeeds/api/views.py", "from tweets.api.views import TweetViewSet"),
        ("comments/api/views.py", "from tweets.api.serializers import TweetSerializer"),
        ("newsfeeds/tasks.py", "from tweets.api.serializers import TweetSerializer"),
        ("newsfeeds/tasks.py", "from tweets.tasks import forget_tweet"),
        ("accounts/services.py", "from accounts.api.serializers import UserSerializer"),
        ("accounts/cache.py", "from accounts.services import AccountService"),
        ("accounts/models.py", "from accounts.cache import to_record"),
        ("friendships/storage.py", "from friendships.cache import followings_key"),
        ("accounts/tasks.py", "from accounts.api.views import UserViewSet"),
        ("accounts/constants.py", "from accounts.models import User"),
    ],
    rules.every_file_has_a_place: [("tweets/helpers.py", '"""Help."""'), ("likes/utils.py", '"""Help."""')],
    rules.no_import_by_name_in_functions: [
        ("tweets/services/photos.py", "def late():\n    importlib.import_module('newsfeeds.services')"),
    ],
    rules.no_imports_in_disguise: [
        ("accounts/models.py", "tweets = ManyToManyField('tweets.Tweet')"),
        ("accounts/services.py", "User = apps.get_model('tweets', 'Tweet')"),
        ("tweets/services/photos.py", "verb = import_string('newsfeeds.services.PostingService')"),
        ("outbox/services.py", "app = 'twitter.celery.app'"),
        ("accounts/migrations/0002_more.py", "dependencies = [('tweets', '0001_initial')]"),
    ],
    rules.tasks_say_why_they_may_run_twice: [
        ("tweets/tasks.py", "@event_handler()\ndef forget(messages):\n    '''Forget it.'''"),
        ("tweets/tasks.py", "@shared_task\ndef forget(message_id):\n    pass"),
        ("tweets/tasks.py", "@app.task(queue='a')\ndef forget(message_id):\n    '''Twice is fine.'''"),
    ],
    rules.tasks_call_services_only: [
        ("tweets/tasks.py", "from tweets import cache"),
        ("likes/tasks.py", "from likes.models import Like"),
        ("friendships/tasks.py", "from utils.database.counters import Counter"),
    ],
    rules.promises_are_written_down: [
        ("tweets/cache.py", "ids = []"),
        ("tweets/services/photos.py", "'''Verbs.'''\nclass PhotoService:\n    pass"),
        (
            "tweets/services/photos.py",
            "'''Verbs.'''\nclass PhotoService:\n    '''All.'''\n    def verb(self):\n        pass",
        ),
        ("tweets/models.py", "'''Tables.'''\nclass Tweet(models.Model):\n    pass"),
    ],
    sizes.files_are_short: [("tweets/cache.py", "\n" * 301)],
    sizes.functions_are_short: [
        ("tweets/cache.py", "def long():\n" + "    a = 1\n" * 40),
        ("tweets/api/views.py", "class TweetViewSet:\n    def list(self):\n" + "        a = 1\n" * 15),
    ],
    rules.servers_are_spoken_to_in_one_place: [
        ("newsfeeds/storage.py", "import happybase"),
        ("utils/caching/redis/client.py", "from thriftpy2.transport import TSocket"),
        ("tweets/cache.py", "from redis.exceptions import RedisError"),
        ("tweets/cache.py", "from django_redis import get_redis_connection"),
        ("utils/observability/probes.py", "from pymemcache.client.base import Client"),
        ("utils/redistribution.py", "import redis"),
    ],
    rules.services_know_no_http: [
        ("tweets/services/photos.py", "from rest_framework.response import Response"),
        ("accounts/services.py", "from django.http import Http404"),
        ("accounts/services.py", "class AccountService:\n    def log_in(cls, *, name, request=None):\n        pass"),
    ],
    rules.tests_stand_in_classes: [("tweets/cache.py", "def test_alice_posts(client): pass")],
    rules.views_catch_nothing: [("tweets/api/views.py", "try:\n    a = 1\nexcept ValueError:\n    pass")],
    rules.views_fetch_only_what_is_named: [
        ("tweets/api/views.py", "Tweet.objects.visible_to(viewer).filter(id=1)"),
        ("likes/api/views.py", "like.delete()"),
    ],
    rules.constants_import_nothing_of_ours: [("tweets/constants.py", "from utils.database.time_ids import MAX_ID")],
    rules.service_verbs_take_keywords: [
        ("likes/services.py", "class LikeService:\n    @classmethod\n    def like(cls, user):\n        pass"),
        ("likes/services.py", "class LikeService:\n    @classmethod\n    def like(cls, *users):\n        pass"),
        ("likes/services.py", "class LikeService:\n    @staticmethod\n    def like(user):\n        pass"),
    ],
    old_words.old_words_are_gone: [
        ("tweets/cache.py", "companion = 1"),
        ("newsfeeds/tasks.py", "def settle_feeds(): pass"),
        ("utils/caching/breaker.py", "TROUBLE = (OSError,)"),
        ("tweets/constants.py", "LIST_CACHE_CAP = 800"),
        ("newsfeeds/cache.py", "def peek(): pass"),
        ("utils/database/replicas.py", "LOOK_WAIT_SECONDS = 0.05"),
        ("utils/hbase/pool.py", "# A server that has failed of late"),
    ],
    old_words.old_names_are_gone: [
        ("likes/cache.py", "def tell(recipient):\n    pass"),
        ("utils/api/pagination.py", "class Page:\n    doors = ()"),
        ("tweets/cache.py", "def load(*, keep):\n    pass"),
        ("tweets/constants.py", "CONTENT_MAX = 140"),
        ("accounts/cache.py", "def age_of(user):\n    pass"),
    ],
}


class HouseRulesTests(SimpleTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sources = project_sources()

    def assert_kept(self, rule):
        offences = rule(self.sources)
        if offences:
            self.fail("\n  ".join([f"{len(offences)} against '{rule.__name__.replace('_', ' ')}':", *offences]))

    def test_imports_go_downwards_only(self):
        self.assert_kept(rules.floors)

    def test_every_file_has_a_place(self):
        self.assert_kept(rules.every_file_has_a_place)

    def test_nothing_is_imported_by_name_inside_a_function(self):
        self.assert_kept(rules.no_import_by_name_in_functions)

    def test_no_modules_import_each_other(self):
        self.assert_kept(rules.no_circles)

    def test_no_string_names_a_higher_app(self):
        self.assert_kept(rules.no_imports_in_disguise)

    def test_every_task_says_why_it_may_run_twice(self):
        self.assert_kept(rules.tasks_say_why_they_may_run_twice)

    def test_tasks_call_services_and_nothing_else(self):
        self.assert_kept(rules.tasks_call_services_only)

    def test_modules_models_services_and_verbs_have_docstrings(self):
        self.assert_kept(rules.promises_are_written_down)

    def test_functions_and_views_are_short(self):
        self.assert_kept(sizes.functions_are_short)

    def test_files_are_short_those_of_tests_and_measurements_too(self):
        offences = sizes.files_are_short(source for source in old_words.tree() if source.path.endswith(".py"))

        self.assertFalse(offences, "\n  ".join(["", *offences]))

    def test_each_server_is_spoken_to_in_one_place(self):
        self.assert_kept(rules.servers_are_spoken_to_in_one_place)

    def test_services_know_no_http(self):
        self.assert_kept(rules.services_know_no_http)

    def test_views_catch_nothing(self):
        self.assert_kept(rules.views_catch_nothing)

    def test_views_fetch_only_what_the_request_names(self):
        self.assert_kept(rules.views_fetch_only_what_is_named)

    def test_constants_import_nothing_of_ours(self):
        self.assert_kept(rules.constants_import_nothing_of_ours)

    def test_verbs_of_services_take_keywords(self):
        self.assert_kept(rules.service_verbs_take_keywords)

    def test_words_that_were_replaced_are_gone(self):
        offences = old_words.old_words_are_gone(old_words.tree())

        self.assertFalse(offences, "\n  ".join(["", *offences]))

    def test_names_that_were_replaced_are_gone(self):
        self.assert_kept(old_words.old_names_are_gone)

    def test_every_test_stands_in_a_class(self):
        paths = ROOT.glob("*/tests/**/test_*.py")
        sources = [Source(path.relative_to(ROOT).as_posix(), path.read_text()) for path in paths]

        offences = rules.tests_stand_in_classes(sources)

        self.assertGreater(len(sources), 100)
        self.assertFalse(offences, "\n  ".join(["", *offences]))

    def test_requirements_are_pinned_with_a_reason(self):
        paths = [ROOT / "requirements.txt", *sorted((ROOT / "requirements").glob("*.txt"))]
        files = {path.relative_to(ROOT).as_posix(): path.read_text() for path in paths}

        offences = rules.requirements_are_pinned_with_a_reason(files)

        self.assertGreaterEqual(len(files), 3)
        self.assertFalse(offences, "\n  ".join(["", *offences]))


class RulesBiteTests(SimpleTestCase):
    """
    A rule that cannot be broken proves nothing.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.empty_house = [Source(source.path, "") for source in project_sources()]

    def house_with(self, path, text):
        """
        Return the project's files, all of them empty but one.
        """
        return [*(source for source in self.empty_house if source.path != path), Source(path, f"{text}\n")]

    def test_each_offence_is_found_with_its_file_and_line(self):
        for rule, offenders in OFFENDERS.items():
            for path, text in offenders:
                with self.subTest(rule=rule.__name__, path=path, text=text[:60]):
                    offences = [words for words in rule(self.house_with(path, text)) if words.startswith(f"{path}:")]

                    self.assertEqual(len(offences), 1, offences)
                    self.assertRegex(offences[0], r"^[a-z_/0-9]+\.py:\d+: ")

    def test_a_circle_is_found(self):
        circle = [
            Source("tweets/one.py", "from tweets import two\n"),
            Source("tweets/two.py", "import tweets.three\n"),
            Source("tweets/three.py", "from tweets.one import something\n"),
            Source("tweets/four.py", "from tweets import one\n"),
        ]

        self.assertEqual(rules.no_circles(circle), ["tweets.one <-> tweets.three <-> tweets.two"])

    def test_what_the_house_allows_is_no_offence(self):
        allowed = [
            ("newsfeeds/api/views.py", "from tweets.api.serializers import tweet_shape"),
            ("newsfeeds/api/views.py", "from accounts.services import AccountService"),
            ("accounts/api/views.py", "from friendships.services import FriendshipService"),
            ("inbox/services.py", "from likes.models import Like"),
            ("accounts/services.py", "from outbox.services import OutboxService"),
            ("twitter/urls.py", "from tweets.api.views import TweetViewSet"),
            ("friendships/cache.py", "from friendships.storage import store"),
        ]

        for path, text in allowed:
            with self.subTest(path=path, text=text):
                self.assertFalse([words for words in rules.floors(self.house_with(path, text)) if path in words])

    def test_an_unpinned_or_unexplained_requirement_is_found(self):
        lines = ["Django", "Django>=5", "Django  # the framework itself", "Django~=5.2", "Django~=5.2 # why"]

        for line in lines:
            with self.subTest(line=line):
                self.assertTrue(rules.requirements_are_pinned_with_a_reason({"requirements.txt": line}))
        fine = "Django>=5.2,<6  # the long-term release\n-r other.txt\n# a comment\nredis[hiredis]~=8.1  # lists of ids"
        self.assertFalse(rules.requirements_are_pinned_with_a_reason({"requirements.txt": fine}))
