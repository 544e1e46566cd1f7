"""Where templates come from: here a chain made up for practice, with transactions that nobody sent."""

from collections.abc import Callable
import random
from typing import Protocol

from .bitcoin import Template, coinbase_parts, dsha, merkle_branches, pushed

EXTRANONCE1_BYTES = 4
SUBSIDY_SAT = 312_500_000
NBITS = 0x17023A04
"""About the difficulty of today's network: no share of a CPU will ever be a block."""
TAG = pushed(b"hashwarm practice pool")


class TemplateSource(Protocol):
    """Hands the server what to work on."""

    def template(self, extranonce_bytes: int, version: int) -> Template:
        """Return the template of now; room for that many bytes of extranonces is left in its coinbase."""
        ...

    def advance(self) -> None:
        """Go on to the next block, where the source can."""
        ...


class PracticeChain:
    """A chain that only exists here; the same seed makes the same one."""

    def __init__(self, *, now: Callable[[], float], seed: int = 1) -> None:
        self._now = now
        self._random = random.Random(seed)
        self._height = 900_000
        self._previous = self._hash()
        self._txids: list[bytes] = []
        self._fees = 0

    def template(self, extranonce_bytes: int, version: int) -> Template:
        """Return the next block, with more transactions each time it is asked for."""
        self._txids += [self._hash() for _ in range(self._random.randint(1, 12))]
        self._fees += self._random.randint(1_000, 50_000)
        payout = b"\x00\x14" + dsha(b"practice")[:20]
        commitment = b"\x6a\x24\xaa\x21\xa9\xed" + self._hash()
        outputs = [(SUBSIDY_SAT + self._fees, payout), (0, commitment)]
        coinbase1, coinbase2 = coinbase_parts(self._height, extranonce_bytes, outputs, TAG)
        return Template(
            height=self._height,
            version=version,
            previous=self._previous,
            nbits=NBITS,
            ntime=int(self._now()),
            coinbase1=coinbase1,
            coinbase2=coinbase2,
            branches=merkle_branches(self._txids),
        )

    def advance(self) -> None:
        """Pretend that somebody found the block."""
        self._height += 1
        self._previous = self._hash()
        self._txids.clear()
        self._fees = 0

    def _hash(self) -> bytes:
        return self._random.randbytes(32)
