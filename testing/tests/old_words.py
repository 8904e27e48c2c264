"""
Words that were replaced; docs/glossary.md has the present ones.
"""

import ast
import re

from testing.tests.sources import ROOT, Source

# Wrong wherever they stand, in a sentence as in code.
OLD_WORDS = re.compile(
    r"\b(ledger|companions?|let_go|write_down|PASSING|TROUBLE|FAILURES|NO_ANSWER|LIST_CACHE_CAP|CURSOR_MAX|next_window|"
    r"settle_[a-z]+|(tweet|removal)_batch_cut|[a-z]+_purge_goes_on|peek|"
    r"(record|account|source|picture)_of|next_look_at|LOOK_(WAIT_)?SECONDS|lest|of late|for ever|"
    r"(MOST|LONGEST|LARGEST)_[A-Z]+)\b"
)
# Good English, but no names of functions, classes, arguments and variables. `any_of` is what mathematicians say.
OLD_NAMES = re.compile(r"answers|doors?|things?|tell|trips|keep|hold|settle|[A-Z_]+_(CAP|MAX)|(?!any_of$)[a-z_]+_of")
TEXT_FILES = {".py", ".md", ".html", ".js", ".sh", ".yml", ".toml"}
# What programs make, and what says how it once was: the rows and queues of earlier releases have those names.
LEFT_OUT = re.compile(
    r"\.|var/|(.*/)?(node_modules|migrations)/|CHANGELOG\.md|testing/tests/(old_words|test_house_rules)\.py|"
    r"outbox/tests/test_events\.py|inbox/tests/test_order_of_events\.py"
)


def tree():
    """
    Return every file that people read: code, tests, documents, scripts.
    """
    tops = [top for top in sorted(ROOT.iterdir()) if not LEFT_OUT.match(f"{top.name}/")]
    paths = [path for top in tops for path in (sorted(top.rglob("*")) if top.is_dir() else [top])]
    texts = {path.relative_to(ROOT).as_posix(): path for path in paths if path.suffix in TEXT_FILES and path.is_file()}
    return [Source(name, path.read_text()) for name, path in texts.items() if not LEFT_OUT.match(name)]


def old_words_are_gone(sources):
    """
    Find words that were replaced. Aliases may name them.
    """
    return [
        f"{source.path}:{number}: {match[0]}"
        for source in sources
        for number, line in enumerate(source.text.splitlines(), start=1)
        if (match := OLD_WORDS.search(line)) and "alias" not in line
    ]


def old_names_are_gone(sources):
    """
    Find functions, classes, arguments and variables that have a name by which nobody would look for them.
    """
    return [
        source.at(node, name)
        for source in sources
        if not source.is_migration
        for node in source.walk(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.arg, ast.Name)
        if (name := name_given_by(node)) and OLD_NAMES.fullmatch(name)
    ]


def name_given_by(node):
    if isinstance(node, ast.Name):
        return node.id if isinstance(node.ctx, ast.Store) else None
    return node.arg if isinstance(node, ast.arg) else node.name
