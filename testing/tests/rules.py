"""
The rules of the house, each a function from sources to offences (file:line: words).
"""

import ast
import re

from testing.tests.sources import APPS, ROOF, circles, find_level, imports, may_import

# Who alone may speak to a server in its own language.
CLIENT_LIBRARIES = {
    "happybase": "utils.hbase",
    "thriftpy2": "utils.hbase",
    "redis": "utils.caching.redis",
    "django_redis": "utils.caching.redis",
    "pymemcache": "utils.caching.memcached",
}
TASK_DECORATORS = {"event_handler", "shared_task", "task"}
FOR_TASKS = {"outbox.handling", "utils.errors", "utils.hbase.pool"}
DOTTED = re.compile(r"([a-z_]+)(?:\.[A-Za-z_][A-Za-z0-9_]*)+")
PINNED = re.compile(r"[\w.-]+(\[[a-z0-9,]+\])?(==|~=)[0-9][0-9.]*(b[0-9]+)?$|[\w.-]+>=[0-9.]+,<[0-9.]+$")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SERVICES = re.compile(r"^[a-z_]+/services(\.py|/)")
QUERY_METHODS = {
    *("aggregate", "annotate", "exclude", "exists", "filter", "in_bulk", "raw", "values", "values_list"),
    *("bulk_create", "delete", "get_or_create", "save", "update_or_create"),
}


def floors(sources):
    modules = {source.module for source in sources}
    return [
        source.at(node, f"{source.module} must not import {name}")
        for source in sources
        for node, name in imports(source, modules)
        if not source.is_migration and not may_import(source.module, name)
    ]


def every_file_has_a_place(sources):
    return [
        source.at(1, "which floor of its app is this? see LEVELS and EXTRA_LEVELS")
        for source in sources
        if source.app not in (ROOF, "utils")
        and source.part not in (None, "migrations")
        and find_level(source.module) is None
    ]


def no_import_by_name_in_functions(sources):
    return [
        source.at(node, "an import inside a function")
        for source in sources
        for function in source.walk(*FUNCTIONS)
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and get_name(node.func) in ("import_module", "__import__")
    ]


def no_circles(sources):
    modules = {source.module for source in sources}
    edges = {source.module: {name for _, name in imports(source, modules)} for source in sources}
    return [" <-> ".join(group) for group in circles(edges)]


def no_imports_in_disguise(sources):
    """
    Find strings that name a higher app: a lazy relation, `apps.get_model`, a path to be imported.
    """
    offences = []
    for source in sources:
        if source.app == ROOF:
            continue
        docstrings = {id(node.value) for node in source.walk(ast.Expr)}
        for node in source.walk(ast.Constant):
            match = DOTTED.fullmatch(node.value) if isinstance(node.value, str) and id(node) not in docstrings else None
            if match and is_higher(match[1], source.app):
                offences.append(source.at(node, f"{node.value!r} names something higher up"))
        for call in source.walk(ast.Call):
            first = call.args[0] if call.args else None
            if (
                get_name(call.func) == "get_model"
                and isinstance(first, ast.Constant)
                and is_higher(first.value, source.app)
            ):
                offences.append(source.at(call, f"get_model({first.value!r}) reaches higher up"))
        if source.is_migration:
            for pair in source.walk(ast.Tuple):
                first = pair.elts[0] if len(pair.elts) == 2 else None
                if isinstance(first, ast.Constant) and is_higher(first.value, source.app):
                    offences.append(source.at(pair, f"a migration that depends on {first.value}"))
    return sorted(set(offences))


def is_higher(name, app):
    if name == ROOF:
        return True
    return name in APPS and APPS.index(name) < APPS.index(app)


def tasks_say_why_they_may_run_twice(sources):
    return [
        source.at(function, f"the docstring of task {function.name} lacks 'Safe to run twice:'")
        for source in sources
        for function in source.walk(*FUNCTIONS)
        if any(get_name(decorator) in TASK_DECORATORS for decorator in function.decorator_list)
        and "Safe to run twice:" not in (ast.get_docstring(function) or "")
        and not is_nested(source, function)
    ]


def tasks_call_services_only(sources):
    """
    Find task modules that import anything else of ours. A timeout is for the whole task, whatever it calls.
    """
    modules = {source.module for source in sources}
    return [
        source.at(node, f"a task that imports {name}")
        for source in sources
        if source.part == "tasks" and source.app != ROOF
        for node, name in imports(source, modules)
        if name not in FOR_TASKS and name.split(".")[1] not in {"services", "events", "constants"}
    ]


def is_nested(source, function):
    return any(function in ast.walk(other) for other in source.walk(*FUNCTIONS) if other is not function)


