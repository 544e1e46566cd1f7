"""Public-Pool solo, also one's own: best share, workers and hash rate of an address; no money."""

from datetime import datetime
from typing import override

import aiohttp

from ...model.errors import AccountUnknownError
from ...model.protocols import WallClock
from .client import PoolClient
from .parsing import account, count, difficulty, hash_rate, moment, rows, told
from .reading import AccountReading, PoolReader

DEFAULT_URL = "https://public-pool.io:40557"


def parse_client(answer: object, at: datetime) -> AccountReading:
    """Read /api/client/ADDRESS; without a worker connected it tells no hash rate.

    Errors: AccountUnknownError for an address that it has no best share of, SourceError.
    """
    client = account(answer)
    workers = rows(client.get("workers"), "workers")
    best = told(client, ["bestDifficulty"], difficulty)
    if not workers and not best:
        raise AccountUnknownError("no share was seen of this address")
    rates = [rate for worker in workers if (rate := told(worker, ["hashRate"], hash_rate)) is not None]
    moments = [seen for worker in workers if (seen := told(worker, ["lastSeen"], moment)) is not None]
    connected = told(client, ["workersCount"], count)
    return AccountReading(
        at=at,
        hash_rate_hs=sum(rates) if rates else None,
        workers=len(workers) if connected is None else connected,
        best_difficulty=best,
        last_share_at=max(moments, default=None),
    )


class PublicPool(PoolReader):
    """A thin client; one request a look."""

    name = "Public-Pool"

    def __init__(
        self, session: aiohttp.ClientSession, *, address: str, now: WallClock, base_url: str = DEFAULT_URL
    ) -> None:
        self._client = PoolClient(session, base_url)
        self._address = address
        self._now = now

    @override
    async def read(self, since: datetime) -> AccountReading:
        return parse_client(await self._client.json(f"/api/client/{self._address}"), self._now())
