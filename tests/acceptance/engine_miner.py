"""Mines with the engine alone: one pool session, one hashing child. Ends when so many shares were accepted."""

import argparse
import asyncio
from importlib import import_module
import random
import sys
import time

# Registers the engine without Home Assistant.
import_module("tests.engine.conftest")


def say(text: str) -> None:
    sys.stdout.write(f"  {text}\n")
    sys.stdout.flush()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--shares", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=120.0, help="give up after")
    return parser.parse_args()


async def mine(port: int, shares: int, seconds: float) -> bool:
    from custom_components.hashwarm.engine.hashing.keeper import HashingChild
    from custom_components.hashwarm.engine.hashing.work import FoundShare
    from custom_components.hashwarm.engine.model.pool import PoolConfig
    from custom_components.hashwarm.engine.stratum import PoolSession

    pool = PoolConfig(host="127.0.0.1", port=port, user="acceptance.w1")

    def found(share: FoundShare) -> None:
        session.submit(share)

    def rate_hs() -> float | None:
        return child.report.hash_rate_hs if child.report is not None else None

    child = HashingChild(on_share=found, clock=time.monotonic, guard="hashwarm-acceptance")
    session = PoolSession(
        [pool],
        on_work=child.set_work,
        clock=time.monotonic,
        random=random.Random(),
        agent="hashwarm/acceptance",
        hash_rate_hs=rate_hs,
    )
    await child.start()
    child.set_duty(1.0)
    child.beat()
    await session.start()
    started, told = time.monotonic(), -1
    try:
        while session.state.shares_accepted < shares and time.monotonic() - started < seconds:
            await asyncio.sleep(0.25)
            child.beat()
            if session.state.shares_accepted != told:
                told = session.state.shares_accepted
                say(f"{told} shares accepted, {(rate_hs() or 0) / 1e6:.2f} MH/s")
    finally:
        await child.stop()
        await asyncio.sleep(0.5)
        await session.stop()
    state = session.state
    say(f"{state.shares_accepted} accepted, {state.shares_rejected} rejected, {state.shares_stale} stale")
    say(f"kernel {child.report.kernel if child.report else None}, reasons {state.reject_reasons}")
    return state.shares_accepted >= shares and state.shares_rejected == 0


if __name__ == "__main__":
    options = arguments()
    sys.exit(not asyncio.run(mine(options.port, options.shares, options.seconds)))
