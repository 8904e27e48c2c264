"""
Sets Django up for the stack, on a database of the benchmarks' own. Import it before anything of the project.
"""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
os.environ["PROFILE"] = "stack"

import django

django.setup()

# Where the web server that is measured listens.
PORT = int(os.environ.get("BENCH_PORT", "8765"))
