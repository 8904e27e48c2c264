"""
Demo data: a few people who follow each other and have posted tweets.
"""

import random
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.models import User, UserProfile
from accounts.services import AccountService
from friendships.services import FriendshipService
from gatekeeper.services import GatekeeperService
from newsfeeds.services import PostingService
from twitter.page_bodies import WRITE_FROM_HOME

PASSWORD = "demo-password"  # noqa: S105 (published on purpose)
# Far above the ids of loaded graphs, so that both fit into one database.
FIRST_ID = 1_000_000_001
NAMES = (
    "alice",
    "bob",
    "carol",
    "dave",
    "erin",
    "frank",
    "grace",
    "heidi",
    "ivan",
    "judy",
    "mallory",
    "olivia",
    "peggy",
)
SAYINGS = (
    "Good morning! Who else is reading this feed?",
    "Push means: the work is done when I post, not when you read.",
    "One row per follower. That is the whole trick.",
    "A cache is a promise that somebody will remember to forget.",
    "Today I learned that a queue is not a database.",
    "Coffee first, fan-out later.",
)


def accounts_with_published_password() -> list[User]:
    """
    Return the demo people who still have the published password. It takes 30 ms for each of them.
    """
    people = User.objects.filter(id__range=(FIRST_ID, FIRST_ID + len(NAMES) - 1), is_active=True)
    return [user for user in people if check_password(PASSWORD, user.password)]


class Command(BaseCommand):
    help = "Makes some people who follow each other and post, once. Their password is published: not for production."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--close", action="store_true", help="close the accounts that still have that password")

    def handle(self, *, close: bool, **options: Any) -> None:
        if close:
            self.close_accounts()
        elif settings.SECURE:
            raise CommandError("SECURE=on refuses demo people: their password is published. Leave DEMO off.")
        else:
            self.make_people()

    def close_accounts(self) -> None:
        """
        Close the accounts that anybody could log in to; tasks purge what they wrote.
        """
        users = accounts_with_published_password()
        for user in users:
            AccountService.delete_account(user=user, password=PASSWORD)
        self.stdout.write(f"{len(users)} demo accounts are closed.")

    def make_people(self) -> None:
        if User.objects.filter(id=FIRST_ID).exists():
            self.stdout.write("The demo people exist already.")
            return
        dice = random.Random(7)
        with transaction.atomic():
            people = [self.create_person(FIRST_ID + position, name) for position, name in enumerate(NAMES)]
            for follower in people:
                for followee in dice.sample(people, 6):
                    if follower != followee:
                        FriendshipService.follow(follower=follower, followee=followee)
            for saying in SAYINGS:
                PostingService.post_tweet(author=dice.choice(people), content=saying)
            for person in people[:5]:
                PostingService.post_tweet(
                    author=person, content=f"Hello, {person.username.removesuffix('_demo')} here."
                )
            self.switch_a_feature_on(people[0])
        self.stdout.write(f"{len(people)} demo people: log in as alice_demo with the password {PASSWORD}.")

    def switch_a_feature_on(self, person: User) -> None:
        """
        Let one person and half of the other users write tweets on the home page.
        """
        GatekeeperService.define(
            name=WRITE_FROM_HOME,
            description="A box on the home page to write a tweet in",
            percentage=50,
            allowed=[person.id],
        )

    def create_person(self, id: int, name: str) -> User:
        user = User(id=id, username=f"{name}_demo", email=f"{name}@demo.invalid")
        user.set_password(PASSWORD)
        user.save(force_insert=True)
        UserProfile.objects.create(user=user, nickname=name.title())
        return user
