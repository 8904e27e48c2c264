"""
Takes the pictures in docs/screenshots: python -m testing.screenshots SITE FOLDER, by deploy/screenshots.sh.
"""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw

from testing.chromium import Chromium

DEMO_PASSWORD = "demo-password"
MODERATOR = "moderator"
# A page is text in few colours; with a palette the file has a third of the size.
COLOURS = 96


class Photographer:
    """
    Visits the site as a new user, alice_demo, bob_demo and a moderator, and takes the pictures.
    """

    def __init__(self, page, folder):
        self.page = page
        self.folder = folder

    def shoot(self, name):
        picture = Image.open(io.BytesIO(self.page.driver.get_screenshot_as_png())).convert("RGB")
        picture.quantize(COLOURS).save(self.folder / f"{name}.png", optimize=True)

    def a_stranger_looks_around(self):
        self.page.open("/api/")
        self.shoot("root")
        self.page.follow("Sign up")
        self.page.send("#form_signup", username="no", email="dorothy@example.com", password="short")
        self.shoot("signup-errors")
        for path, drawn in (("docs", ".opblock"), ("redoc", "h1")):
            self.page.open(f"/api/{path}/")
            self.page.find(drawn)
            self.shoot(path)

    def somebody_new_signs_up(self):
        self.page.open("/api/accounts/signup/")
        self.page.send("#form_signup", username="dorothy", email="dorothy@example.com", password="rainbows and lions")
        self.shoot("first-session")
        self.page.driver.delete_all_cookies()

    def alice_reads_and_writes(self):
        self.page.log_in("alice_demo", DEMO_PASSWORD)
        self.page.open("/api/")
        self.page.follow("Write a tweet")
        self.page.send("#form_create", content="Two views from my window this morning.", files=two_views())
        self.page.press(".like")
        self.page.turn_page(self.page.find(".row-head time").click)
        self.page.send("#comment", content="The second one is my favourite.")
        self.tweet_id = self.page.find("article").get_attribute("id").removeprefix("tweet_")
        self.page.open(f"/api/tweets/{self.tweet_id}/")
        self.shoot("tweet")
        for words, name in (("Home", "home-feed"), ("alice_demo", "person"), ("Inbox", "inbox")):
            self.page.follow(words)
            self.shoot(name)
        self.page.resize(390, 844)
        self.page.open("/api/newsfeeds/")
        self.shoot("home-feed-phone")
        self.page.prefer("dark")
        self.page.open(f"/api/tweets/{self.tweet_id}/")
        self.shoot("tweet-dark-phone")
        self.page.prefer("light")
        self.page.resize(1000, 1000)

    def bob_reports_her_tweet(self):
        self.page.driver.delete_all_cookies()
        self.page.log_in("bob_demo", DEMO_PASSWORD)
        self.page.open("/api/reports/")
        self.page.send(
            "#form_create", content_type="tweet", object_id=self.tweet_id, reason="These are not her windows"
        )

    def a_moderator_looks_at_the_queues(self):
        self.page.driver.delete_all_cookies()
        self.page.resize(1300, 800)
        self.page.open("/admin/")
        self.shoot("admin-login")
        self.page.send("#login-form", username=MODERATOR, password=DEMO_PASSWORD)
        self.shoot("admin")
        self.page.follow("Tweet photos")
        self.shoot("admin-photo-queue")
        self.page.open("/admin/moderation/report/")
        self.shoot("admin-reports")
        self.page.open("/admin/accounts/user/")
        self.shoot("admin-users")


def two_views():
    """
    Return the paths of two new pictures.
    """
    folder = Path(tempfile.mkdtemp(prefix="views"))
    views = (("morning", (253, 186, 116), (14, 116, 144)), ("noon", (125, 211, 252), (21, 128, 61)))
    for name, sky, ground in views:
        picture = Image.new("RGB", (640, 400), sky)
        draw = ImageDraw.Draw(picture)
        draw.ellipse((430, 60, 530, 160), fill=(254, 240, 138))
        draw.polygon([(0, 400), (0, 300), (200, 180), (400, 310), (520, 240), (640, 320), (640, 400)], fill=ground)
        picture.save(folder / f"{name}.png")
    return [str(folder / f"{name}.png") for name, *_ in views]


def main(site, folder):
    with Chromium(site, width=1000, height=1000) as page:
        photographer = Photographer(page, Path(folder))
        photographer.a_stranger_looks_around()
        photographer.somebody_new_signs_up()
        photographer.alice_reads_and_writes()
        photographer.bob_reports_her_tweet()
        photographer.a_moderator_looks_at_the_queues()


if __name__ == "__main__":
    main(*sys.argv[1:])
