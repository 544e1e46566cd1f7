"""OCEAN (TIDES): unpaid balance, payouts on the chain and over Lightning, hash rate. Needs an address, no key.

The fields of `earnpay` are known from clients only, which name them differently: all the names are tried.
"""

from dataclasses import replace
from datetime import datetime
from typing import override

import aiohttp

from ...model.errors import SourceError
from ...model.protocols import WallClock
from .client import PoolClient
from .parsing import Row, account, amount, count, hash_rate, moment, rows, sat, seen, table, text, told
from .reading import AccountReading, Payout, PoolReader

DEFAULT_URL = "https://api.ocean.xyz"
_RATES = ("hashrate_86400s", "hashrate_3600s", "hashrate_600s", "hashrate_300s", "hashrate_60s")
_WORKERS = ("active_worker_count", "active_workers")
_SHARE = ("lastest_share_ts", "latest_share_ts", "last_share_ts")
_PAID_AT = ("ts", "timestamp", "time", "paid_at")
_PAID_SAT = ("total_satoshis_net_paid", "satoshis_net_paid", "net_satoshis")
_TXID = ("on_chain_txid", "onchain_txid", "txid")
_LIGHTNING = ("lightning_txid", "lightning_id", "lightning_payment_hash")


def parse_hashrate(answer: object, at: datetime) -> AccountReading:
    """Read user_hashrate. Errors: AccountUnknownError, SourceError."""
    result = _result(answer)
    rate_hs = told(result, _RATES, hash_rate)
    if rate_hs is None:
        raise SourceError("no hash rate is told")
    return AccountReading(at=at, hash_rate_hs=rate_hs, workers=told(result, _WORKERS, count))


def parse_statsnap(answer: object) -> tuple[int, datetime | None]:
    """Read statsnap: the unpaid balance in sat and the last share. Errors: AccountUnknownError, SourceError."""
    result = _result(answer)
    unpaid_sat = told(result, ["unpaid"], amount)
    if unpaid_sat is None:
        raise SourceError("unpaid is missing")
    return unpaid_sat, told(result, _SHARE, seen)


def parse_earnpay(answer: object) -> tuple[Payout, ...]:
    """Read earnpay. Errors: AccountUnknownError, SourceError."""
    return tuple(_payout(row) for row in rows(_result(answer).get("payouts"), "payouts"))


def _payout(row: Row) -> Payout:
    """Read one payout; without any id its moment and amount stand for it. Errors: SourceError."""
    at, paid_sat = told(row, _PAID_AT, moment), told(row, _PAID_SAT, sat)
    if at is None or paid_sat is None:
        raise SourceError("a payout without moment or amount")
    txid = told(row, _TXID, text)
    payout_id = txid or told(row, _LIGHTNING, text) or f"{at:%Y%m%dT%H%M%S}-{paid_sat}"
    return Payout(payout_id=payout_id, at=at, sat=paid_sat, txid=txid)


def _result(answer: object) -> Row:
    """Return what is in the envelope. Errors: AccountUnknownError, SourceError."""
    return account(table(account(answer).get("result"), "result"))


class Ocean(PoolReader):
    """A thin client; three requests a look."""

    name = "OCEAN"

    def __init__(
        self, session: aiohttp.ClientSession, *, address: str, now: WallClock, base_url: str = DEFAULT_URL
    ) -> None:
        self._client = PoolClient(session, base_url)
        self._address = address
        self._now = now

    @override
    async def read(self, since: datetime) -> AccountReading:
        at = self._now()
        reading = parse_hashrate(await self._client.json(f"/v1/user_hashrate/{self._address}"), at)
        unpaid_sat, last_share_at = parse_statsnap(await self._client.json(f"/v1/statsnap/{self._address}"))
        span = f"{int(since.timestamp())}/{int(at.timestamp())}"
        payouts = parse_earnpay(await self._client.json(f"/v1/earnpay/{self._address}/{span}"))
        fresh = tuple(payout for payout in payouts if payout.at >= since)
        return replace(reading, unpaid_sat=unpaid_sat, last_share_at=last_share_at, payouts=fresh)
