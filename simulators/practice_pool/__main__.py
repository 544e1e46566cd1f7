"""Run the practice pool: python -m simulators.practice_pool --port 3333."""

import argparse
import asyncio
import signal

from .judge import Job, Verdict
from .pool import PracticePool
from .quirks import Quirks


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulators.practice_pool", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=3333)
    parser.add_argument("--difficulty", type=float, default=0.001, help="to begin with; vardiff takes over")
    parser.add_argument("--share-interval", type=float, default=6.0, help="seconds between shares that vardiff aims at")
    parser.add_argument("--shares", action="store_true", help="print a line for each share")
    return parser.parse_args()


def _print_share(user: str, job: Job | None, verdict: Verdict) -> None:
    if verdict.code is None and job is not None:
        print(f"share of {user}: difficulty {job.difficulty:g}, met {verdict.share_difficulty:g}", flush=True)
    else:
        print(f"share of {user} refused: {verdict.text}", flush=True)


async def _main(arguments: argparse.Namespace) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    quirks = Quirks(difficulty=arguments.difficulty, vardiff_interval_s=arguments.share_interval)
    on_share = _print_share if arguments.shares else None
    async with PracticePool(arguments.host, arguments.port, quirks=quirks, on_share=on_share) as pool:
        print(f"practice pool ready on stratum+tcp://{pool.host}:{pool.port}", flush=True)
        await ended.wait()
    print(f"practice pool stopped: {pool.stats.accepted} shares accepted, {pool.stats.rejected} refused", flush=True)


if __name__ == "__main__":
    asyncio.run(_main(_arguments()))
