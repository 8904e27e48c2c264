"""
The browsable site: forms, links, renderers, templates and static files, and base classes of admin screens.
"""
