"""
Draws the map of the project: `make map` writes docs/architecture.svg from the present imports.

One box a folder, the highest on top. An arc leaves where something is imported and ends where it is: on the right those
of services, storage, caches and models, on the left those of api/, admin, tasks and commands.
What climbs is red. The roof, which wires everybody together, and utils, which everybody may import, have no arcs.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

import grimp

from testing.tests.sources import APPS, ROOF, ROOT, UPSTAIRS

FOLDERS = (ROOF, *APPS)
PICTURE = ROOT / "docs" / "architecture.svg"
# The arrows that point up, each by decision: an api includes what higher apps know, so that a client needs one request.
DOCUMENTED = {
    ("tweets", "newsfeeds"): "posting writes the tweet and the author's own feed row in one transaction",
    ("tweets", "comments"): "a tweet is answered with its comments",
    ("accounts", "friendships"): "a person is answered with whether the caller follows them",
}

WIDTH, ROW, TOP = 760, 46, 70
BOX_LEFT, BOX_WIDTH, BOX_HEIGHT = 300, 160, 30


class Arrow(NamedTuple):
    """
    One folder that imports from another, upstairs (api, admin, tasks) or downstairs (all else).
    """

    importer: str
    imported: str
    upstairs: bool

    @property
    def climbs(self) -> bool:
        return FOLDERS.index(self.importer) > FOLDERS.index(self.imported)


def arrows() -> list[Arrow]:
    """
    Return every arrow between two folders, from the top down; tests and migrations are left out.
    """
    graph = grimp.build_graph(*FOLDERS)
    found: set[Arrow] = set()
    for module in graph.modules:
        folder, *parts = module.split(".")
        if {"tests", "migrations"} & set(parts):
            continue
        imported = {name.partition(".")[0] for name in graph.find_modules_directly_imported_by(module)}
        found.update(Arrow(folder, other, bool(UPSTAIRS & set(parts))) for other in imported - {folder})
    return sorted(found, key=lambda arrow: (*map(FOLDERS.index, arrow[:2]), arrow.upstairs))


def get_middle(folder: str) -> int:
    return TOP + FOLDERS.index(folder) * ROW + BOX_HEIGHT // 2


def draw(found: list[Arrow]) -> str:
    """
    Return the picture as SVG; the same arrows give the same text.
    """
    height = TOP + len(FOLDERS) * ROW + 10
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
        "<title>Which folder imports from which</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        *(label(x, words) for x, words in ((20, "upstairs: api, admin, tasks"), (540, "downstairs: all else"))),
        *(arc(arrow) for arrow in found if arrow.importer != ROOF and arrow.imported != "utils"),
        *boxes(),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def label(x: int, words: str) -> str:
    return f'<text x="{x}" y="40" font-size="14" fill="#57606a">{escape(words)}</text>'


def boxes() -> Iterator[str]:
    for folder in FOLDERS:
        y = get_middle(folder)
        yield (
            f'<rect x="{BOX_LEFT}" y="{y - BOX_HEIGHT // 2}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6" '
            'fill="#ddf4ff" stroke="#0969da"/>'
        )
        yield (
            f'<text x="{BOX_LEFT + BOX_WIDTH // 2}" y="{y + 5}" font-size="15" text-anchor="middle" fill="#1f2328">'
            f"{folder}/</text>"
        )


def arc(arrow: Arrow) -> str:
    start, end = get_middle(arrow.importer), get_middle(arrow.imported)
    edge, side = (BOX_LEFT, -1) if arrow.upstairs else (BOX_LEFT + BOX_WIDTH, 1)
    bulge = edge + side * (30 + abs(end - start) // 2)
    colour = "#cf222e" if arrow.climbs else "#57606a"
    words = f"{arrow.importer} imports from {arrow.imported}"
    # The arrowhead points into the box, from the side on which the arc ends.
    head = f"M{edge + side * 9} {end - 4}L{edge + side} {end}L{edge + side * 9} {end + 4}Z"
    return (
        f'<g stroke="{colour}" fill="none" opacity="0.75"><title>{words}</title>'
        f'<path d="M{edge} {start}C{bulge} {start} {bulge} {end} {edge + side * 8} {end}" '
        f'stroke-width="1.5"/><path d="{head}" fill="{colour}" stroke="none"/></g>'
    )


def main(path: Path = PICTURE) -> None:
    path.write_text(draw(arrows()))


if __name__ == "__main__":
    main()
