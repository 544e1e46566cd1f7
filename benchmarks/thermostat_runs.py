"""Many runs, each in a process of its own: EnergyPlus keeps state that only the end of a process forgets."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
import json
import os
from pathlib import Path
from signal import SIGTERM, signal
import subprocess
import sys
import tempfile
from threading import Lock
from typing import Any

from .thermostat_case import Order
from .thermostat_contestants import PLANNERS

type Say = Callable[[str], None]

ROOT = Path(__file__).parents[1]
# Several runs share the cores already.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
TOLD = 2000


def run_all(orders: list[Order], jobs: int, say: Say) -> list[dict[str, Any]]:
    """Run all, the long ones first, and return the figures in the order asked for. Errors: SystemExit of the first."""
    ranked = sorted(range(len(orders)), key=lambda index: orders[index].contestant not in PLANNERS)
    found: list[dict[str, Any]] = [{} for _ in orders]
    with tempfile.TemporaryDirectory(prefix="hashwarm-thermostat-") as folder, ThreadPoolExecutor(jobs) as threads:
        runs = _Runs(Path(folder))
        # A request to end is an end like any other: the processes go first.
        before = signal(SIGTERM, lambda *_: sys.exit(128 + SIGTERM))
        try:
            for done, (index, figures) in enumerate(threads.map(runs.one, ranked, (orders[i] for i in ranked)), 1):
                found[index] = figures
                order = orders[index]
                what = f"{order.scenario or order.name}: {order.contestant}"
                say(f"{done} of {len(orders)}: {what}, {figures['starts_per_day']} starts a day")
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
            runs.end()
            signal(SIGTERM, before)
    return found


class _Runs:
    """Owns the processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._ended = False

    def one(self, index: int, order: Order) -> tuple[int, dict[str, Any]]:
        """Run one to its end. Errors: SystemExit with what it said."""
        file = self._folder / f"{index}.json"
        file.write_text(json.dumps(order.as_dict()), encoding="utf-8")
        process = self._start(file)
        said = process.communicate()[1]
        with self._lock:
            self._running.discard(process)
        if process.returncode:
            raise SystemExit(f"{order.name}, {order.contestant}: {said.strip()[-TOLD:]}")
        figures: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return index, figures

    def _start(self, file: Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "benchmarks.thermostat_case", str(file)]
        with self._lock:
            if self._ended:
                raise SystemExit("interrupted")
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **ONE_THREAD},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            self._running.add(process)
        return process

    def end(self) -> None:
        """End what still runs, and start nothing more."""
        with self._lock:
            self._ended = True
            for process in self._running:
                process.terminate()
