"""
Where each page for people leads: this file alone knows all collections, so that none of them has to know another.
"""

from gatekeeper.services import GatekeeperService
from utils.api.page_links import Link, Rows
from utils.api.renderers import BrowsableRenderer, page_key

# The feature of writing a tweet on the home page itself, switched on by degrees.
WRITE_FROM_HOME = "write_from_home"

TWEET = (
    Link("Comments", "/api/comments/?tweet_id={id}"),
    Link("Like", "/api/likes/?content_type=tweet&object_id={id}"),
    Link("Take the like back", "/api/likes/cancel/?content_type=tweet&object_id={id}"),
    Link("Author", "/api/users/{user[id]}/"),
    Link("Report", "/api/reports/?content_type=tweet&object_id={id}", "others"),
)
TWEET_ROW = (Link("Open", "/api/tweets/{id}/"), *TWEET[:2], TWEET[3])
USER = (
    Link("Tweets", "/api/tweets/?user_id={id}"),
    Link("Followers", "/api/friendships/{id}/followers/"),
    Link("Followings", "/api/friendships/{id}/followings/"),
    Link("Follow", "/api/friendships/{id}/follow/", "others"),
    Link("Unfollow", "/api/friendships/{id}/unfollow/", "others"),
    Link("Report", "/api/reports/?content_type=user&object_id={id}", "others"),
    Link("Edit my profile", "/api/profiles/{profile_id}/", "owner"),
    Link("Change my password", "/api/accounts/password/", "owner"),
    Link("Close my account", "/api/accounts/me/", "owner"),
)
COMMENT = (
    Link("Like", "/api/likes/?content_type=comment&object_id={id}"),
    Link("Author", "/api/users/{user[id]}/"),
    Link("Edit or delete", "/api/comments/{id}/", "owner"),
    Link("Report", "/api/reports/?content_type=comment&object_id={id}", "others"),
)
OF_A_USER = (Link("The user", "/api/users/{pk}/"),)
SIDES = (
    *OF_A_USER,
    Link("Followers", "/api/friendships/{pk}/followers/"),
    Link("Followings", "/api/friendships/{pk}/followings/"),
)
INSIDE = (
    Link("Home feed", "/api/newsfeeds/", "users"),
    Link("Write a tweet", "/api/tweets/?user_id={me}"),
    Link("My page", "/api/users/{me}/"),
)
NOTIFICATION = (Link("All", "/api/notifications/"), Link("Unread", "/api/notifications/?unread=true"))
OUTSIDE = (Link("Sign up", "/api/accounts/signup/", "nobody"), Link("Log in", "/api/accounts/login/", "nobody"))
LIKED = (Link("What it is about", "/api/{asked[content_type]}s/{asked[object_id]}/"),)

WORDS = "{user[username]}: {content}"
TWEET_CARD = Rows("", WORDS, (), ("photo_urls",))
USER_CARD = Rows("", "{username}: {tweets_count} tweets, {followers_count} followers, {followings_count} followed")
FEED_ROW = (
    Link("Open", "/api/tweets/{id}/"),
    Link("Comments", "/api/comments/?tweet_id={id}"),
    Link("Like", "/api/likes/?content_type=tweet&object_id={id}"),
    Link("Author", "/api/users/{tweet[user][id]}/"),
)
FRIENDSHIP_ROWS = Rows("results", "{user[username]}", (Link("Open", "/api/users/{user[id]}/"),))


class PageRenderer(BrowsableRenderer):
    """
    The pages of this site.
    """

    template = "site/page.html"
    links = {
        "_None": (
            *OUTSIDE,
            *INSIDE,
            Link("My notifications", "/api/notifications/", "users"),
            Link("Swagger UI", "/api/docs/"),
            Link("Redoc", "/api/redoc/"),
        ),
        "accounts_list": OUTSIDE,
        "accounts_signup": (*OUTSIDE[1:], *INSIDE),
        "accounts_login": (*OUTSIDE[:1], *INSIDE),
        "accounts_login_status": (*OUTSIDE, *INSIDE),
        "accounts_logout": OUTSIDE,
        "accounts_password": INSIDE,
        "accounts_me": OUTSIDE,
        "users_retrieve": USER,
        "users_by": USER,
        "profiles_None": INSIDE[2:],
        "profiles_update": INSIDE[2:],
        "friendships_followers": SIDES,
        "friendships_followings": SIDES,
        "friendships_follow": (*SIDES, Link("Unfollow", "/api/friendships/{pk}/unfollow/", "others")),
        "friendships_unfollow": (*SIDES, Link("Follow", "/api/friendships/{pk}/follow/", "others")),
        "newsfeeds_list": INSIDE[1:],
        "tweets_list": (Link("Author", "/api/users/{asked[user_id]}/"),),
        "tweets_create": (Link("Open", "/api/tweets/{id}/"), *TWEET),
        "tweets_retrieve": (*TWEET, Link("More comments", "{comments_next}")),
        "comments_list": (Link("The tweet", "/api/tweets/{asked[tweet_id]}/"),),
        "comments_create": (Link("The tweet", "/api/tweets/{tweet_id}/"), *COMMENT),
        "comments_update": (Link("The tweet", "/api/tweets/{tweet_id}/"), *COMMENT[:1]),
        "likes_create": (
            *LIKED,
            Link("Take it back", "/api/likes/cancel/?content_type={asked[content_type]}&object_id={asked[object_id]}"),
        ),
        "likes_cancel": LIKED,
        "notifications_list": (
            *NOTIFICATION,
            Link("How many are unread", "/api/notifications/unread-count/"),
            Link("Mark all as read", "/api/notifications/mark-all-as-read/"),
        ),
        "notifications_update": NOTIFICATION,
        "notifications_unread_count": NOTIFICATION,
        "notifications_mark_all_as_read": NOTIFICATION,
    }
    labels = {
        "signup": "Sign up",
        "login": "Log in",
        "logout": "Log out",
        "password": "Change my password",
        "me": "Close my account",
        "cancel": "Unlike",
    }
    cards = {
        "tweets_create": TWEET_CARD,
        "tweets_retrieve": TWEET_CARD,
        "users_retrieve": USER_CARD,
        "users_by": USER_CARD,
    }
    rows = {
        "newsfeeds_list": Rows(
            "results", "{tweet[user][username]}: {tweet[content]}", FEED_ROW, ("tweet", "photo_urls")
        ),
        "tweets_list": Rows("results", "{content}", TWEET_ROW, ("photo_urls",)),
        "tweets_retrieve": Rows("comments", WORDS, COMMENT),
        "comments_list": Rows("comments", WORDS, COMMENT),
        "friendships_followers": FRIENDSHIP_ROWS,
        "friendships_followings": FRIENDSHIP_ROWS,
        "users_list": Rows("results", "{username}", (Link("Open", "/api/users/{id}/"),)),
        "notifications_list": Rows(
            "results",
            "{actor[username]} {verb}",
            (
                Link("What it is about", "/api/{target_content_type}s/{target_object_id}/"),
                Link("Mark", "/api/notifications/{id}/"),
            ),
        ),
    }

    def get_context(self, data, accepted_media_type, renderer_context):
        context = super().get_context(data, accepted_media_type, renderer_context)
        return context | {"writes_here": writes_here(context)}


def writes_here(context):
    """
    Say whether a page has the box to write a tweet in: somebody's home feed, if the feature is on for them.
    """
    if page_key(context["view"]) != "newsfeeds_list" or not context["user"].is_authenticated:
        return False
    return GatekeeperService.is_on(WRITE_FROM_HOME, context["user"].id)
