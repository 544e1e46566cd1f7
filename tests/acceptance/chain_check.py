"""Asks the node, through bitcoin-cli, what stands on the chain, and says whether the acceptance is passed."""

import argparse
import json
from pathlib import Path
import subprocess
import sys

ROLLABLE_BITS = 0x1FFFE000


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from-height", type=int, required=True, help="the first block that we mined")
    parser.add_argument("--transactions", type=int, required=True, help="in that block, the coinbase included")
    parser.add_argument("--address", required=True)
    parser.add_argument("--blocks", type=int, default=3, help="at least")
    parser.add_argument("--summary", type=Path, required=True, help="the bridge's counts")
    parser.add_argument("cli", nargs="+", help="bitcoin-cli with its options, after --")
    return parser.parse_args()


def say(text: str) -> None:
    sys.stdout.write(f"  {text}\n")
    sys.stdout.flush()


def ask(cli: list[str], *words: str) -> str:
    return subprocess.run([*cli, *words], check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def faults(options: argparse.Namespace) -> list[str]:
    tip = int(ask(options.cli, "getblockcount"))
    blocks = [
        json.loads(ask(options.cli, "getblock", ask(options.cli, "getblockhash", str(height)), "2"))
        for height in range(options.from_height, tip + 1)
    ]
    script = json.loads(ask(options.cli, "validateaddress", options.address))["scriptPubKey"]
    summary = json.loads(options.summary.read_text())
    paid = [block for block in blocks if block["tx"][0]["vout"][0]["scriptPubKey"]["hex"] == script]
    rolled = [block for block in blocks if int(block["versionHex"], 16) & ROLLABLE_BITS]
    full = [block for block in blocks if block["nTx"] > 1]
    say(f"{len(blocks)} blocks on the chain, {len(full)} with transactions, {len(rolled)} with a rolled version")
    say(f"the first holds {blocks[0]['nTx'] if blocks else 0} transactions; {len(paid)} pay our script")
    say(f"bridge: {json.dumps(summary)}")
    checks = {
        "too few blocks on the chain": len(blocks) >= options.blocks,
        "a block does not pay our script": len(paid) == len(blocks),
        "the first block lacks transactions": bool(blocks) and blocks[0]["nTx"] >= options.transactions,
        "no block has a rolled version": bool(rolled),
        "the node refused a block": not summary["blocks_refused"],
        "a share was rejected": not summary["shares_rejected"],
        "the node counts other blocks than the bridge": summary["blocks_accepted"] == len(blocks),
    }
    return [fault for fault, good in checks.items() if not good]


if __name__ == "__main__":
    found = faults(arguments())
    for fault in found:
        say(f"✗ {fault}")
    sys.exit(bool(found))
