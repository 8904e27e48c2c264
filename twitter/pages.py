"""
The pages of this site, their titles and links. Only this file and page_bodies.py know all collections, so that no
collection needs to know another one.
"""

from collections.abc import Mapping
from typing import Any

from twitter.page_bodies import BODIES, Context
from utils.pages.links import Link
from utils.pages.renderers import BrowsableRenderer, page_key

START = Link("Start", "/api/")
NOT_FOUND = "Not found"

# Titles of pages, and titles with the name of the person that a page is about.
TITLES = {
    "_None": "Pushfeed",
    "accounts_list": "Accounts",
    "accounts_signup": "Sign up",
    "accounts_login": "Log in",
    "accounts_logout": "Log out",
    "accounts_login_status": "Who am I?",
    "accounts_password": "Change my password",
    "accounts_me": "Close my account",
    "users_list": "People",
    "users_search": "Search",
    "users_retrieve": "Person",
    "users_by": "Person",
    "profiles_update": "My profile",
    "profiles_None": "My profile",
    "friendships_list": "Friendships",
    "friendships_followers": "Followers",
    "friendships_followings": "Followings",
    "friendships_follow": "Follow",
    "friendships_unfollow": "Unfollow",
    "newsfeeds_list": "Home",
    "newsfeeds_why": "Why is it in my feed?",
    "tweets_list": "Tweets",
    "tweets_create": "New tweet",
    "tweets_retrieve": "Tweet",
    "tweets_destroy": "Tweet",
    "comments_list": "Comments",
    "comments_create": "New comment",
    "comments_None": "My comment",
    "comments_update": "My comment",
    "comments_destroy": "My comment",
    "likes_create": "Like",
    "likes_cancel": "Take a like back",
    "reports_create": "Report",
    "features_list": "Features",
    "notifications_list": "Inbox",
    "notifications_update": "Notification",
    "notifications_unread_count": "Unread notifications",
    "notifications_mark_all_as_read": "Mark all as read",
}
TITLES_OF_PEOPLE = {
    "users_retrieve": "{}",
    "users_by": "{}",
    "friendships_followers": "Followers of {}",
    "friendships_followings": "Followed by {}",
    "tweets_list": "Tweets of {}",
}

OF_A_TWEET = (
    Link("All comments", "/api/comments/?tweet_id={id}"),
    Link("More comments", "{comments_next}"),
    Link("Why is this in my feed?", "/api/newsfeeds/why/?tweet_id={id}", "users"),
    Link("Report", "/api/reports/?content_type=tweet&object_id={id}&next={back}", "others"),
)
OF_A_PERSON = (
    Link("Profile", "/api/users/{id}/"),
    Link("Tweets", "/api/tweets/?user_id={id}"),
    Link("Followers", "/api/friendships/{id}/followers/"),
    Link("Followings", "/api/friendships/{id}/followings/"),
    Link("Edit my profile", "/api/profiles/{profile_id}/", "owner"),
    Link("Report", "/api/reports/?content_type=user&object_id={id}&next={back}", "others"),
)
SIDES = tuple(Link(link.title, link.address.replace("{id}", "{pk}")) for link in OF_A_PERSON[:4])
TIMELINE = tuple(Link(link.title, link.address.replace("{id}", "{asked[user_id]}")) for link in OF_A_PERSON[:4])
THE_TWEET = (Link("The tweet", "/api/tweets/{tweet_id}/"),)
MY_ACCOUNT = (
    Link("My page", "/api/users/{me}/"),
    Link("Change my password", "/api/accounts/password/", "users"),
    Link("Close my account", "/api/accounts/me/", "users"),
)
LIKED = (Link("What it is about", "/api/{asked[content_type]}s/{asked[object_id]}/"),)
OUTSIDE = (Link("Sign up", "/api/accounts/signup/", "nobody"), Link("Log in", "/api/accounts/login/", "nobody"))
INSIDE = (
    Link("Home", "/api/newsfeeds/", "users"),
    Link("Write a tweet", "/api/tweets/?user_id={me}"),
    Link("My page", "/api/users/{me}/"),
)
INBOX = (
    Link("All", "/api/notifications/"),
    Link("Unread", "/api/notifications/?unread=true"),
    Link("Read", "/api/notifications/?unread=false"),
)


