"""
Sharding on paper: every table has a place, and statements go where a router would send them.
"""

from django.apps import apps
from django.test import SimpleTestCase

from testing.shards.rules import RULES, Placement
from testing.shards.statements import Reach, classify, normalise

JOIN = "INNER JOIN `accounts_user` ON (`tweets_tweet`.`user_id` = `accounts_user`.`id`)"
# {statement: (reach, the column that routes it, whether a lookup is asked first)}
STATEMENTS = {
    "SELECT * FROM newsfeeds_newsfeed WHERE user_id = %s AND tweet_id < %s ORDER BY tweet_id DESC LIMIT 21": (
        Reach.ONE,
        "newsfeeds_newsfeed.user_id",
        False,
    ),
    "SELECT `id` FROM `accounts_user` WHERE `accounts_user`.`id` IN (%s, %s)": (Reach.FEW, "accounts_user.id", False),
    "SELECT `id` FROM `accounts_user` WHERE `accounts_user`.`username` = %s": (
        Reach.ONE,
        "accounts_user.username",
        True,
    ),
    f"SELECT 1 FROM `tweets_tweet` {JOIN} WHERE `tweets_tweet`.`id` = %s": (Reach.ONE, "tweets_tweet.id", True),
    f"SELECT 1 FROM `tweets_tweet` {JOIN} WHERE `accounts_user`.`id` = %s": (Reach.ONE, "accounts_user.id", False),
    "SELECT from_user_id FROM friendships_friendship WHERE to_user_id = %s AND from_user_id > %s": (
        Reach.ALL,
        "",
        False,
    ),
    "SELECT 1 FROM comments_comment c JOIN accounts_user u ON c.user_id = u.id WHERE c.tweet_id = %s": (
        Reach.JOIN,
        "",
        False,
    ),
    "SELECT 1 FROM comments_comment c JOIN tweets_tweet t ON c.tweet_id = t.id WHERE c.tweet_id = %s": (
        Reach.ONE,
        "comments_comment.tweet_id",
        True,
    ),
    "SELECT 1 FROM likes_like WHERE (user_id = %s AND object_id = 3) OR (user_id = %s AND object_id = 4)": (
        Reach.FEW,
        "likes_like.user_id",
        False,
    ),
    "SELECT 1 FROM likes_like WHERE user_id = %s OR object_id = %s": (Reach.ALL, "", False),
    "SELECT 1 FROM likes_like WHERE NOT (user_id = %s)": (Reach.ALL, "", False),
    "INSERT INTO newsfeeds_newsfeed (user_id, tweet_id) VALUES (%s, %s)": (
        Reach.ONE,
        "newsfeeds_newsfeed.user_id",
        False,
    ),
    "INSERT IGNORE INTO newsfeeds_newsfeed (user_id, tweet_id) VALUES (1, 5), (2, 5)": (
        Reach.FEW,
        "newsfeeds_newsfeed.user_id",
        False,
    ),
    "INSERT INTO newsfeeds_newsfeed (user_id, tweet_id) SELECT from_user_id, %s FROM friendships_friendship "
    "WHERE to_user_id = %s": (Reach.ALL, "", False),
    "UPDATE accounts_userprofile SET tweets_count = tweets_count + 1 WHERE user_id = %s": (
        Reach.ONE,
        "accounts_userprofile.user_id",
        False,
    ),
    "DELETE FROM outbox_message WHERE id IN (%s)": (Reach.LOCAL, "", False),
    "INSERT INTO outbox_message (event, payload) VALUES (%s, %s)": (Reach.LOCAL, "", False),
    "SELECT 1 FROM gatekeeper_feature WHERE name = %s": (Reach.REFERENCE, "", False),
    "SELECT 1 FROM moderation_report WHERE id = %s FOR UPDATE": (Reach.UNSHARDED, "", False),
}


class ClassifierTests(SimpleTestCase):
    def test_each_statement_goes_where_its_conditions_send_it(self):
        for sql, expected in STATEMENTS.items():
            with self.subTest(sql=sql):
                plan = classify(sql)

                self.assertEqual((plan.reach, plan.by, plan.needs_lookup), expected)

    def test_a_write_says_which_rows_of_which_shard_it_touches(self):
        tweet = classify("INSERT INTO tweets_tweet (id, user_id) VALUES (%s, %s)")
        like = classify("UPDATE tweets_tweet SET likes_count = likes_count + 1 WHERE id = %s")
        rows = classify("INSERT INTO newsfeeds_newsfeed (user_id, tweet_id) VALUES (1, 5), (2, 5)")

        self.assertEqual(tweet.keys, ((("user", "p1"), ("tweet", "p0")),))
        self.assertEqual(like.keys, ((("tweet", "p0"),),))
        self.assertEqual(rows.keys, ((("user", "1"),), (("user", "2"),)))

    def test_a_row_whose_id_the_database_gives_goes_to_one_shard(self):
        plan = classify("INSERT INTO accounts_user (username, email) VALUES (%s, %s)")

        self.assertEqual((plan.reach, plan.by, plan.lacks_id), (Reach.ONE, "accounts_user.id", True))

    def test_what_touches_no_table_is_left_out(self):
        for sql in ("SAVEPOINT s1", "SELECT VERSION()", "SET SESSION x = 1"):
            self.assertIsNone(classify(sql))

    def test_statements_that_differ_in_constants_only_are_one(self):
        one = normalise("SELECT 1 FROM likes_like WHERE object_id IN (%s, %s)  LIMIT 21")

        self.assertEqual(one, normalise("SELECT 1 FROM likes_like WHERE object_id IN (%s, %s, %s) LIMIT 5"))
        self.assertEqual(one, normalise('SELECT 1 FROM "likes_like" WHERE `object_id` IN (%s) LIMIT 21'))
        self.assertEqual(normalise("VALUES (1, 5), (2, 5), (3, 5)"), normalise("VALUES (1, 5), (2, 5)"))


class RulesTests(SimpleTestCase):
    def test_each_table_has_a_place_and_each_place_a_table(self):
        tables = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}

        self.assertEqual(set(RULES), set(tables))
        for name, rule in RULES.items():
            columns = {field.column for field in tables[name]._meta.local_concrete_fields}
            with self.subTest(table=name):
                self.assertLessEqual({vindex.column for vindex in rule.vindexes}, columns)
                self.assertEqual(bool(rule.vindexes), rule.placement == Placement.SHARDED)
                self.assertTrue(rule.reason)
