"""
`manage.py load_graph --tweets` beside the real processes of the stack.
"""

import random
import re
import sys
import tempfile
from collections import Counter
from io import StringIO
from pathlib import Path

from django.core.management import call_command

from outbox.models import Message
from testing.stack_processes import RealStackTestCase


class LoadingOnTheStackTests(RealStackTestCase):
    def heavy_tailed_graph(self):
        dice = random.Random(88)
        edges = set()
        while len(edges) < 4000:
            follower, followee = dice.randint(2000, 4000), 1000 + int(dice.paretovariate(0.8))
            if follower != followee:
                edges.add((follower, followee))
        return edges

    def test_the_most_followed_of_a_real_graph_reach_all_their_followers(self):
        edges = self.heavy_tailed_graph()
        path = Path(self.enterContext(tempfile.TemporaryDirectory())) / "graph.txt"
        path.write_text("".join(f"{a} {b}\n" for a, b in edges))
        self.start("default", "fanout", "relay")

        loading = self.start_command([sys.executable, "manage.py", "load_graph", str(path), "--tweets", "5"])
        code = loading.wait()

        self.assertEqual(code, 0, loading.output)
        self.assertFalse(Message.objects.exists())
        most_followed = Counter(followee for _, followee in edges).most_common(5)
        posted = re.findall(r"tweet (\d+) of user (\d+) went to (\d+) followers", loading.output)
        self.assertEqual(sorted((int(count) for _, _, count in posted), reverse=True), [n for _, n in most_followed])
        for tweet_id, _, count in posted:
            output = StringIO()
            call_command("feed_count", tweet_id, stdout=output)
            self.assertIn(f"{count} of {count} followers' feeds hold tweet {tweet_id}", output.getvalue())
