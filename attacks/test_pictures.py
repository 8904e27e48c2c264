"""
Pictures: bombs, wrong types, hidden content, file names, numbers of files, and who waits for them.
"""

import io
import itertools
import re
import statistics
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from PIL import Image

from attacks import pictures
from attacks.client import part

# A process and its decoder together grow by less than this, for any picture (docs/operations.md).
GROWTH_MEGABYTES = 320
FLOOD_SECONDS, FLOODERS = 8, 3
PATIENCE_SECONDS = 0.5


def post(person, *photos, content="Look at this", **more):
    parts = [part("files", photo, filename="a.png", **more) for photo in photos]
    return person.multipart("/api/tweets/", part("content", content), *parts, timeout=60)


def stored(person, response):
    """
    Return the bytes of the first photo of a tweet, as the site serves them.
    """
    return person.get(urlsplit(response.json["photo_urls"][0]).path).body


def grown_by(site, action):
    """
    Return by how many megabytes the peak memory of web processes and decoders has grown, and the result of `action`.
    """
    before = sum(site.megabytes().values())
    site.reset_peaks()
    result = action()
    return sum(site.megabytes("VmHWM").values()) - before, result


BOMBS = {
    "13,300 by 13,300": {"width": 13_300, "height": 13_300},
    "60,000 by 60,000": {"width": 60_000, "height": 60_000},
    "a billion in a line": {"width": 1_000_000_000, "height": 1},
}
THIN = {
    "1 by 25,000,000": {"width": 1, "height": 25_000_000},
    "25,000,000 by 1": {"width": 25_000_000, "height": 1},
    "40,000 by 600": {"width": 40_000, "height": 600},
}
LARGE = [(0, 8), (0, 16), (2, 8), (2, 16), (3, 8), (4, 8), (4, 16), (6, 8), (6, 16)]


@pytest.mark.parametrize("kind", BOMBS)
def test_a_pixel_bomb_is_refused_before_it_is_decoded(site, kind, measured):
    attacker = site.person(is_unlimited=True)
    bomb = pictures.SIGNATURE + pictures.black_png(8, 8)[8:] if BOMBS[kind]["width"] > 20_000 else None
    if bomb:
        # Only the header is wrong, which is visible without decoding.
        header = pictures.struct.pack(">IIBBBBB", BOMBS[kind]["width"], BOMBS[kind]["height"], 1, 0, 0, 0, 0)
        bomb = pictures.SIGNATURE + pictures.chunk(b"IHDR", header) + bomb[33:]
    else:
        bomb = pictures.black_png(**BOMBS[kind])

    grown, response = grown_by(site, lambda: post(attacker, bomb))

    measured.append(f"{len(bomb):,} bytes: {grown:.0f} MB, {response.seconds * 1000:.0f} ms")
    assert (response.status, list(response.json["errors"])) == (400, ["files"])
    assert grown < 100 and response.seconds < PATIENCE_SECONDS


@pytest.mark.parametrize("kind", THIN)
def test_a_picture_of_any_aspect_stays_within_the_memory_that_is_promised(site, kind, measured):
    attacker = site.person(is_unlimited=True)
    picture = pictures.black_png(**THIN[kind], depth=8)

    grown, response = grown_by(site, lambda: post(attacker, picture))

    measured.append(f"{response.status}, {grown:.0f} MB")
    assert response.status in (201, 400)
    assert grown < GROWTH_MEGABYTES


@pytest.mark.parametrize(("colour_type", "depth"), LARGE)
def test_a_picture_of_any_mode_stays_within_the_memory_that_is_promised(site, colour_type, depth, measured):
    attacker = site.person(is_unlimited=True)
    picture = pictures.black_png(5_000, 5_000, depth=depth, colour_type=colour_type)

    grown, response = grown_by(site, lambda: post(attacker, picture))

    measured.append(f"{response.status}, {len(picture) // 1024} KB, {grown:.0f} MB, {response.seconds:.1f} s")
    assert response.status in (201, 400)
    assert grown < GROWTH_MEGABYTES


