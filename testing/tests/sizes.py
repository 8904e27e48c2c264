"""
How long a file, a function and a view may be before one starts to look for the second thing that it does.
"""

import ast

from testing.tests.rules import FUNCTIONS

FILE_LINES, FUNCTION_LINES, VIEW_LINES = 300, 40, 15


def files_are_short(sources):
    offences = []
    for source in sources:
        lines = source.text.count("\n")
        if lines > FILE_LINES and not source.is_migration:
            offences.append(source.at(lines, f"{lines} lines, {FILE_LINES} are where one starts to look"))
    return offences


def functions_are_short(sources):
    offences = []
    for source in sources:
        if source.is_migration:
            continue
        is_view = source.path.endswith("api/views.py")
        views = {id(verb) for class_ in source.walk(ast.ClassDef) for verb in class_.body} if is_view else set()
        for function in source.walk(*FUNCTIONS):
            limit = VIEW_LINES if id(function) in views else FUNCTION_LINES
            if (length := count_lines(function)) > limit:
                offences.append(source.at(function, f"{function.name} has {length} lines, {limit} is the limit"))
    return offences


def count_lines(function):
    """
    Return the lines of a function; its docstring is a promise and no work.
    """
    length = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function):
        docstring = function.body[0]
        length -= docstring.end_lineno - docstring.lineno + 1
    return length
