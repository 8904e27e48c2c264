"""
Measure the figures of all chapters, or of those whose numbers are given, and renew their pages and pictures.
"""

import sys

import testing.learn.environment  # noqa: F401 - first: sets Django up
from testing.learn import pages
from testing.learn.basics import BASICS
from testing.learn.figures import FIGURES

MEASUREMENTS = {**BASICS, **FIGURES}

for chapter in pages.chapters():
    if len(sys.argv) == 1 or str(int(chapter[:2])) in sys.argv[1:]:
        pages.renew(chapter, MEASUREMENTS[chapter]())
