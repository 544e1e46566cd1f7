"""Runs one benchmark: `python -m benchmarks NAME [--json]`. A module of this package with a main() is one."""

import argparse
from importlib import import_module
import json
from pathlib import Path
import sys
from typing import Any


def names() -> list[str]:
    """List the benchmarks that there are."""
    return sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py") if not path.stem.endswith("_probe"))


def main() -> int:
    """Run the benchmark asked for; a table for people, or one JSON object."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measures what is fast and how fast.")
    parser.add_argument("name", choices=names())
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    arguments = parser.parse_args()
    benchmark = import_module(f"benchmarks.{arguments.name}")
    figures: dict[str, Any] = benchmark.measure(lambda text: print(f"▸ {text}", file=sys.stderr, flush=True))
    print(json.dumps(figures, indent=2) if arguments.json else benchmark.table(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