def promises_are_written_down(sources):
    """
    Find modules, models, services and their public verbs without a docstring.
    """
    offences = []
    for source in sources:
        if source.is_migration or not source.text.strip():
            continue
        if not ast.get_docstring(source.tree):
            offences.append(source.at(1, "no docstring: what will the reader find here?"))
        for class_ in source.walk(ast.ClassDef):
            bases = {get_name(base) for base in class_.bases}
            is_service = class_.name.endswith("Service") and source.part == "services"
            if (is_service or "Model" in bases) and not ast.get_docstring(class_):
                offences.append(source.at(class_, f"{class_.name} has no docstring"))
            for verb in class_.body if is_service else ():
                if isinstance(verb, FUNCTIONS) and not verb.name.startswith("_") and not ast.get_docstring(verb):
                    offences.append(source.at(verb, f"{class_.name}.{verb.name} has no docstring"))
    return offences


def servers_are_spoken_to_in_one_place(sources):
    return [
        source.at(node, f"{library} belongs to {CLIENT_LIBRARIES[library]}")
        for source in sources
        for node in source.walk(ast.Import, ast.ImportFrom)
        for library in get_libraries(node)
        if library in CLIENT_LIBRARIES and not f"{source.module}.".startswith(f"{CLIENT_LIBRARIES[library]}.")
    ]


def get_libraries(node):
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    return {name.split(".")[0] for name in names}


def services_know_no_http(sources):
    offences = []
    for source in sources:
        if source.part != "services":
            continue
        for node in source.walk(ast.Import, ast.ImportFrom):
            module = node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
            if module and (module.startswith("rest_framework") or module == "django.http"):
                offences.append(source.at(node, f"a service that imports {module}"))
        for function in source.walk(*FUNCTIONS):
            arguments = function.args.args + function.args.kwonlyargs
            if any(argument.arg in ("request", "response") for argument in arguments):
                offences.append(source.at(function, f"{function.name} takes a request: services know no HTTP"))
    return offences


def views_catch_nothing(sources):
    return [
        source.at(node, "a try in a view: errors become JSON in one place")
        for source in sources
        if source.path.endswith("api/views.py") and source.app != "utils"
        for node in source.walk(ast.Try)
    ]


def views_fetch_only_what_is_named(sources):
    """
    Find views that choose, compute or write rows themselves. They may fetch the object that the request names.
    """
    return [
        source.at(node, f"a view that asks the database: .{node.func.attr}()")
        for source in sources
        if source.path.endswith("api/views.py") and source.app != "utils"
        for node in source.walk(ast.Call)
        if isinstance(node.func, ast.Attribute) and node.func.attr in QUERY_METHODS
    ]


def constants_import_nothing_of_ours(sources):
    modules = {source.module for source in sources}
    return [
        source.at(node, f"constants that import {name}")
        for source in sources
        if source.path.endswith("/constants.py")
        for node, name in imports(source, modules)
    ]


def service_verbs_take_keywords(sources):
    offences = []
    for source in sources:
        if SERVICES.search(source.path):
            for klass in source.walk(ast.ClassDef):
                if klass.name.endswith("Service"):
                    verbs = [node for node in klass.body if isinstance(node, FUNCTIONS) and node.name[0] != "_"]
                    offences += [source.at(verb, f"{verb.name} takes positions") for verb in verbs if positions(verb)]
    return offences


def positions(method):
    """
    Return the arguments that callers may give by position: neither `self` nor `cls`, and nothing behind the star.
    """
    is_static = any(get_name(decorator) == "staticmethod" for decorator in method.decorator_list)
    named = [*method.args.posonlyargs, *method.args.args][0 if is_static else 1 :]
    return named + ([method.args.vararg] if method.args.vararg else [])


def tests_stand_in_classes(sources):
    """
    Find test functions outside a class; `sources` are files of tests.
    """
    return [
        source.at(number, "a test outside a class: which behaviour is it about?")
        for source in sources
        for number, line in enumerate(source.text.splitlines(), start=1)
        if line.startswith("def test_")
    ]


def requirements_are_pinned_with_a_reason(files):
    """
    Find lines of requirement files that are not pinned or say no reason; `files` is {path: text}.
    """
    offences = []
    for path, text in files.items():
        for number, line in enumerate(text.splitlines(), start=1):
            requirement, _, reason = line.partition("#")
            requirement = requirement.strip()
            if not requirement or requirement.startswith("-r "):
                continue
            if not PINNED.fullmatch(requirement):
                offences.append(f"{path}:{number}: {requirement} is not pinned")
            if len(reason.split()) < 2:
                offences.append(f"{path}:{number}: {requirement} without a reason")
    return offences


def get_name(node):
    """
    Return the last name of a decorator, a call's function or a base class.
    """
    if isinstance(node, ast.Call):
        return get_name(node.func)
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)
