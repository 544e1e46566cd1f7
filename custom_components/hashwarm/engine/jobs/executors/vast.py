"""A machine rented out on vast.ai: whether somebody has it, what it earned by day, and whether it is on offer.

A rental is never ended by us: a host promises the machine for the time it is rented, unlisted or not.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, override

import aiohttp
from yarl import URL

from ...model.compute import Compute, ComputeStatus
from ...model.errors import ExecutorRefusedError, InvalidValueError
from ...model.protocols import WallClock
from .answers import GarbageError, amount, items, number, record, text
from .web import ANSWER_S, TOO_MANY, WebAnswer, WebClient

API = URL("https://console.vast.ai/api/v0")
CURRENCY = "USD"
_EPOCH = date(1970, 1, 1)
_NANO = 1_000_000_000
_AGAIN = frozenset({TOO_MANY, 502, 503, 504})
_TRIES = 4
_LONGEST_WAIT_S = 30.0
_EARNINGS_EVERY = timedelta(minutes=15)
_DAYS = 30
_MOST_PER_DAY = 100_000.0
_MOST_PER_HOUR = 10_000.0
_FREE = frozenset({"x", "X", " ", "-"})
_EARNINGS = ("gpu_earn", "sto_earn", "bwu_earn", "bwd_earn")


def machine(answer: Any, machine_id: int) -> dict[str, Any]:
    """Return one machine of the list. Errors: GarbageError, ExecutorRefusedError where it is not there."""
    machines = record(answer).get("machines")
    if not isinstance(machines, list):
        raise GarbageError("no list of machines")
    found = next((told for told in map(record, machines) if told.get("id") == machine_id), None)
    if found is None:
        raise ExecutorRefusedError(f"no machine {machine_id} of this account")
    return found


def rented_gpus(told: dict[str, Any]) -> int | None:
    """Return how many GPUs somebody has, by one letter for each; None where it is not told."""
    occupancy = told.get("gpu_occupancy")
    return sum(letter not in _FREE for letter in occupancy[:64]) if isinstance(occupancy, str) else None


def per_hour(told: dict[str, Any]) -> float | None:
    """Return what it earns now, by the marketplace's own figure, else by its list price; None where neither is told."""
    earned, price, rented = amount(told.get("earn_hour")), amount(told.get("listed_gpu_cost")), rented_gpus(told)
    if earned is None and price is not None and rented is not None:
        earned = price * rented
    return earned if earned is not None and earned <= _MOST_PER_HOUR else None


def settled(answer: Any, today: date) -> dict[str, int]:
    """Return what each day earned that is over, in 1e-9 USD by date; days told twice are added up."""
    sums: dict[str, float] = {}
    for told in map(record, items(record(answer).get("per_day"))):
        number_of_day = number(told.get("day"))
        if number_of_day is None or not 0 <= number_of_day < (today - _EPOCH).days:
            continue
        parts = [amount(told.get(kind)) for kind in _EARNINGS]
        earned = sum(part for part in parts if part is not None)
        if any(part is not None for part in parts) and earned <= _MOST_PER_DAY:
            day = (_EPOCH + timedelta(days=int(number_of_day))).isoformat()
            sums[day] = sums.get(day, 0.0) + earned
    return {day: round(earned * _NANO) for day, earned in sums.items()}


class VastMachine(ComputeStatus):
    """Reads one machine of an account; earnings are asked for every quarter of an hour."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        machine_id: int,
        key: str,
        now: WallClock,
        url: URL = API,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        answer_s: float = ANSWER_S,
    ) -> None:
        self._web = WebClient(session, url, token=key, answer_s=answer_s)
        self._machine_id = machine_id
        self._now = now
        self._sleep = sleep
        self._earned: dict[str, int] = {}
        self._earnings_due: datetime | None = None

    @override
    async def read(self) -> Compute:
        """Ask how it stands. Errors: ExecutorError and its kin."""
        told = machine((await self._patiently("GET", "/machines", params={"owner": "me"})).json(), self._machine_id)
        await self._read_earnings()
        rented = rented_gpus(told)
        busy = None if rented is None else rented > 0
        return Compute(
            at=self._now(),
            busy=busy,
            committed=busy,
            name=text(told.get("hostname")) or text(told.get("gpu_name")),
            earned_nano=dict(self._earned),
            currency=CURRENCY,
            revenue_per_hour=per_hour(told),
        )

    async def is_listed(self) -> bool | None:
        """Return whether it is on offer, None where that is not told. Errors: ExecutorError and its kin."""
        answer = await self._patiently("GET", "/machines", params={"owner": "me"})
        listed = machine(answer.json(), self._machine_id).get("listed")
        return listed if isinstance(listed, bool) else None

    async def put_on_offer(self, price_per_gpu_hour: float) -> None:
        """Put it on offer at a price in USD. Errors: InvalidValueError; ExecutorError and its kin."""
        if not 0 < price_per_gpu_hour <= _MOST_PER_HOUR:
            raise InvalidValueError("no price", value=str(price_per_gpu_hour))
        body = {"machine": self._machine_id, "price_gpu": price_per_gpu_hour, "min_chunk": 1}
        _agreed(await self._patiently("PUT", "/machines/create_asks/", body=body))

    async def take_off_offer(self) -> None:
        """Take it off offer; who has rented it keeps it. Errors: ExecutorError and its kin."""
        _agreed(await self._patiently("DELETE", f"/machines/{self._machine_id}/asks/"))

    def ask_anew(self) -> None:
        """Ask for earnings with the next look, though they have been asked for a moment ago."""
        self._earnings_due = None

    async def _read_earnings(self) -> None:
        now = self._now().astimezone(UTC)
        if self._earnings_due is not None and timedelta() < self._earnings_due - now <= _EARNINGS_EVERY:
            return
        today = (now.date() - _EPOCH).days
        params = {"sday": str(today - _DAYS), "eday": str(today), "machid": str(self._machine_id)}
        answer = await self._patiently("GET", "/users/me/machine-earnings", params=params)
        self._earned = settled(answer.json(), now.date())
        self._earnings_due = now + _EARNINGS_EVERY

    async def _patiently(
        self, method: str, path: str, *, body: Any = None, params: dict[str, str] | None = None
    ) -> WebAnswer:
        """Ask, again after a while where the marketplace is busy. Errors: ExecutorUnreachableError, GarbageError."""
        wait_s = 1.0
        for _ in range(_TRIES - 1):
            answer = await self._web.request(method, path, body=body, params=params)
            if answer.status not in _AGAIN:
                return answer
            await self._sleep(_asked_for_s(answer, wait_s))
            wait_s *= 2
        return await self._web.request(method, path, body=body, params=params)


def _asked_for_s(answer: WebAnswer, otherwise_s: float) -> float:
    """Return how long to wait, as the server asks for, within reason."""
    asked = answer.retry_after or ""
    return min(float(asked), _LONGEST_WAIT_S) if asked.isascii() and asked.isdigit() else otherwise_s


def _agreed(answer: WebAnswer) -> None:
    """Refuse an answer that says no in its text though its status says yes. Errors: ExecutorError and its kin."""
    if record(answer.json()).get("success") is False:
        raise ExecutorRefusedError(text(record(answer.json()).get("msg")) or "refused")
