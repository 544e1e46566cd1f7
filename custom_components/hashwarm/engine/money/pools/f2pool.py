"""F2Pool, API version 2: balance, all that was paid and credited, hash rate. Needs a user name and an API secret."""

from dataclasses import replace
from datetime import datetime
from typing import override

import aiohttp

from ...model.errors import SourceError
from ...model.protocols import WallClock
from .client import PoolClient
from .parsing import account, amount, hash_rate, told
from .reading import AccountReading, PoolReader

DEFAULT_URL = "https://api.f2pool.com"
_RATES = ("h24_hash_rate", "h1_hash_rate", "hash_rate")


def parse_hash_rate(answer: object) -> float | None:
    """Read hash_rate/info, in H/s. Errors: AccountUnknownError, AccountRefusedError, SourceError."""
    row = account(answer)
    if "info" not in row:
        raise SourceError("info is missing")
    return told(account(row["info"]), _RATES, hash_rate)


def parse_balance(answer: object, at: datetime) -> AccountReading:
    """Read assets/balance. Errors: AccountUnknownError, AccountRefusedError, SourceError."""
    row = account(answer)
    if "balance_info" not in row:
        raise SourceError("balance_info is missing")
    balance = account(row["balance_info"])
    unpaid_sat = told(balance, ["balance"], amount)
    if unpaid_sat is None:
        raise SourceError("balance is missing")
    return AccountReading(
        at=at,
        unpaid_sat=unpaid_sat,
        paid_sat=told(balance, ["paid"], amount),
        credited_sat=told(balance, ["total_income"], amount),
    )


class F2Pool(PoolReader):
    """A thin client; two requests a look."""

    name = "F2Pool"

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        user: str,
        secret: str,
        now: WallClock,
        base_url: str = DEFAULT_URL,
    ) -> None:
        self._client = PoolClient(session, base_url, headers={"F2P-API-SECRET": secret})
        self._question = {"currency": "bitcoin", "mining_user_name": user}
        self._now = now

    @override
    async def read(self, since: datetime) -> AccountReading:
        reading = parse_balance(await self._client.json("/v2/assets/balance", post=self._question), self._now())
        rate = parse_hash_rate(await self._client.json("/v2/hash_rate/info", post=self._question))
        return replace(reading, hash_rate_hs=rate)
