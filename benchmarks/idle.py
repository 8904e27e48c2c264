"""
An idle stack: the cores that its processes use while nobody asks for anything.

    python -m benchmarks.idle [--seconds 60]
"""

import argparse
import time

import benchmarks.environment  # noqa: F401 - first: sets Django up
from benchmarks import world
from benchmarks.programs import running_programs, used_since

# Workers load the project, and the caches of a fresh start are filled.
SETTLE_SECONDS = 15


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    seconds = parser.parse_args().seconds
    world.create_database()
    with running_programs() as programs:
        time.sleep(SETTLE_SECONDS)
        before = programs.cpu_seconds()
        time.sleep(seconds)
        used = used_since(before, programs.cpu_seconds())
    for group, cpu in sorted(used.items(), key=lambda item: -item[1]):
        print(f"{group:10} {cpu / seconds:.4f} cores")
    print(f"{'together':10} {sum(used.values()) / seconds:.4f} cores")


if __name__ == "__main__":
    main()
