"""A solo pool tells of shares and luck, the chain of blocks: both together are the account."""

from dataclasses import replace
from datetime import datetime
from typing import override

from ...model.errors import HashwarmError
from .reading import AccountReading, Payout, PoolReader


class SoloReader(PoolReader):
    """What the pool tells, with the blocks that paid the address; other income of the address is none of mining."""

    def __init__(self, pool: PoolReader | None, chain: PoolReader) -> None:
        """Take both readers; without a pool the chain alone tells."""
        self._pool = pool
        self._chain = chain

    @property
    @override
    def name(self) -> str:
        return (self._pool or self._chain).name

    @override
    async def read(self, since: datetime) -> AccountReading:
        seen = await self._chain.read(since)
        told = await self._pool.read(since) if self._pool is not None else AccountReading(at=seen.at)
        payouts = tuple(
            Payout(payout_id=block.txid, at=block.at, sat=block.sat, txid=block.txid)
            for block in seen.blocks
            if block.txid is not None and block.sat is not None
        )
        return replace(told, payouts=payouts, blocks=seen.blocks)


class BrokenReader(PoolReader):
    """An account that was set up wrongly: every look says how."""

    def __init__(self, name: str, error: HashwarmError) -> None:
        self._name = name
        self._error = error

    @property
    @override
    def name(self) -> str:
        return self._name

    @override
    async def read(self, since: datetime) -> AccountReading:
        raise self._error