class PageRenderer(BrowsableRenderer):
    """
    The pages of this site.
    """

    template = "site/page.html"
    links = {
        "_None": (*OUTSIDE, *INSIDE, Link("Inbox", "/api/notifications/", "users")),
        "accounts_list": OUTSIDE,
        "accounts_signup": (*OUTSIDE[1:], *INSIDE),
        "accounts_login": (*OUTSIDE[:1], *INSIDE),
        "accounts_login_status": (*OUTSIDE, *INSIDE),
        "accounts_logout": OUTSIDE,
        "accounts_password": MY_ACCOUNT,
        "accounts_me": (*OUTSIDE, *MY_ACCOUNT),
        "users_retrieve": OF_A_PERSON,
        "users_by": OF_A_PERSON,
        "profiles_None": MY_ACCOUNT,
        "profiles_update": MY_ACCOUNT,
        "friendships_followers": SIDES,
        "friendships_followings": SIDES,
        "friendships_follow": (*SIDES, Link("Unfollow", "/api/friendships/{pk}/unfollow/", "others")),
        "friendships_unfollow": (*SIDES, Link("Follow", "/api/friendships/{pk}/follow/", "others")),
        "newsfeeds_list": INSIDE[1:2],
        "newsfeeds_why": THE_TWEET,
        "tweets_list": TIMELINE,
        "tweets_create": (Link("Open", "/api/tweets/{id}/"),),
        "tweets_retrieve": OF_A_TWEET,
        "comments_list": (Link("The tweet", "/api/tweets/{asked[tweet_id]}/"),),
        "comments_create": THE_TWEET,
        "comments_update": THE_TWEET,
        "likes_create": (
            *LIKED,
            Link("Take it back", "/api/likes/cancel/?content_type={asked[content_type]}&object_id={asked[object_id]}"),
        ),
        "likes_cancel": LIKED,
        "notifications_list": INBOX,
        "notifications_update": INBOX[:2],
        "notifications_unread_count": INBOX[:2],
        "notifications_mark_all_as_read": INBOX[:2],
    }
    labels = {
        "signup": "Sign up",
        "login": "Log in",
        "logout": "Log out",
        "password": "Change my password",
        "me": "Close my account",
        "cancel": "Unlike",
    }
    after = {
        "accounts_signup": "/api/newsfeeds/",
        "accounts_login": "/api/newsfeeds/",
        "accounts_logout": "/api/",
        "accounts_password": "/api/users/{me}/",
        "accounts_me": "/api/",
        "profiles_update": "/api/users/{me}/",
        "tweets_create": "/api/tweets/?user_id={me}",
        "tweets_destroy": "/api/users/{me}/",
        "comments_create": "{here}",
        "comments_update": "/api/tweets/{instance.tweet_id}/#comment_{instance.id}",
        "comments_destroy": "/api/tweets/{instance.tweet_id}/",
        "notifications_update": "/api/notifications/",
        "notifications_mark_all_as_read": "/api/notifications/",
    }

    def get_context(
        self, data: Any, accepted_media_type: str | None, renderer_context: Mapping[str, Any]
    ) -> dict[str, Any]:
        context = super().get_context(data, accepted_media_type, renderer_context)
        key, status = page_key(context["view"]), context["response"].status_code
        body = BODIES.get(key) if status == 200 else None
        if body is not None:
            context |= {"body": body.template, **body.load(context)}
        context["title"] = NOT_FOUND if status == 404 else page_title(key, context)
        context["breadcrumbs"] = get_breadcrumbs(key, context)
        # Staff search people by email here; others have the search box in the bar.
        context["asks_first"] |= key == "users_list"
        has_more = status == 403 or (body is not None and key != "_None")
        context["needs_login"] |= has_more and not context["user"].is_authenticated
        return context


def page_title(key: str, context: Context) -> str:
    """
    Return the title of a page, with the name of the person that it is about, if there is one.
    """
    person = context.get("person")
    if person and key in TITLES_OF_PEOPLE:
        return TITLES_OF_PEOPLE[key].format(display_name(person))
    return TITLES.get(key) or str(context["title"])


def display_name(person: dict[str, Any]) -> str:
    return str(person["nickname"] or person["username"])


def get_breadcrumbs(key: str, context: Context) -> list[tuple[str, str]]:
    """
    Return (title, address) of the pages above a page that belongs to a person or to a tweet.
    """
    person = context.get("person")
    if person and not key.startswith("users"):
        return [(START.title, START.address), (display_name(person), f"/api/users/{person['id']}/")]
    return [(START.title, START.address), *context["links"][:1]] if key == "comments_list" else []
