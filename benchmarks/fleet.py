"""A fleet of networked miners in one Home Assistant: lateness of its loop, CPU, memory, requests, and a hung miner.

For each size a Home Assistant and as many emulated miners, each in a process of its own, all in real time. What is
measured is a home that was restarted, as homes mostly are: the start that makes all entities leaves more behind.
"""

import argparse
import asyncio
from collections.abc import Callable, Coroutine
import json
from pathlib import Path
import signal
import tempfile
from typing import Any

from .fleet_child import Child
from .hashing import cpu_name

type Say = Callable[[str], None]

SIZES = (1, 10, 100, 300)
SECONDS = 60.0
WARM_UP_S = 45.0
HANG_S = 40.0
INTERVAL_S = 10.0
GOALS = {"loop_lag_p99_ms": 20.0, "cpu_core_percent": 25.0, "memory_mb": 150.0, "hung_delay_ms": 100.0}
"""Of the largest fleet."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what people may choose."""
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long each size is measured")
    parser.add_argument("--warm-up", type=float, default=WARM_UP_S, dest="warm_up_s", help="seconds before that")
    parser.add_argument("--hang", type=float, default=HANG_S, dest="hang_s", help="seconds with a hung miner")
    parser.add_argument("--first", action="store_true", help="measure the very first start, without a restart")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of miners")


async def _measured(size: int, folder: Path, options: dict[str, float], say: Say) -> dict[str, Any]:
    """Run one size and return all its figures."""
    async with Child("fleet_miners", str(size), folder / "miners.log") as miners:
        wanted = {"folder": str(folder / "config"), "miners": miners.hello, "interval_s": INTERVAL_S}
        specification = folder / "specification.json"
        specification.write_text(json.dumps(wanted), encoding="utf-8")
        first_up_s = None
        if size and not options["first"]:
            say(f"{size} miners: Home Assistant starts for the first time, and makes all entities")
            async with Child("fleet_home", str(specification), folder / "first.log") as first:
                first_up_s = first.hello["up_s"]
        say(f"{size} miners: Home Assistant starts")
        async with Child("fleet_home", str(specification), folder / "home.log") as home:
            say(f"{size} miners: up after {home.hello['up_s']} s, warming up for {options['warm_up_s']:.0f} s")
            await asyncio.sleep(options["warm_up_s"])
            say(f"{size} miners: measuring for {options['seconds']:.0f} s")
            before = await miners.ask("counts")
            figures: dict[str, Any] = {"first_up_s": first_up_s, **home.hello, **await home.ask(options["seconds"])}
            after = await miners.ask("counts")
            figures |= _per_update({key: after[key] - before[key] for key in after}, figures["updates"])
            if size > 1 and options["hang_s"]:
                say(f"{size} miners: one hangs for {options['hang_s']:.0f} s")
                await miners.ask("hang")
                figures["with_one_hung"] = await home.ask(options["hang_s"])
            return figures


def _per_update(counts: dict[str, int], updates: int) -> dict[str, float]:
    """Return what was asked of the miners per update: all of it, and writes and openings of live feeds in it."""
    return {f"{name}_per_update": round(count / updates, 3) if updates else 0.0 for name, count in counts.items()}


def _boiled_down(figures: dict[str, Any], empty_mb: float) -> dict[str, Any]:
    """Return the figures that goals are set for, all others behind them."""
    shown = {
        "loop_lag_p99_ms": figures["loop_lag_ms"]["p99"],
        "cpu_core_percent": figures["cpu_core_percent"],
        "memory_mb": round(figures["rss_mb"] - empty_mb, 1),
        "requests_per_update": figures["requests_per_update"],
    }
    hung = figures.get("with_one_hung")
    if hung is not None and hung["update_late_ms"] and figures["update_late_ms"]:
        # Beyond the 95th percentile it is the garbage collector that decides, with or without a hung miner.
        shown["hung_delay_ms"] = round(max(hung["update_late_ms"]["p95"] - figures["update_late_ms"]["p95"], 0.0), 2)
    return {**shown, **{key: value for key, value in figures.items() if key not in shown}}


async def _all(sizes: list[int], options: dict[str, float], say: Say) -> dict[str, Any]:
    results: dict[str, Any] = {}
    empty_mb = 0.0
    with tempfile.TemporaryDirectory(prefix="hashwarm-fleet-") as folder:
        for size in (0, *sizes):
            own = Path(folder) / str(size)
            own.mkdir()
            figures = await _measured(size, own, options, say)
            empty_mb = figures["rss_mb"] if size == 0 else empty_mb
            results[str(size)] = _boiled_down(figures, empty_mb)
    return results


def measure(
    say: Say,
    *,
    sizes: tuple[int, ...] | list[int] = SIZES,
    seconds: float = SECONDS,
    warm_up_s: float = WARM_UP_S,
    hang_s: float = HANG_S,
    first: bool = False,
) -> dict[str, Any]:
    """Measure all sizes and, for comparison, a home without any miner."""
    options = {"seconds": seconds, "warm_up_s": warm_up_s, "hang_s": hang_s, "first": first}
    return {"cpu": cpu_name(), **asyncio.run(_ended_in_order(_all(list(sizes), options, say)))}


async def _ended_in_order[T](work: Coroutine[Any, Any, T]) -> T:
    """Let SIGTERM end the processes in order, as Ctrl-C does."""
    task = asyncio.ensure_future(work)
    for sign in (signal.SIGTERM, signal.SIGINT):
        # Whoever starts this in the background may have had the second one ignored.
        asyncio.get_running_loop().add_signal_handler(sign, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise


def table(figures: dict[str, Any]) -> str:
    """Lay the figures out for people, with the goals beside them."""
    head = ("miners", "lag p50", "p99", "max", "CPU %", "memory", "requests", "late p95", "by a hung one", "start")
    units = ("", "ms", "ms", "ms", "of a core", "MB more", "per update", "ms", "ms", "s")
    rows = [head, units, *(_row(size, found) for size, found in figures.items() if size != "cpu")]
    goals = ", ".join(f"{name} {goal:g}" for name, goal in GOALS.items())
    lines = ["".join(f"{cell!s:>14}" for cell in row) for row in rows]
    return "\n".join([figures["cpu"], *lines, f"goals for 300: {goals}"])


def _row(size: str, found: dict[str, Any]) -> tuple[Any, ...]:
    lag, late = found["loop_lag_ms"], found["update_late_ms"]
    return (
        size,
        lag["p50"],
        lag["p99"],
        lag["max"],
        found["cpu_core_percent"],
        found["memory_mb"],
        found["requests_per_update"],
        late.get("p95", ""),
        found.get("hung_delay_ms", ""),
        found["up_s"],
    )
