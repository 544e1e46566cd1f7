"""Payouts seen on the chain itself: a mempool.space- or Esplora-compatible server is asked about an address."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import override

import aiohttp

from ...model.errors import SourceError
from ...model.protocols import WallClock
from ..sources.http import shown
from .client import PoolClient
from .parsing import MAX_SAT, Row, count, moment, rows, sat, table, text, told
from .reading import AccountReading, FoundBlock, Payout, PayoutState, PoolReader

DEFAULT_URL = "https://mempool.space"
_PAGE = 25
"""Confirmed transactions on a page."""
_MAX_PAGES = 20
_SURELY = timedelta(days=30)
"""All of this time is told, or nothing: what is missing from it counts as taken back."""
_MAX_BYTES = 4_194_304
"""A coinbase may pay hundreds of miners."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one transaction means for the address."""

    txid: str
    confirmed_at: datetime | None
    payout: Payout | None
    block: FoundBlock | None


def parse_transactions(answer: object, address: str, at: datetime) -> tuple[Seen, ...]:
    """Read /api/address/ADDRESS/txs; what is not confirmed yet happens `at`. Errors: SourceError."""
    return tuple(_seen(transaction, address, at) for transaction in rows(answer, "transactions"))


def _seen(transaction: Row, address: str, at: datetime) -> Seen:
    """Read one transaction. What the address sends to itself, or gets back as change, is no income."""
    txid = text(transaction.get("txid"), "txid")
    status = table(transaction.get("status"), "status")
    confirmed_at = moment(status.get("block_time"), "block_time") if status.get("confirmed") is True else None
    inputs, outputs = rows(transaction.get("vin"), "vin"), rows(transaction.get("vout"), "vout")
    received_sat = _sum_sat(row for row in outputs if row.get("scriptpubkey_address") == address)
    payout = None
    if received_sat and not any(_spends(row, address) for row in inputs):
        state = PayoutState.PENDING if confirmed_at is None else PayoutState.CONFIRMED
        payout = Payout(payout_id=txid, at=confirmed_at or at, sat=received_sat, state=state, txid=txid)
    # A pool that pays out of the coinbase pays many: only who gets most of the block has found it.
    found = confirmed_at is not None and _is_coinbase(inputs) and 2 * received_sat > _sum_sat(outputs)
    block = _block(status, confirmed_at, txid, received_sat) if found and confirmed_at is not None else None
    return Seen(txid=txid, confirmed_at=confirmed_at, payout=payout, block=block)


def _sum_sat(outputs: Iterable[Row]) -> int:
    """Return what outputs are worth. Errors: SourceError."""
    total_sat = sum(sat(row.get("value"), "value") for row in outputs)
    if total_sat > MAX_SAT:
        raise SourceError("a transaction is beyond belief")
    return total_sat


def _spends(row: Row, address: str) -> bool:
    """Tell whether an input spends coins of the address."""
    spent = row.get("prevout")
    return isinstance(spent, dict) and spent.get("scriptpubkey_address") == address


def _is_coinbase(inputs: list[Row]) -> bool:
    """Tell whether a transaction makes new coins."""
    return bool(inputs) and inputs[0].get("is_coinbase") is True


def _block(status: Row, at: datetime, txid: str, received_sat: int) -> FoundBlock:
    """Read the block that a transaction is in. Errors: SourceError."""
    return FoundBlock(
        block_hash=text(status.get("block_hash"), "block_hash"),
        at=at,
        height=told(status, ["block_height"], count),
        txid=txid,
        sat=received_sat,
    )


class AddressWatch(PoolReader):
    """A thin client; one request a look, more only while there is more news than on a page."""

    def __init__(
        self, session: aiohttp.ClientSession, *, address: str, now: WallClock, base_url: str = DEFAULT_URL
    ) -> None:
        self._client = PoolClient(session, base_url)
        self._path = f"/api/address/{address}/txs"
        self._address = address
        self._now = now
        self._name = shown(base_url)

    @property
    @override
    def name(self) -> str:
        return self._name

    @override
    async def read(self, since: datetime) -> AccountReading:
        at = self._now()
        news: dict[str, Seen] = {}
        path, pages = self._path, 0
        while path:
            page = parse_transactions(await self._client.json(path, max_bytes=_MAX_BYTES), self._address, at)
            news |= {seen.txid: seen for seen in page if seen.confirmed_at is None or seen.confirmed_at >= since}
            pages += 1
            older = _last_of_full(page, since if pages < _MAX_PAGES else max(since, at - _SURELY))
            if older and pages >= _MAX_PAGES:
                raise SourceError("The address has more transactions than can be looked through")
            path = f"{self._path}/chain/{older}" if older else ""
        return AccountReading(
            at=at,
            payouts=tuple(seen.payout for seen in news.values() if seen.payout),
            blocks=tuple(seen.block for seen in news.values() if seen.block),
        )


def _last_of_full(page: tuple[Seen, ...], since: datetime) -> str | None:
    """Return the oldest transaction of a page that others may follow, none older than `since`."""
    confirmed = [seen for seen in page if seen.confirmed_at is not None]
    if len(confirmed) < _PAGE or any(seen.confirmed_at < since for seen in confirmed if seen.confirmed_at):
        return None
    return confirmed[-1].txid
