"""
Where the project runs: profile, folder, address. The other parts begin from here.

Every knob of the environment, here and in the other parts, is listed in .env.example and docs/operations.md.
"""

import os
import socket
from pathlib import Path
from typing import TypeVar

import environ

Number = TypeVar("Number", int, float)

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VERSION = (BASE_DIR / "VERSION").read_text().strip()

env = environ.Env()


def choice(knob: str, first: str, *others: str) -> str:
    """
    Return what the environment sets `knob` to, and `first` where it says nothing or nothing but blanks.

    :raises ImproperlyConfigured: it is none of those.
    """
    options = (first, *others)
    value = env.str(knob, "").strip() or first
    if value not in options:
        raise environ.ImproperlyConfigured(f"{knob} is {' or '.join(map(repr, options))}, not {value!r}")
    return value


def positive(knob: str, default: Number) -> Number:
    """
    Return the number above 0 that the environment sets `knob` to, of the type of `default`, and that where it says nothing.

    :raises ImproperlyConfigured: it is no such number.
    """
    text = env.str(knob, "").strip() or str(default)
    try:
        value = type(default)(text)
    except ValueError:
        value = type(default)(0)
    if not 0 < value < float("inf"):
        kind = "a whole number" if isinstance(default, int) else "a number"
        raise environ.ImproperlyConfigured(f"{knob} is {kind} above 0, not {text!r}")
    return value


def off_or_within(knob: str, *, above: int, below: int = 2**31) -> int:
    """
    Return the number that the environment sets `knob` to; 0, which is off, where it says nothing.

    :raises ImproperlyConfigured: it is neither 0 nor between the two.
    """
    text = env.str(knob, "").strip() or "0"
    if not text.isdecimal() or (int(text) and not above < int(text) < below):
        raise environ.ImproperlyConfigured(f"{knob} is 0 or a number above {above} and below {below}, not {text!r}")
    return int(text)


PROFILE = choice("PROFILE", "embedded", "stack")
EMBEDDED = PROFILE == "embedded"

DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / "var")))
if not DATA_DIR.is_absolute():
    DATA_DIR = BASE_DIR / DATA_DIR
# DATA_DIR contains password hashes and sessions, so no other account may read what our processes write.
os.umask(0o077)

if not EMBEDDED and (DATA_DIR / "stack.env").exists():
    # Written by `make stack-up`; variables of the environment take precedence.
    environ.Env.read_env(DATA_DIR / "stack.env")

# What this machine is called in logs and metrics. Said when several hosts of a test are one machine.
HOST_NAME = env.str("HOST_NAME", "") or socket.gethostname()

HOST = env.str("HOST", "127.0.0.1")
PORT = env.str("PORT", "8000")
if not PORT.isdecimal():
    raise environ.ImproperlyConfigured(f"PORT is a number, not {PORT!r}")
