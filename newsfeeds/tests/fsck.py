"""
The command `feed_fsck` and a world to check, for the tests of it.
"""

from io import StringIO

from django.core.management import CommandError, call_command

from newsfeeds.storage import stores_in_use
from testing.testcases import ApiTestCase


def fsck(*arguments):
    """
    Return what the command says, its complaint included, and whether it found fault.
    """
    output = StringIO()
    try:
        call_command("feed_fsck", *arguments, stdout=output, stderr=StringIO(), skip_checks=False)
    except CommandError as error:
        return f"{output.getvalue()}{error}", True
    return output.getvalue(), False


class FsckCase(ApiTestCase):
    def setUp(self):
        self.alice, self.bob, self.carol = (self.person(name) for name in ("alice", "bob", "carol"))
        self.bob.follows(self.alice)
        self.ids = [self.alice.tweets(f"Tweet number {number}") for number in range(3)][::-1]
        self.tasks_run()
        self.stranger_id = self.carol.tweets()
        self.tasks_run()

    def write(self, verb, *arguments):
        """
        Write to every store that is in use, past all verbs.
        """
        with self.captureOnCommitCallbacks(execute=True):
            for store in stores_in_use().values():
                getattr(store, verb)(*arguments)

    def repairs(self):
        """
        Return what a repair says, and whether something is wrong after it.
        """
        # What a commit writes to HBase comes with the end of the test's part of the transaction.
        with self.captureOnCommitCallbacks(execute=True):
            said, _ = fsck("--repair")
        return said, fsck()[1]
