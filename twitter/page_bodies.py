"""
What pages show besides the response: the people and objects that it is about, and what to do next.

Only pages call these functions, so JSON responses do not pay for them. Each costs a constant number of queries.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.contrib.auth.models import AnonymousUser

from accounts.api.serializers import user_shape
from accounts.models import User, UserProfile
from accounts.services import AccountService
from comments.constants import MAX_CONTENT_LENGTH as COMMENT_LENGTH
from comments.models import Comment
from friendships.services import FriendshipService
from gatekeeper.services import GatekeeperService
from tweets.api.serializers import tweet_shape
from tweets.constants import MAX_CONTENT_LENGTH as TWEET_LENGTH
from tweets.models import Tweet, TweetPhoto
from tweets.services import TweetService
from utils.api.pagination import DEFAULT_LIMIT, is_first_page
from utils.database.pagination import IdRange
from utils.images.media import file_url

# The feature of writing a tweet on the home page, released gradually.
WRITE_FROM_HOME = "write_from_home"

# The counters that a row in a list of people shows.
COUNTS = ("tweets_count", "followers_count", "followings_count")

# Any: the context of a template, and an object of a JSON response.
Context = dict[str, Any]
Shape = dict[str, Any]


class Body(NamedTuple):
    """
    How a page shows its response: a template, and a function that loads the rest of its context.
    """

    template: str
    load: Callable[[Context], Context] = lambda context: {}


def home(context: Context) -> Context:
    """
    Return the tweets, whether the page has a box to write in, and for an empty feed suggestions of people to follow.
    """
    user, rows = context["user"], context["data"]["results"]
    is_empty = not rows and is_first_page(context["request"])
    suggested = FriendshipService.get_suggestions(viewer=user) if is_empty else []
    return {
        "writes_here": GatekeeperService.is_on(name=WRITE_FROM_HOME, subject=user.id),
        "tweets": with_photos([row["tweet"] for row in rows], context),
        "people": with_counts([user_shape(record, context["request"]) for record in suggested]),
        "followed": set(),
        "limit": TWEET_LENGTH,
    }


def timeline(context: Context) -> Context:
    """
    Return the author and the tweets. The form to write one is only on the user's own page.
    """
    user_id = int(context["request"].query_params["user_id"])
    is_own = user_id == context["user"].pk
    return {
        "person": load_person(user_id, context),
        "tweets": with_photos(context["data"]["results"], context),
        "forms": context["forms"] if is_own else [],
    }


def tweet(context: Context) -> Context:
    """
    Return the tweet of the page.
    """
    (shown,) = with_photos([context["data"]], context)
    return {"tweet": shown, "person": shown["user"], "limit": COMMENT_LENGTH}


def person(context: Context) -> Context:
    """
    Return the person of the page and their newest tweets.
    """
    newest = TweetService.load_timeline(
        user_id=context["data"]["id"], viewer=context["user"], id_range=IdRange(), limit=DEFAULT_LIMIT
    )
    tweets = [tweet_shape(loaded, context["request"]) for loaded in newest.rows]
    return {"person": context["data"], "tweets": with_photos(tweets, context)}


def friendships(context: Context) -> Context:
    """
    Return the person whose followers or followings these are, the people, and whom of them the user follows.
    """
    rows = context["data"]["results"]
    return {
        "person": load_person(int(context["view"].kwargs["pk"]), context),
        "people": with_counts([row["user"] for row in rows]),
        "followed": {row["user"]["id"] for row in rows if row["has_followed"]},
    }


def people(context: Context) -> Context:
    """
    Return the people, and whom of them the user follows.
    """
    rows = context["data"]["results"]
    followed = FriendshipService.load_followed_among(viewer=context["user"], user_ids=[row["id"] for row in rows])
    return {"people": with_counts(rows), "followed": followed}


def inbox(context: Context) -> Context:
    """
    Return the notifications, each with its address and the text of what it is about; two queries at most.
    """
    rows, user = context["data"]["results"], context["user"]
    comments = load_subjects(Comment, rows, user, "tweet_id", "content")
    tweets = load_subjects(Tweet, rows, user, "content")
    return {"notifications": [{**row, **describe_subject(row, tweets, comments)} for row in rows]}


def load_subjects(
    model: type[Tweet | Comment], rows: Iterable[Shape], viewer: User | AnonymousUser, *fields: str
) -> dict[int, Shape]:
    """
    Return {id: row} of the rows of `model` that notifications are about and that `viewer` may see.
    """
    wanted_type = model.content_type_name()
    roles = [
        (row[f"{role}_content_type"], row[f"{role}_object_id"]) for row in rows for role in ("target", "action_object")
    ]
    ids = {int(id) for content_type, id in roles if content_type == wanted_type}
    return {
        subject["id"]: subject for subject in model.objects.visible_to(viewer).filter(id__in=ids).values("id", *fields)
    }


def describe_subject(row: Shape, tweets: dict[int, Shape], comments: dict[int, Shape]) -> Shape:
    """
    Return {address, words} of what a notification is about; if it no longer exists, the address of the actor.
    """
    role = "action_object" if row["action_object_object_id"] else "target"
    subjects = {"tweet": tweets, "comment": comments}.get(row[f"{role}_content_type"], {})
    subject = subjects.get(int(row[f"{role}_object_id"]))
    if subject is None:
        return {"address": f"/api/users/{row['actor']['id']}/", "words": ""}
    if "tweet_id" in subject:
        return {"address": f"/api/tweets/{subject['tweet_id']}/#comment_{subject['id']}", "words": subject["content"]}
    return {"address": f"/api/tweets/{subject['id']}/", "words": subject["content"]}


def with_photos(tweets: list[Shape], context: Context) -> list[Shape]:
    """
    Return Tweet shapes with `photos`, pairs of URLs: a photo and its thumbnail, or the photo again until it has one.

    One query if there are photos.
    """
    ids = [tweet["id"] for tweet in tweets if tweet["photo_urls"]]
    keys = TweetPhoto.objects.filter(tweet_id__in=ids).exclude(thumbnail_key="").values_list("key", "thumbnail_key")
    addresses = [[file_url(key, context["request"]) for key in pair] for pair in keys]
    # By path, because a signed URL is different each time.
    thumbnails = {get_path(photo): thumbnail for photo, thumbnail in addresses}
    return [
        {**tweet, "photos": [(url, thumbnails.get(get_path(url), url)) for url in tweet["photo_urls"]]}
        for tweet in tweets
    ]


def get_path(url: str) -> str:
    return urlsplit(url).path


def with_counts(people: list[Shape]) -> list[Shape]:
    """
    Return User shapes with COUNTS; one query.
    """
    profiles = UserProfile.objects.filter(user_id__in=[person["id"] for person in people]).values("user_id", *COUNTS)
    counts = {profile.pop("user_id"): profile for profile in profiles}
    return [{**person, **counts.get(person["id"], {})} for person in people]


def load_person(user_id: int, context: Context) -> Shape | None:
    """
    Return the User shape of a user, None if there is none whom the caller may see.
    """
    record = AccountService.load_visible_users(user_ids=[user_id], viewer=context["user"]).get(user_id)
    person: Shape | None = user_shape(record, context["request"])
    return person


PEOPLE = Body("site/people.html", people)
FRIENDSHIPS = Body("site/people.html", friendships)
PERSON = Body("site/person_page.html", person)
BODIES = {
    "_None": Body("site/start.html"),
    "newsfeeds_list": Body("site/home.html", home),
    "newsfeeds_why": Body("site/why.html"),
    "tweets_list": Body("site/tweets.html", timeline),
    "tweets_retrieve": Body("site/tweet_page.html", tweet),
    "users_retrieve": PERSON,
    "users_by": PERSON,
    "users_list": PEOPLE,
    "users_search": PEOPLE,
    "friendships_followers": FRIENDSHIPS,
    "friendships_followings": FRIENDSHIPS,
    "comments_list": Body("site/comments.html"),
    "notifications_list": Body("site/inbox.html", inbox),
}
