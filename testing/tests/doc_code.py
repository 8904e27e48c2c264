"""
The project's code as an index of words, for what looks for a name in it.
"""

import ast
import re
from functools import cache, cached_property

from django.apps import apps
from django.core.management import get_commands

from testing.tests.sources import APPS, ROOF, ROOT

# What the project is made of, beside Python.
PROGRAMS = {".sh", ".js", ".ts", ".java", ".html", ".css"}
SETTINGS = {".conf", ".in", ".yaml", ".yml", ".toml", ".txt", ".json", ".xml"}
CODE = PROGRAMS | SETTINGS
NAMELESS = {".ci/run", ".env.example", ".gitignore", "Makefile", "Vagrantfile", "deploy/Dockerfile"}
UNKNOWN_FOLDERS = {".git", ".venv", "var", "node_modules", "docs"}
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]+")


@cache
def defined_names(text):
    """
    Return what a module gives a name to: classes, functions, variables, attributes and fields.
    """
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


class Code:
    """
    All text of the project that does something: without documents, tests, comments and docstrings.
    """

    @cached_property
    def classes(self):
        """
        Return {class name: modules that define it}, nested classes included.
        """
        classes = {}
        for path in self.files(".py"):
            module = path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
            if module.split(".")[0] in (ROOF, *APPS):
                for node in ast.walk(ast.parse(path.read_text())):
                    if isinstance(node, ast.ClassDef):
                        classes.setdefault(node.name, []).append(module)
        return classes

    @cached_property
    def text(self):
        python = [without_words(path.read_text()) for path in self.files(".py")]
        others = [path.read_text() for path in self.files(*CODE)]
        return "\n".join([*python, *others, *[(ROOT / name).read_text() for name in sorted(NAMELESS)]])

    @cached_property
    def words(self):
        paths = {part for path in self.files(".py", *CODE) for part in WORD.findall(path.relative_to(ROOT).as_posix())}
        tests = {word for word in self.test_words if word.startswith("test_")}
        tables = {model._meta.db_table for model in apps.get_models()}
        return set(WORD.findall(self.text)) | paths | tests | tables | make_targets() | set(get_commands())

    @cached_property
    def test_words(self):
        return {word for path in ROOT.glob("*/tests/**/*.py") for word in defined_names(path.read_text())}

    def files(self, *suffixes):
        """
        Return the files of these suffixes, without tests.
        """
        found = []
        for top in sorted(ROOT.iterdir()):
            if top.name in UNKNOWN_FOLDERS or top.name.startswith("."):
                continue
            paths = top.rglob("*") if top.is_dir() else [top]
            found += [
                path for path in paths if path.suffix in suffixes and "tests" not in path.parts and path.is_file()
            ]
        return sorted(found)


def without_words(text):
    """
    Return Python code without comments and docstrings: what they speak of need not be there.
    """
    tree = ast.parse(text)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
        ):
            body[0].value = ast.Constant(value="")
    return ast.unparse(tree)


@cache
def code():
    """
    Return the project's code, read once.
    """
    return Code()


@cache
def make_targets():
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
