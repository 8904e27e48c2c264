"""
The test case of searching for people.
"""

from accounts.models import User, UserProfile
from testing.testcases import ApiTestCase


class Searching(ApiTestCase):
    def looks_for(self, text, viewer=None, **params):
        """
        Return the user names of the first page.
        """
        response = (viewer or self.nobody()).get("users/search/", q=text, **params)
        self.assertEqual(response.status_code, 200, response.content)
        return [user["username"] for user in response.json()["results"]]

    def all_pages(self, text, between=None):
        """
        Return the user names of each page, by following `next` to the end; `between` happens after each page.
        """
        pages, following = [], f"/api/users/search/?q={text}"
        while following:
            body = self.nobody().client.get(following).json()
            self.assertEqual(body["has_next_page"], body["next"] is not None)
            pages.append([user["username"] for user in body["results"]])
            following = body["next"]
            if between:
                between(len(pages))
        return pages

    def assert_each_once(self, pages, names):
        self.assertEqual([len(page) for page in pages[:-1]], [10] * (len(pages) - 1))
        self.assertEqual(sorted(name for page in pages for name in page), sorted(names))

    def with_nickname(self, name, nickname):
        person = self.person(name)
        response = person.put(f"profiles/{person.user.profile.id}/", nickname=nickname)
        self.assertEqual(response.status_code, 200, response.content)
        return person

    def with_followers(self, followers):
        """
        Give people as many followers as `followers` says by their user name, without anybody behind them.
        """
        for name, count in followers.items():
            UserProfile.objects.filter(user__username=name).update(followers_count=count)

    def many(self, size, *, prefix="many", nickname="Nick"):
        """
        Make `size` people in bulk, of whom each has one follower more than the one before.
        """
        names = [f"{prefix}{number:05}" for number in range(size)]
        User.objects.bulk_create([User(username=name, email=f"{name}@example.com") for name in names])
        users = User.objects.filter(username__in=names).order_by("username")
        UserProfile.objects.bulk_create(
            UserProfile(user=user, followers_count=number, nickname=f"{nickname} {user.username}")
            for number, user in enumerate(users)
        )
        return names
