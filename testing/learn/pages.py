"""
Chapters: what a command writes into them, and what is wrong with them.
"""

import ast
import platform
import re
import sqlite3
from dataclasses import dataclass
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEARN = ROOT / "docs/learn"
LANGUAGES = (".md", ".zh-CN.md")
CODE = re.compile(r"(<!-- code: (\S+?)::(\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
FIGURE = re.compile(r"(<!-- figure -->\n).*?(<!-- end -->)", re.DOTALL)
LINK = re.compile(r"\]\(([^)#:\s]+)\)")
# What both languages must have, in the same order.
STRUCTURE = re.compile(r"^#+ |<!-- .*? -->|\]\((?:pictures|solutions)/[^)]+\)", re.MULTILINE)
# The units of measurements that differ on Chinese pages.
UNITS = {"of 10": "种（共 10 种）", "operations": "个操作", "users": "个用户", "calls": "次调用", "SQL": "条 SQL"}
BAR, ROW, LEFT, WIDTH = 300, 34, 330, 760


@dataclass(frozen=True, slots=True)
class Figure:
    """
    What a chapter has measured.

    :param unit: in English; Chinese pages have the word of `UNITS`.
    :param rows: (English label, Chinese label, value), in the order of the page.
    """

    unit: str
    rows: list[tuple[str, str, float]]

    def in_language(self, language: str) -> tuple[str, list[tuple[str, str]]]:
        """
        Return the unit, and (label, value as text) of each row.
        """
        chinese = language != LANGUAGES[0]
        unit = UNITS.get(self.unit, self.unit) if chinese else self.unit
        return unit, [(row[chinese], f"{row[2]:,g}") for row in self.rows]

    def table(self, language: str) -> str:
        unit, rows = self.in_language(language)
        lines = "".join(f"| {label} | {value} |\n" for label, value in rows)
        machine = [platform.machine(), f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}"]
        measured = f"Measured on: {', '.join(machine)}."
        if language != LANGUAGES[0]:
            measured = f"测量环境：{'，'.join(machine)}。"
        return f"\n| | {unit} |\n|---|---:|\n{lines}\n{measured}\n\n"

    def picture(self, language: str) -> str:
        """
        Return the rows as a bar chart, in SVG.
        """
        unit, rows = self.in_language(language)
        most = max(row[2] for row in self.rows) or 1
        height = ROW * (len(self.rows) + 1)
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif" '
            f'font-size="14"><rect width="{WIDTH}" height="{height}" fill="white"/>'
        ]
        for number, (label, value) in enumerate(rows):
            top = ROW * number + 16
            length = max(2, round(BAR * self.rows[number][2] / most))
            parts.append(
                f'<text x="{LEFT - 10}" y="{top + 15}" text-anchor="end">{escape(label)}</text>'
                f'<rect x="{LEFT}" y="{top}" width="{length}" height="20" fill="#1d70b8"/>'
                f'<text x="{LEFT + length + 8}" y="{top + 15}">{value} {escape(unit)}</text>'
            )
        return "\n".join([*parts, "</svg>", ""])


class Steps(Figure):
    """
    A figure whose rows are steps, one after the other.
    """

    def picture(self, language: str) -> str:
        """
        Return the steps as boxes, each with an arrow to the next, in SVG.
        """
        unit, rows = self.in_language(language)
        height = 2 * ROW * len(self.rows)
        middle = WIDTH // 2
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif" '
            f'font-size="14"><rect width="{WIDTH}" height="{height}" fill="white"/>'
        ]
        for number, (label, value) in enumerate(rows):
            top = 2 * ROW * number + ROW // 2
            parts.append(
                f'<rect x="{middle - 260}" y="{top}" width="520" height="{ROW}" rx="6" fill="#e8f1f8" stroke="#1d70b8"/>'
                f'<text x="{middle - 244}" y="{top + 22}">{escape(label)}</text>'
                f'<text x="{middle + 244}" y="{top + 22}" text-anchor="end">{value} {escape(unit)}</text>'
            )
            if number < len(self.rows) - 1:
                end = top + 2 * ROW
                parts.append(
                    f'<path d="M{middle} {top + ROW} V{end - 8}" stroke="#1d70b8" stroke-width="2"/>'
                    f'<path d="M{middle - 6} {end - 9} h12 l-6 9 z" fill="#1d70b8"/>'
                )
        return "\n".join([*parts, "</svg>", ""])


def chapters() -> list[str]:
    """
    Return the names of the chapters, such as `10-one-like`, in their order.
    """
    return sorted(path.name.removesuffix(".zh-CN.md") for path in LEARN.glob("[0-9]*.zh-CN.md"))


def picture_path(chapter: str, language: str) -> str:
    return f"pictures/{chapter}{language.removesuffix('.md')}.svg"


def find_source(path: str, name: str) -> str:
    """
    Return the source of `name` in the file `path`, decorators included.

    :raises LookupError: it is not there.
    """
    text = (ROOT / path).read_text()
    body: list[ast.stmt] = ast.parse(text).body
    for part in name.split("."):
        for node in body:
            targets = getattr(node, "targets", [])
            if getattr(node, "name", None) == part or any(getattr(target, "id", None) == part for target in targets):
                break
        else:
            raise LookupError(f"{path} has no {name}")
        body = getattr(node, "body", [])
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
    lines = text.splitlines()[first - 1 : node.end_lineno]
    return "\n".join(line[node.col_offset :] for line in lines)


def with_code(text: str) -> str:
    """
    Return the page with the code as it is in the source now.
    """
    return CODE.sub(lambda found: f"{found[1]}```python\n{find_source(found[2], found[3])}\n```\n{found[4]}", text)


def renew(chapter: str, figure: Figure) -> None:
    """
    Write code, figure and picture of a chapter.
    """
    for language in LANGUAGES:
        page = LEARN / f"{chapter}{language}"
        table = figure.table(language)
        page.write_text(FIGURE.sub(lambda found: found[1] + table + found[2], with_code(page.read_text())))
        (LEARN / picture_path(chapter, language)).write_text(figure.picture(language))


def complaints(chapter: str) -> list[str]:
    """
    Return what is wrong with a chapter: old code, no figure, dead links, or languages that differ.
    """
    texts = {language: (LEARN / f"{chapter}{language}").read_text() for language in LANGUAGES}
    found = []
    for language, text in texts.items():
        name = f"{chapter}{language}"
        if with_code(text) != text:
            found.append(f"{name}: code is not that of the source; run make figures")
        if not (figure := FIGURE.search(text)) or "|---" not in figure[0]:
            found.append(f"{name}: has no figure; run make figures")
        found += [f"{name}: {link} is not there" for link in LINK.findall(text) if not (LEARN / link).exists()]
        required = [
            picture_path(chapter, language),
            f"solutions/{chapter[:2]}-a.diff",
            f"solutions/{chapter[:2]}-b.diff",
        ]
        found += [f"{name}: no link to {link}" for link in required if f"({link})" not in text]
    english, chinese = (STRUCTURE.findall(text.replace(".zh-CN.svg", ".svg")) for text in texts.values())
    if english != chinese:
        found.append(f"{chapter}: the languages have different sections, code, pictures or solutions")
    return found
