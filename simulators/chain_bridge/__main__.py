"""Run the bridge: python -m simulators.chain_bridge --rpc URL --cookie FILE --address ADDRESS --port 3333."""

import argparse
import asyncio
import json
from pathlib import Path
import signal
import sys

import aiohttp

from .bridge import ChainBridge
from .rpc import NodeRpc, RpcError


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulators.chain_bridge", description=__doc__)
    parser.add_argument("--rpc", default="http://127.0.0.1:18443", help="address of the node's JSON-RPC")
    parser.add_argument("--cookie", type=Path, required=True, help="the node's .cookie file")
    parser.add_argument("--address", required=True, help="where blocks pay to")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=3333)
    parser.add_argument("--difficulty", type=float, default=0.001, help="to begin with; aims at a share a second")
    parser.add_argument("--summary", type=Path, help="write the counts there, as JSON, when it stops")
    return parser.parse_args()


def _say(text: str) -> None:
    print(text, flush=True)


def _summary(bridge: ChainBridge) -> dict[str, object]:
    counts, stats = bridge.counts, bridge.pool.stats
    return {
        "blocks_submitted": counts.submitted,
        "blocks_accepted": counts.accepted,
        "blocks_inconclusive": counts.inconclusive,
        "blocks_refused": counts.refused,
        "shares_accepted": stats.accepted,
        "shares_rejected": {
            text: sum(worker.rejected[text] for worker in stats.workers.values())
            for text in sorted({text for worker in stats.workers.values() for text in worker.rejected})
        },
        "shares_version_rolled": stats.rolled,
    }


async def _main(arguments: argparse.Namespace) -> int:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with aiohttp.ClientSession() as session:
        rpc = NodeRpc(session, arguments.rpc, arguments.cookie)
        bridge = ChainBridge(
            rpc,
            address=arguments.address,
            difficulty=arguments.difficulty,
            host=arguments.host,
            port=arguments.port,
            report=_say,
        )
        try:
            async with bridge:
                _say(f"chain bridge ready on stratum+tcp://{bridge.pool.host}:{bridge.pool.port}")
                await ended.wait()
        except RpcError as error:
            _say(f"the node does not answer: {error}")
            return 1
    if arguments.summary is not None:
        arguments.summary.write_text(json.dumps(_summary(bridge), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_main(_arguments())))
