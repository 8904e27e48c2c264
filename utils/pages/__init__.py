"""
The browsable site: forms, links, renderers, templates, static files, and what the admin's screens share.
"""
