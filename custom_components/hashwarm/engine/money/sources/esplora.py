"""An Esplora server: the difficulty of the newest block, where mempool.space is not to be had."""

from dataclasses import dataclass

import aiohttp

from ...model.errors import SourceError
from ..figures import MAX_DIFFICULTY, FigureKind
from .http import JsonReader, member, number, shown

DEFAULT_URL = "https://blockstream.info"


@dataclass(frozen=True, kw_only=True)
class Tip:
    """The newest block."""

    height: int
    difficulty: float


def parse_blocks(answer: object) -> Tip:
    """Read /api/blocks: the newest blocks, in any order. Errors: SourceError."""
    if not isinstance(answer, list) or not answer:
        raise SourceError("no blocks are told")
    tips = [
        Tip(
            height=int(number(member(block, "height"), 0, 1e9, "height")),
            difficulty=number(member(block, "difficulty"), 1e-9, MAX_DIFFICULTY, "difficulty"),
        )
        for block in answer
    ]
    return max(tips, key=lambda tip: tip.height)


class Esplora:
    """A thin client."""

    requests = (frozenset({FigureKind.DIFFICULTY}),)

    def __init__(self, session: aiohttp.ClientSession, *, base_url: str = DEFAULT_URL) -> None:
        self._reader = JsonReader(session)
        self._base_url = base_url.rstrip("/")
        self.name = shown(base_url)

    async def fetch(self, kinds: frozenset[FigureKind]) -> dict[FigureKind, float]:
        """Return the difficulty. Errors: SourceError."""
        if kinds != self.requests[0]:
            raise SourceError("Only the difficulty is told here")
        return {FigureKind.DIFFICULTY: parse_blocks(await self._reader.get(f"{self._base_url}/api/blocks")).difficulty}
