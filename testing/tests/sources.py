"""
The project's own source, parsed, and where each module stands in the house.
"""

import ast
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ROOF = "twitter"
# From the top down; a floor may import any floor below it.
APPS = (
    "moderation",
    "inbox",
    "newsfeeds",
    "comments",
    "tweets",
    "likes",
    "friendships",
    "accounts",
    "stores",
    "gatekeeper",
    "outbox",
    "utils",
)
# An api may import the serializers of one named later in this list, and who sent the request (`accounts.api.users`).
APIS = (
    "moderation",
    "inbox",
    "newsfeeds",
    "tweets",
    "comments",
    "likes",
    "friendships",
    "accounts",
    "gatekeeper",
)
UPSTAIRS = {"api", "admin", "tasks", "management"}
# Inside an app, from the top down; what stands on one level does not import its neighbour.
LEVELS = (
    {"apps"},
    {"api", "admin", "tasks", "listeners", "management"},
    {"services"},
    {"storage", "cache"},
    {"hbase_models", "models", "events", "records"},
    {"constants"},
)
# A cached set is loaded from the store of the same rows.
NEIGHBOURS = {("cache", "storage")}
# Files beside the usual ones: whom they serve, and so on which level they stand.
EXTRA_LEVELS = {
    "accounts.backends": 1,  # Django's authentication asks it
    "accounts.middleware": 1,  # Django's request cycle asks it
    "accounts.read_ahead": 2.8,  # what the caches of other apps read together with the caller
    "accounts.sessions": 1,  # Django's sessions ask it
    "accounts.validators": 1,  # Django's validation of passwords asks it
    "accounts.database_sessions": 5,  # Django's own table under other keys
    "accounts.devices": 2.5,  # what the guard knows of who asks
    "accounts.guard": 2,  # a verb: may this name be tried once more
    "accounts.hashers": 5,  # numbers with a class around them
    "friendships.backfill": 2.5,  # which rows are copied to HBase and compared
    "gatekeeper.middleware": 1,  # Django's request cycle asks it
    "newsfeeds.backfill": 2.5,  # which rows are copied to HBase and compared
    "newsfeeds.lab": 1.5,  # what a command plays and reports
    "outbox.handling": 1.5,  # what handlers of every app are declared by
    "outbox.tasks": 1.3,  # the task that the relay publishes
    "outbox.relay": 1.2,  # the loop that a command runs
    "stores.backfill": 1.6,  # what a command does between two phases
    "stores.comparison": 1.7,  # the same, afterwards
    "stores.dual_write": 1.8,  # when both may begin
    "stores.pacing": 5,  # how fast
}


@dataclass(frozen=True)
class Source:
    """
    One file: its path from the root, and its text.
    """

    path: str
    text: str

    @cached_property
    def tree(self):
        return ast.parse(self.text, self.path)

    @cached_property
    def module(self):
        parts = self.path.removesuffix(".py").split("/")
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def app(self):
        return self.module.split(".")[0]

    @property
    def part(self):
        """
        Which of an app's files this is in: "services", "api", …; None of the app's __init__.
        """
        return (self.module.split(".") + [None])[1]

    @property
    def is_migration(self):
        return "/migrations/" in self.path

    def walk(self, *kinds):
        return [node for node in ast.walk(self.tree) if isinstance(node, kinds)]

    def at(self, node, words):
        """
        Return an offence as people read it, and as editors jump to it.
        """
        return f"{self.path}:{node if isinstance(node, int) else node.lineno}: {words}"


def project_sources():
    """
    Return every file of every app, without tests.
    """
    sources = []
    for app in (ROOF, *APPS):
        for path in sorted((ROOT / app).rglob("*.py")):
            relative = path.relative_to(ROOT).as_posix()
            if "/tests/" not in relative:
                sources.append(Source(relative, path.read_text()))
    return sources


def imports(source, modules):
    """
    Yield (node, module) for each module of `modules` that a file imports.
    """
    for node in source.walk(ast.Import, ast.ImportFrom):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif node.level:
            names = [f"relative import of {node.module}"]
        else:
            names = [node.module, *[f"{node.module}.{alias.name}" for alias in node.names]]
        deepest = [name for name in names if name in modules]
        if isinstance(node, ast.ImportFrom) and len(deepest) > 1:
            # `from accounts import cache` is about the cache; the package itself is only on the way.
            deepest = [name for name in deepest if name != node.module]
        for name in deepest:
            if name != source.module:
                yield node, name


def is_upstairs(module):
    parts = module.split(".")
    return parts[0] != "utils" and len(parts) > 1 and parts[1] in UPSTAIRS


def find_level(module):
    """
    Return the level of a module inside its app, None where the house has no place for it.
    """
    name = ".".join(module.split(".")[:2])
    if name in EXTRA_LEVELS:
        return EXTRA_LEVELS[name]
    part = (module.split(".") + [None])[1]
    return next((number for number, level in enumerate(LEVELS) if part in level), None)


def may_import(importer, imported):
    """
    Say whether the floors let one module of the project import another.
    """
    here, there = importer.split(".")[0], imported.split(".")[0]
    if here == ROOF:
        return there != "testing"
    if there not in APPS:
        return False
    if here == there:
        return here == "utils" or may_import_inside(importer, imported)
    if not is_upstairs(imported):
        return is_upstairs(importer) or APPS.index(there) > APPS.index(here)
    may_be_shared = imported.split(".")[1:3] in (["api", "serializers"], ["api", "users"])
    from_api = importer.split(".")[1:2] == ["api"]
    return may_be_shared and from_api and APIS.index(there) > APIS.index(here)


def may_import_inside(importer, imported):
    parts = tuple((module.split(".") + [None])[1] for module in (importer, imported))
    levels = [find_level(importer), find_level(imported)]
    if None in parts or None in levels or parts[0] == parts[1] or parts in NEIGHBOURS:
        return True
    return levels[0] < levels[1]


def circles(edges):
    """
    Return the groups of modules that import each other, each as a sorted list (Tarjan's algorithm).
    """
    index, low, stack, found = {}, {}, [], []

    def visit(module):
        index[module] = low[module] = len(index)
        stack.append(module)
        for other in edges.get(module, ()):
            if other not in index:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], index[other])
        if low[module] == index[module]:
            group = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(group) > 1:
                found.append(sorted(group))

    for module in list(edges):
        if module not in index:
            visit(module)
    return found
