"""
The test case with a real browser in front of the site.
"""

import pytest
from django.contrib.staticfiles.testing import StaticLiveServerTestCase

from testing.chromium import Chromium
from testing.testcases import Steps


@pytest.mark.browser
class BrowserTestCase(Steps, StaticLiveServerTestCase):
    """
    A test with a browser (`chromium`) in front of a site of its own, which commits for real.
    """

    def setUp(self):
        self.chromium = self.enterContext(Chromium(self.live_server_url))
