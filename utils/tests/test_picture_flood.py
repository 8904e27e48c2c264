"""
Three accounts send the most expensive pictures that are allowed, as fast as they may; others read and write.

Without a budget of pixels and a pool of decoders, reads took seconds on a server that gives a thread to each request
as it comes, and writes did even where reads are left a thread of their own.
"""

import itertools
import json
import statistics
import threading
import time
import urllib.error
import urllib.request

from testing.stack_processes import RealStackTestCase, answers, free_port, production_command
from utils.tests.pictures import large_png

SECONDS = 8
ATTACKERS = 3
# Of the reader's answers, 99 of 100 come within this; of the writer's, who are few, every second one.
PATIENCE = 0.5


class PictureFloodTests(RealStackTestCase):
    def setUp(self):
        super().setUp()
        self.site = f"http://127.0.0.1:{free_port()}"
        host, port = self.site.removeprefix("http://").split(":")
        knobs = {"HOST": host, "PORT": port, "RATE_LIMITS": "on", "WEB_WORKERS": "2", "WEB_THREADS": "4"}
        self.web = self.start_command(production_command("web"), BROKER_URL=self.broker.url, **knobs)
        self.until(lambda: answers(f"{self.site}/livez") or not self.web.is_running, "the web server answers")

    def ask(self, person, path, **request):
        """
        Return status and seconds of a request; a server that hangs up is status 0.
        """
        headers = {"Authorization": person.client._credentials["HTTP_AUTHORIZATION"], **request.pop("headers", {})}
        started = time.monotonic()
        try:
            with urllib.request.urlopen(
                urllib.request.Request(f"{self.site}{path}", headers=headers, **request), timeout=30
            ) as response:
                response.read()
                status = response.status
        except urllib.error.HTTPError as error:
            status = error.code
        except OSError:
            status = 0
        return status, time.monotonic() - started

    def attack(self, person, picture, until, statuses):
        """
        Send pictures from four connections, three a second, which is the limit.
        """
        path = f"/api/profiles/{person.user.profile.id}/"
        body = (
            b'--x\r\nContent-Disposition: form-data; name="avatar"; filename="a.png"\r\n\r\n'
            + picture
            + b"\r\n--x--\r\n"
        )
        headers = {"Content-Type": "multipart/form-data; boundary=x"}

        def send():
            while time.monotonic() < until:
                statuses.append(self.ask(person, path, data=body, method="PUT", headers=headers)[0])
                time.sleep(0.3)

        threads = [threading.Thread(target=send) for _ in range(4)]
        for thread in threads:
            thread.start()
        return threads

    def comment(self, person, tweet_id, until, writes):
        """
        Write comments, three a second, which is the limit.
        """
        body = json.dumps({"tweet_id": tweet_id, "content": "Well said"}).encode()
        headers = {"Content-Type": "application/json"}

        def send():
            while time.monotonic() < until:
                writes.append(self.ask(person, "/api/comments/", data=body, method="POST", headers=headers))
                time.sleep(0.4)

        thread = threading.Thread(target=send)
        thread.start()
        return thread

    def test_others_read_and_write_on(self):
        reader, writer, author = self.person("reader"), self.person("writer"), self.person("author")
        reader.follows(author)
        tweet_id = author.tweets()
        attackers = [self.person(f"attacker{number}") for number in range(ATTACKERS)]
        picture, until, statuses = large_png(6, 8), time.monotonic() + SECONDS, []
        self.ask(reader, "/api/newsfeeds/")

        threads = [thread for person in attackers for thread in self.attack(person, picture, until, statuses)]
        reads, writes = [], []
        threads.append(self.comment(writer, tweet_id, until, writes))
        for path in itertools.cycle(["/api/newsfeeds/", f"/api/tweets/?user_id={author.id}"]):
            if time.monotonic() > until:
                break
            reads.append(self.ask(reader, path))
            # Five a second of each is the reader's own limit.
            time.sleep(0.11)
        for thread in threads:
            thread.join()

        self.assertTrue(self.web.is_running, self.web.output)
        self.assertEqual({status for status, _ in reads}, {200})
        waits = sorted(seconds for _, seconds in reads)
        self.assertLess(waits[len(waits) * 99 // 100], PATIENCE, f"of {len(waits)} reads; attackers heard {statuses}")
        self.assertLessEqual({status for status, _ in writes}, {201, 429})
        self.assertLess(statistics.median(seconds for _, seconds in writes), PATIENCE, f"of {len(writes)} writes")
        # Some were served; the others were told that the decoders are busy or a budget is used up.
        self.assertIn(200, statuses)
        self.assertLessEqual(set(statuses), {200, 429, 503})
