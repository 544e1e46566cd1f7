"""Runs one benchmark: `python -m benchmarks NAME [--json]`. `NAME_part.py` and `*_probe.py` are none."""

import argparse
from importlib import import_module
import json
from pathlib import Path
import sys
from types import ModuleType
from typing import Any


def names() -> list[str]:
    """List the benchmarks that there are."""
    modules = [path.stem for path in Path(__file__).parent.glob("[a-z]*.py") if not path.stem.endswith("_probe")]
    return sorted(name for name in modules if not any(name.startswith(f"{other}_") for other in modules))


def main() -> int:
    """Run the benchmark asked for; a table for people, or one JSON object."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measures what is fast and how fast.")
    parser.add_argument("name", choices=names())
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    arguments, others = parser.parse_known_args()
    benchmark = import_module(f"benchmarks.{arguments.name}")
    options = _options(benchmark, others)
    figures: dict[str, Any] = benchmark.measure(lambda text: print(f"▸ {text}", file=sys.stderr, flush=True), **options)
    print(json.dumps(figures, indent=2) if arguments.json else benchmark.table(figures))
    return 0


def _options(benchmark: ModuleType, others: list[str]) -> dict[str, Any]:
    """Read what a benchmark lets people choose beside; most have nothing."""
    parser = argparse.ArgumentParser(prog=f"scripts/bench {benchmark.__name__.rpartition('.')[2]}")
    if hasattr(benchmark, "add_options"):
        benchmark.add_options(parser)
    return vars(parser.parse_args(others))


if __name__ == "__main__":
    sys.exit(main())
