"""NiceHash by mining address, without a key: what is unpaid, how many rigs, withdrawals.

Known from clients only: fields of withdrawals that are not as expected are refused, those that are not there stay
unknown.
"""

from dataclasses import replace
from datetime import datetime
from typing import override

import aiohttp

from ...model.errors import SourceError
from ...model.protocols import WallClock
from .client import PoolClient
from .parsing import Row, account, amount, count, moment, refuse_other_coins, rows, text, told
from .reading import AccountReading, Payout, PayoutState, PoolReader

DEFAULT_URL = "https://api2.nicehash.com"
_LISTS = ("withdrawals", "list", "payments")
_PAID_AT = ("createdTs", "created", "timestamp", "time")
_ID = ("id", "paymentId", "orderId")
_DONE = {"COMPLETED", "SUCCESS", "CONFIRMED", "NONE"}
_FAILED = {"REJECTED", "FAILED", "CANCELLED", "EXPIRED"}


def parse_rigs(answer: object, at: datetime) -> AccountReading:
    """Read rigs2: mined but not paid out is what is unpaid and what waits in the address's balance.

    Errors: AccountUnknownError, SourceError.
    """
    rigs = account(answer)
    unpaid_sat, balance_sat = told(rigs, ["unpaidAmount"], amount), told(rigs, ["externalBalance"], amount)
    if unpaid_sat is None:
        raise SourceError("unpaidAmount is missing")
    workers = told(rigs, ["totalRigs"], count)
    if workers is None and "miningRigs" in rigs:
        workers = len(rows(rigs["miningRigs"], "miningRigs"))
    return AccountReading(at=at, unpaid_sat=unpaid_sat + (balance_sat or 0), workers=workers)


def parse_withdrawals(answer: object) -> tuple[Payout, ...]:
    """Read withdrawals; one that failed is gone. Errors: AccountUnknownError, SourceError."""
    outer = account(answer)
    listed = next((outer[key] for key in _LISTS if key in outer), None)
    return tuple(_payout(row) for row in rows(listed, "withdrawals"))


def _status(row: Row) -> str:
    """Return the state of a withdrawal, NONE where it is not told."""
    status = row.get("status")
    status = status.get("code") if isinstance(status, dict) else status
    return "NONE" if status is None else str(status).upper()


def _state(row: Row) -> PayoutState:
    if (status := _status(row)) in _FAILED:
        return PayoutState.GONE
    return PayoutState.CONFIRMED if status in _DONE else PayoutState.PENDING


def _payout(row: Row) -> Payout:
    """Read one withdrawal. Errors: SourceError."""
    refuse_other_coins(row)
    at, paid_sat = told(row, _PAID_AT, moment), told(row, ["amount"], amount)
    if at is None or paid_sat is None:
        raise SourceError("a withdrawal without moment or amount")
    return Payout(
        payout_id=told(row, _ID, text) or f"{at:%Y%m%dT%H%M%S}-{paid_sat}",
        at=at,
        sat=paid_sat,
        state=_state(row),
        txid=told(row, ["txId", "txid"], text),
    )


class NiceHash(PoolReader):
    """A thin client; two requests a look."""

    name = "NiceHash"

    def __init__(
        self, session: aiohttp.ClientSession, *, address: str, now: WallClock, base_url: str = DEFAULT_URL
    ) -> None:
        self._client = PoolClient(session, base_url)
        self._path = f"/main/api/v2/mining/external/{address}"
        self._now = now

    @override
    async def read(self, since: datetime) -> AccountReading:
        reading = parse_rigs(await self._client.json(f"{self._path}/rigs2"), self._now())
        payouts = parse_withdrawals(await self._client.json(f"{self._path}/withdrawals"))
        return replace(reading, payouts=tuple(payout for payout in payouts if payout.at >= since))
