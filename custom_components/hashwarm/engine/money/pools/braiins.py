"""Braiins Pool (FPPS): balance, closed days and payouts. Needs a token that may read.

The payouts' fields are not in the vendor's public page: a list that is not there is an empty one.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import override

import aiohttp

from ...model.errors import SourceError
from ...model.protocols import WallClock
from .client import PoolClient
from .parsing import Row, account, amount, count, day, hash_rate, moment, rows, sat, table, text, told, unit_scale
from .reading import AccountReading, ConfirmedDay, Payout, PayoutState, PoolReader

DEFAULT_URL = "https://pool.braiins.com"
SPACING_S = 5.0
"""The pool asks for no more than a request in this time."""
_RATES = ("hash_rate_24h", "hash_rate_yesterday", "hash_rate_60m", "hash_rate_5m")
_TXID = ("tx_id", "txid")
_PAID_AT = ("resolved_at_ts", "requested_at_ts")
_FAILED = {"failed", "rejected", "cancelled", "canceled"}


def parse_profile(answer: object, at: datetime) -> AccountReading:
    """Read /accounts/profile/json/btc/. Errors: AccountRefusedError, SourceError."""
    btc = _btc(answer)
    unpaid_sat, credited_sat = told(btc, ["current_balance"], amount), told(btc, ["all_time_reward"], amount)
    if unpaid_sat is None and credited_sat is None:
        raise SourceError("no balance is told")
    return AccountReading(
        at=at,
        unpaid_sat=unpaid_sat,
        credited_sat=credited_sat,
        hash_rate_hs=_rate_hs(btc),
        workers=told(btc, ["ok_workers"], count),
    )


def _rate_hs(btc: Row) -> float | None:
    """Return the hash rate in H/s, None where neither it nor its unit is told."""
    if btc.get("hash_rate_unit") is None:
        return None
    scale = unit_scale(btc["hash_rate_unit"])
    rate = told(btc, _RATES, hash_rate)
    return None if rate is None else rate * scale


def parse_rewards(answer: object, since: date, today: date) -> tuple[ConfirmedDay, ...]:
    """Read /accounts/rewards/json/btc: the days that are closed, from `since` on. Errors: SourceError."""
    days: dict[date, int] = {}
    for row in rows(_btc(answer).get("daily_rewards"), "daily_rewards"):
        credited_on, credited_sat = told(row, ["date"], day), told(row, ["total_reward"], amount)
        if credited_on is None or credited_sat is None:
            raise SourceError("a day without date or reward")
        if since <= credited_on < today:
            days[credited_on] = credited_sat
    return tuple(ConfirmedDay(day=credited_on, sat=days[credited_on]) for credited_on in sorted(days))


def parse_payouts(answer: object) -> tuple[Payout, ...]:
    """Read /accounts/payouts/json/btc; one that failed is gone. Errors: SourceError."""
    outer = account(answer)
    inner = table(outer.get("btc", outer), "btc")
    listed = [row for key in ("onchain", "lightning", "payouts") for row in rows(inner.get(key), key)]
    return tuple(_payout(row) for row in listed if _state(row) is not PayoutState.GONE or set(_PAID_AT) & row.keys())


def _state(row: Row) -> PayoutState:
    status = str(row.get("status", "confirmed")).lower()
    if status in _FAILED:
        return PayoutState.GONE
    return PayoutState.CONFIRMED if status == "confirmed" else PayoutState.PENDING


def _payout(row: Row) -> Payout:
    """Read one payout; until it has a transaction, when it was asked for stands for it. Errors: SourceError."""
    at, txid = told(row, _PAID_AT, moment), told(row, _TXID, text)
    asked_at = told(row, ["requested_at_ts"], moment) or at
    paid_sat = told(row, ["amount_sats"], sat)
    if paid_sat is None:
        paid_sat = told(row, ["amount"], amount)
    if at is None or asked_at is None or paid_sat is None:
        raise SourceError("a payout without moment or amount")
    return Payout(
        # Not by its amount: a fee may be taken off before it is paid.
        payout_id=f"{asked_at:%Y%m%dT%H%M%S}",
        at=at,
        sat=paid_sat,
        state=_state(row),
        txid=txid,
    )


def _btc(answer: object) -> Row:
    """Return the part about bitcoin. Errors: AccountRefusedError, SourceError."""
    row = account(answer)
    if "btc" not in row:
        raise SourceError("nothing is told in bitcoin")
    return account(row["btc"])


class Braiins(PoolReader):
    """A thin client; three requests a look, with the pause between them that the pool asks for."""

    name = "Braiins Pool"

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        token: str,
        now: WallClock,
        base_url: str = DEFAULT_URL,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client = PoolClient(session, base_url, headers={"Pool-Auth-Token": token})
        self._now = now
        self._pause = pause

    @override
    async def read(self, since: datetime) -> AccountReading:
        at = self._now()
        first, today = since.astimezone(UTC).date(), at.astimezone(UTC).date()
        reading = parse_profile(await self._client.json("/accounts/profile/json/btc/"), at)
        await self._pause(SPACING_S)
        rewards = await self._client.json(f"/accounts/rewards/json/btc?from={first}")
        await self._pause(SPACING_S)
        payouts = parse_payouts(await self._client.json(f"/accounts/payouts/json/btc?from={first}"))
        return replace(
            reading,
            days=parse_rewards(rewards, first, today),
            payouts=tuple(payout for payout in payouts if payout.at >= since),
        )