WRONG = {
    "EPS": pictures.EPS,
    "SVG": pictures.SVG,
    "PDF": b"%PDF-1.4\n%%EOF",
    "HTML": b"<html>" + pictures.SCRIPT,
    "ZIP": b"PK\x03\x04" + b"\0" * 40,
    "BMP": pictures.small("BMP"),
    "TIFF": pictures.small("TIFF"),
    "truncated": pictures.small()[:-40],
    "empty": b"",
    "broken checksum": pictures.small()[:-20] + b"\xff" * 20,
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_no_picture_of_ours_is_refused(site, kind):
    response = post(site.person(is_unlimited=True), WRONG[kind])

    assert (response.status, list(response.json["errors"])) == (400, ["files"]), response


def test_what_hides_behind_or_inside_a_picture_is_not_stored(site):
    text = pictures.chunk(b"tEXt", b"Comment\0" + pictures.SCRIPT)
    hiding = [
        pictures.small() + pictures.SCRIPT,
        pictures.black_png(8, 8, extra=text),
        pictures.small("GIF") + b"PK\3\4",
    ]
    person = site.person(is_unlimited=True)

    for picture in hiding:
        response = post(person, picture)
        if response.status == 400:
            continue
        kept = stored(person, response)
        assert b"<script" not in kept and b"PK\3\4" not in kept
        assert kept.endswith(b"IEND\xaeB`\x82")


def test_ten_thousand_frames_become_one(site, measured):
    person = site.person(is_unlimited=True)

    response = post(person, pictures.animation(10_000))

    measured.append(f"{response.status}, {response.seconds * 1000:.0f} ms")
    assert response.status in (201, 400) and response.seconds < 2
    if response.status == 201:
        assert getattr(Image.open(io.BytesIO(stored(person, response))), "n_frames", 1) == 1


def test_a_photo_does_not_tell_where_it_was_taken(site):
    person = site.person(is_unlimited=True)

    kept = stored(person, post(person, pictures.phone_photo()))

    image = Image.open(io.BytesIO(kept))
    assert dict(image.getexif()) == {} and b"Attacker" not in kept
    # It is upright, as the phone meant it.
    assert image.size == (48, 64)


@pytest.mark.parametrize(
    "filename", ["../../../etc/passwd.png", "a.php.png", "x.svg", "x" * 300 + ".png", "%2e%2e%2fa.png", "a;b.png"]
)
def test_the_name_of_a_file_is_used_for_nothing(site, filename):
    person = site.person(is_unlimited=True)

    response = person.multipart(
        "/api/tweets/", part("content", "Named photo"), part("files", pictures.small(), filename=filename)
    )

    (address,) = response.json["photo_urls"]
    assert re.fullmatch(r"https://localhost/media/photos/[0-9a-f]{2}/[0-9a-f]{32}\.png", address)
    names = {path.name for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()}
    assert all(re.fullmatch(r"[0-9a-f]{32}\.(png|jpg|webp)", name) for name in names)


def test_no_tenth_photo_and_no_file_over_its_size(site):
    person = site.person(is_unlimited=True)

    many = post(person, *[pictures.small()] * 10)
    hundred = post(person, *[pictures.small()] * 100)
    large = post(person, pictures.small() + b"\0" * 11_000_000)

    assert many.json["errors"]["message"] == ["You can upload 9 photos at most"]
    assert [response.status for response in (many, hundred, large)] == [400, 400, 400]


def test_others_read_and_write_on_while_three_accounts_send_the_most_expensive_pictures(site, measured):
    author, reader, writer = site.person(), site.person(), site.person()
    tweet = author.post("/api/tweets/", {"content": "Read by somebody"}).json["id"]
    picture, statuses, waits, writes = pictures.black_png(5_000, 5_000, depth=8, colour_type=6), [], [], []
    end = time.monotonic() + FLOOD_SECONDS

    def flood(attacker):
        avatar = part("avatar", picture, filename="a.png")
        while time.monotonic() < end:
            path = f"/api/profiles/{attacker.user.profile.id}/"
            statuses.append(attacker.multipart(path, avatar, method="PUT", timeout=60).status)
            time.sleep(0.3)

    def write():
        while time.monotonic() < end:
            writes.append(writer.post("/api/comments/", {"tweet_id": tweet, "content": "Well said"}))
            time.sleep(0.4)

    attackers = [site.person() for _ in range(FLOODERS)]
    threads = [threading.Thread(target=flood, args=[attacker]) for attacker in attackers * 4]
    threads.append(threading.Thread(target=write))
    for thread in threads:
        thread.start()
    for path in itertools.cycle(["/api/newsfeeds/", f"/api/tweets/?user_id={author.id}"]):
        if time.monotonic() > end:
            break
        waits.append(reader.get(path))
        # The reader's own limit is five a second of each.
        time.sleep(0.11)
    for thread in threads:
        thread.join()

    seconds = sorted(response.seconds for response in waits)
    slowest = seconds[len(seconds) * 99 // 100]
    write_seconds = statistics.median(response.seconds for response in writes)
    counts = {status: statuses.count(status) for status in sorted(set(statuses))}
    measured.append(
        f"others' reads: median {statistics.median(seconds) * 1000:.0f} ms, p99 {slowest * 1000:.0f} ms; "
        f"writes: median {write_seconds * 1000:.0f} ms; "
        f"attackers: {counts}"
    )
    assert {response.status for response in waits} == {200}
    assert set(statuses) <= {200, 429, 503}
    assert {response.status for response in writes} <= {201, 429}
    assert slowest < PATIENCE_SECONDS and write_seconds < PATIENCE_SECONDS
