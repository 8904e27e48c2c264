"""
What the tests of the pages for people share: rows, and the controls in them.
"""

import re
from html import unescape

from testing.testcases import ApiTestCase

HTML = {"HTTP_ACCEPT": "text/html"}
CONTROL = re.compile(r'<form class="control" method="post" action="([^"]+)".*?</form>', re.DOTALL)
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
ROW = re.compile(r'<article class="row[^"]*" id="(\w+)">.*?</article>', re.DOTALL)


class PeoplePagesTestCase(ApiTestCase):
    def setUp(self):
        self.alice, self.bob, self.carol = (self.person(name) for name in ("alice1", "bobby1", "carol1"))

    def page(self, path, who=None, status=200):
        address = path if path.startswith("/") else f"/api/{path}"
        response = (who or self.bob).client.get(address, **HTML)
        self.assertEqual(response.status_code, status)
        return response.content.decode()

    def rows(self, page):
        """
        Return {id: HTML} of the rows of a page.
        """
        return {match[1]: match[0] for match in ROW.finditer(page)}

    def controls(self, html):
        """
        Return the paths that the controls lead to.
        """
        return [unescape(match[1]).partition("?")[0] for match in CONTROL.finditer(html)]

    def press(self, html, who=None):
        """
        Press the only control of `html` and return the answer.
        """
        (control,) = CONTROL.finditer(html)
        fields = dict(HIDDEN.findall(control[0]))
        return (who or self.bob).client.post(unescape(control[1]), fields, format="multipart", **HTML)
