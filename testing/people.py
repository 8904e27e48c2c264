"""
Alice, Bob and Carol: each has an account and a client of their own.
"""

from django.test import TestCase
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services import AccessTokenService
from testing import contract

PASSWORD = "correct horse battery"


class PersonClient(APIClient):
    """
    A client whose requests run their `on_commit` callbacks, as they would outside a test's transaction.

    Every response is checked against the OpenAPI schema.
    """

    def request(self, **kwargs):
        with TestCase.captureOnCommitCallbacks(execute=True):
            response = super().request(**kwargs)
        contract.check(kwargs, response)
        return response


class Person:
    """
    Somebody with an account, who uses the API with a token.
    """

    def __init__(self, name, **fields):
        self.user = User.objects.create_user(name, f"{name}@example.com", None, **fields)
        self.id = self.user.id
        self.name = self.user.username
        self.client = PersonClient()
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {AccessTokenService.create_token(user=self.user)}")

    def get(self, path, **params):
        return self.client.get(f"/api/{path}", params)

    def post(self, path, **data):
        return self.client.post(f"/api/{path}", data, format="json")

    def put(self, path, **data):
        return self.client.put(f"/api/{path}", data, format="json")

    def delete(self, path, **data):
        return self.client.delete(f"/api/{path}", data or None, format="json")

    def tweets(self, content="Hello everybody out there"):
        """
        Post a tweet and return its id.
        """
        response = self.post("tweets/", content=content)
        assert response.status_code == 201, response.json()
        return response.json()["id"]

    def follows(self, other):
        response = self.post(f"friendships/{other.id}/follow/")
        assert response.status_code == 201, response.json()

    def unfollows(self, other):
        response = self.post(f"friendships/{other.id}/unfollow/")
        assert response.status_code == 200, response.json()

    def feed(self, **params):
        """
        Return the tweet ids of the first page of the home feed.
        """
        response = self.get("newsfeeds/", **params)
        assert response.status_code == 200, response.json()
        return [row["id"] for row in response.json()["results"]]


class Nobody(Person):
    """
    A caller without an account.
    """

    def __init__(self):
        self.client = PersonClient()


class Phone(Nobody):
    """
    A client that authenticates with a token only.
    """

    def __init__(self, token):
        super().__init__()
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")


class Browser(Nobody):
    """
    A client with cookies and CSRF checks, which sends the CSRF token as a page would.
    """

    def __init__(self):
        self.client = PersonClient(enforce_csrf_checks=True)

    def csrf_header(self):
        cookie = self.client.cookies.get("csrftoken")
        return {"HTTP_X_CSRFTOKEN": cookie.value} if cookie else {}

    def post(self, path, **data):
        return self.client.post(f"/api/{path}", data, format="json", **self.csrf_header())

    def delete(self, path, **data):
        return self.client.delete(f"/api/{path}", data or None, format="json", **self.csrf_header())

    def signs_up(self, name, password=PASSWORD):
        """
        Sign up, which opens a session; return the token of the response.
        """
        response = self.post("accounts/signup/", username=name, email=f"{name}@example.com", password=password)
        assert response.status_code == 201, response.json()
        self.user = User.objects.get(id=response.json()["user"]["id"])
        self.id, self.name = self.user.id, self.user.username
        return response.json()["token"]

    def logs_in(self, name, password=PASSWORD):
        """
        Log in, which opens a session; return the token of the response.
        """
        response = self.post("accounts/login/", username=name, password=password)
        assert response.status_code == 200, response.json()
        return response.json()["token"]

    def status(self):
        """
        Return the user of the session according to the site.
        """
        return self.get("accounts/login_status/").json()
