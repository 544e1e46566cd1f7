"""CKPool solo: best share, workers and hash rate of an address, as its user file holds them; no money."""

from datetime import datetime
from typing import override

import aiohttp

from ...model.errors import SourceError
from ...model.protocols import WallClock
from ..sources.http import decoded
from .client import PoolClient
from .parsing import account, count, difficulty, hash_rate, seen, told
from .reading import AccountReading, PoolReader

DEFAULT_URL = "https://solo.ckpool.org"
_RATES = ("hashrate1d", "hashrate7d", "hashrate1hr", "hashrate5m", "hashrate1m")


def joined(body: bytes) -> object:
    """Return the answer as one object, also when it comes as one object per line. Errors: SourceError."""
    try:
        return decoded(body, "CKPool", exact=True)
    except SourceError:
        fields: dict[str, object] = {}
        for line in filter(None, map(bytes.strip, body.splitlines())):
            fields |= account(decoded(line, "CKPool", exact=True))
        if not fields:
            raise
        return fields


def parse_user(answer: object, at: datetime) -> AccountReading:
    """Read /users/ADDRESS. Errors: AccountUnknownError, SourceError."""
    user = account(answer)
    rate_hs = told(user, _RATES, hash_rate)
    if rate_hs is None:
        raise SourceError("no hash rate is told")
    bests = [best for key in ("bestever", "bestshare") if (best := told(user, [key], difficulty)) is not None]
    return AccountReading(
        at=at,
        hash_rate_hs=rate_hs,
        workers=told(user, ["workers"], count),
        best_difficulty=max(bests, default=None),
        last_share_at=told(user, ["lastshare"], seen),
    )


class CkPool(PoolReader):
    """A thin client; one request a look."""

    name = "CKPool"

    def __init__(
        self, session: aiohttp.ClientSession, *, address: str, now: WallClock, base_url: str = DEFAULT_URL
    ) -> None:
        self._client = PoolClient(session, base_url)
        self._address = address
        self._now = now

    @override
    async def read(self, since: datetime) -> AccountReading:
        body = await self._client.body(f"/users/{self._address}")
        return parse_user(joined(body), self._now())
