"""
What the documents name in backticks, and whether the project has it.

A span of code is a path, a name behind the path it is in, a route, a command, a dotted name, or words. The first
kind that fits decides. Words must occur somewhere in the code; `doc_words.py` lists those of the outside world.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from django.conf import settings
from django.core.management import get_commands

from testing.contract import schema
from testing.tests.doc_code import WORD, code, defined_names, make_targets, without_words
from testing.tests.doc_words import OUTSIDE
from testing.tests.sources import APPS, ROOF, ROOT

DOCUMENTS = ("*.md", "docs/*.md", "docs/learn/*.md", "docs/adr/*.md")
# A history names what is no more.
HISTORY = {"CHANGELOG.md"}
# Where a path may begin that does not begin at the root.
FOLDERS = (ROOF, *APPS, "deploy", "deploy/hbase", "deploy/hbase/conf", "docs")

SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
PATH = re.compile(r"[\w.*-]+(/[\w.-]+)*(/|\.(py|sh|md|txt|toml|json|ya?ml|conf|in|html|css|js|java))")
NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
ROUTE = re.compile(r"(?:(GET|POST|PUT|PATCH|DELETE) )?/?((?:[a-z_-]+|\{\w+\})(?:/(?:[a-z_-]+|\{\w+\}))*/)")
COMMAND = re.compile(r"(?:^|\s)(?:make ([a-z][a-z-]*)|manage\.py ([a-z_]+))")
# Names that follow a path in a document belong to it as long as nothing but this stands between them.
BETWEEN = re.compile(r"[\s,(]*(and )?")


@dataclass(frozen=True)
class Span:
    """
    One piece of code in a document, and the path whose names it stands among, if any.
    """

    document: str
    line: int
    text: str
    path: str | None

    def __str__(self):
        return f"{self.document}:{self.line}: `{self.text}`"


def documents():
    """
    Return {path: text} of every document that speaks of the project as it is.
    """
    paths = sorted({path for pattern in DOCUMENTS for path in ROOT.glob(pattern)})
    return {path.relative_to(ROOT).as_posix(): path.read_text() for path in paths if path.name not in HISTORY}


def spans(document, text):
    """
    Return the code spans of a document; blocks of code have none.
    """
    return [span for number, line in prose(text) for span in spans_of_line(document, number, line)]


def prose(text):
    """
    Yield (number, line) of each line that is no code block.
    """
    fenced = False
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and not line.startswith("    "):
            yield number, line


def spans_of_line(document, number, line):
    path, end = None, 0
    for match in SPAN.finditer(line):
        text = match[1].strip()
        if path and not BETWEEN.fullmatch(line[end : match.start()]):
            path = None
        yield Span(document, number, text, path)
        end = match.end()
        if PATH.fullmatch(text) and places(text):
            path = text
        elif not NAME.fullmatch(text):
            path = None


def commands(document, text):
    """
    Return complaints about each `make TARGET` and `manage.py COMMAND` of a document, in blocks of code too.
    """
    complaints = []
    for number, line in enumerate(text.splitlines(), start=1):
        code = [line] if line.startswith(("    ", "$ ")) else SPAN.findall(line)
        for target, command in (groups for piece in code for groups in COMMAND.findall(piece)):
            if target and target not in make_targets():
                complaints.append(f"{document}:{number}: the Makefile has no {target}")
            if command and command not in get_commands():
                complaints.append(f"{document}:{number}: manage.py knows no {command}")
    return complaints


def complaint(span):
    """
    Say what is wrong with a span, None if nothing is.
    """
    if span.text in OUTSIDE:
        return None
    if span.path and NAME.fullmatch(span.text) and span.text not in knobs():
        return None if defines(span.path, span.text) else f"{span} is not defined in {span.path}"
    if PATH.fullmatch(span.text) and places(span.text):
        return None
    if route := ROUTE.fullmatch(span.text):
        return None if is_route(*route.groups()) else f"{span} is neither a route nor a folder"
    if PATH.fullmatch(span.text):
        return f"{span} does not exist"
    if NAME.fullmatch(span.text) and "." in span.text:
        return None if resolves(span.text) else f"{span} names nothing"
    lacking = sorted({word for word in WORD.findall(span.text) if not is_known(word)})
    return f"{span}: the code knows no {', '.join(lacking)}" if lacking else None


def is_known(word):
    """
    Say whether the code has a word, or words that begin with it (`get_`, `purge_…`).
    """
    if word.endswith("_"):
        return any(known.startswith(word) for known in code().words)
    return word in OUTSIDE or word in code().words


def places(path):
    """
    Return where a path may be: at the root, or else inside apps (`models.py`, `api/views.py`) and the like.
    """
    whole = [ROOT / path] if (ROOT / path).exists() else []
    return whole or [found for folder in FOLDERS if (found := ROOT / folder / path).exists()]


def defines(path, name):
    """
    Say whether a file or folder defines a name; of a dotted one, each part.
    """
    found = set()
    for place in places(path):
        for file in place.rglob("*.py") if place.is_dir() else [place]:
            text = file.read_text()
            found |= defined_names(text) if file.suffix == ".py" else set(WORD.findall(text))
    return all(part in found for part in name.split("."))


def is_route(method, path):
    """
    Say whether the API has this address, with this method if one is given; below `/api/` or as a whole.
    """
    wanted = re.sub(r"\{\w+\}", "{}", "/" + path.removeprefix("api/"))
    for template, operations in schema()["paths"].items():
        if re.sub(r"\{\w+\}", "{}", template.removeprefix("/api")) == wanted:
            return method is None or method.lower() in operations
    # A collection names all below it; and there are addresses beside the API.
    below = any(template.startswith(f"/api{wanted}") for template in schema()["paths"])
    return method is None and (below or wanted == "/api/" or f"{path}" in code().text)


def resolves(name):
    """
    Say whether a dotted name leads to something: an attribute of a class, a setting, what a module has, words of code.
    """
    head, *rest = name.split(".")
    if head == "settings":
        return hasattr(settings, rest[0])
    if head in code().classes:
        return any(has_attribute(module, head, rest[0]) for module in code().classes[head])
    if head in (ROOF, *APPS):
        return leads_somewhere(name) or name in code().text
    return name in code().text or all(is_known(part) for part in name.split("."))


def has_attribute(module, class_name, attribute):
    """
    Say whether a class has an attribute, its own or inherited; one inside another class is looked at as written.
    """
    path = ROOT / f"{module.replace('.', '/')}.py"
    if not path.exists():
        path = ROOT / module.replace(".", "/") / "__init__.py"
    cls = getattr(import_module(module), class_name, None)
    return hasattr(cls, attribute) if cls else attribute in defined_names(path.read_text())


def leads_somewhere(name):
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        path = ROOT.joinpath(*parts[:length])
        if path.is_dir() or path.with_suffix(".py").exists():
            file = path if path.is_dir() else path.with_suffix(".py")
            return all(defines(file, part) for part in parts[length:])
    return False


@cache
def knobs():
    """
    Return the names that `.env.example` lists.
    """
    return set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def cache_keys():
    """
    Return how the keys begin that the cache modules of the apps make: `tweet:`, `user_newsfeeds`, …
    """
    found = set()
    for path in [*ROOT.glob("*/cache.py"), *ROOT.glob("*/cache/*.py")]:
        text = without_words(path.read_text())
        found |= set(re.findall(r"\bf'([a-z_]+:)\{", text))
        found |= set(re.findall(r"\b(?:IdList\(|KEY = |[A-Z]+_PREFIX = )'([a-z_]+:?)'", text))
    return found
