"""One coordinator for all market figures: who told it, how old it is, when to ask again."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
import contextlib
from dataclasses import dataclass
import logging
import math
import sqlite3

from ..model.errors import SourceError, StoreError
from ..model.protocols import Monotonic, WallClock
from ..store import Store
from .calendar import epoch_ms, moment
from .figures import Figure, FigureKind, RateLimitedError, Source
from .interval import Estimate
from .sources.manual import NAME as MANUAL, Manual

_LOGGER = logging.getLogger(__name__)
PERIOD_S = 600.0
"""At most one request per figure in this time."""
_MAX_BACK_OFF_S = 6 * 3600.0
_MARGIN_S = 1.0
_DAY_S = 86_400.0
STALE_AFTER_S = {
    FigureKind.DIFFICULTY: 3 * _DAY_S,
    FigureKind.REWARD_SAT: 3 * _DAY_S,
    FigureKind.BTC_PRICE: _DAY_S,
    FigureKind.ADJUSTMENT_PERCENT: _DAY_S,
    FigureKind.ADJUSTMENT_AT: _DAY_S,
}
"""Difficulty changes every two weeks and by a few percent; a price older than a day is no price."""

_GET = "SELECT kind, value, source, at_ms, unit FROM money_figure"
_PUT = (
    "INSERT INTO money_figure VALUES (?, ?, ?, ?, ?) ON CONFLICT (kind) DO UPDATE SET"
    " value = excluded.value, source = excluded.source, at_ms = excluded.at_ms, unit = excluded.unit"
)


@dataclass
class _Patience:
    """How long one request of one source is left alone."""

    not_before_s: float = -math.inf
    failures: int = 0


class Market:
    """Keeps figures fresh from its sources, first one first; what was last good survives a restart."""

    def __init__(
        self,
        *,
        sources: Sequence[Source],
        manual: Manual | None = None,
        store: Store | None = None,
        currency: str,
        now: WallClock,
        clock: Monotonic,
    ) -> None:
        self._sources = tuple(sources)
        self._manual = manual or Manual({})
        self._store = store
        self._currency = currency
        self._now = now
        self._clock = clock
        self._figures: dict[FigureKind, Figure] = {}
        self._patience: dict[tuple[int, frozenset[FigureKind]], _Patience] = {}
        self._listeners: list[Callable[[], None]] = []
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Remember what was last good, then keep asking; never waits for a source."""
        with contextlib.suppress(StoreError):
            await self._remember()
        self._task = asyncio.create_task(self._run(), name="hashwarm market")

    async def stop(self) -> None:
        """End the task."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def figure(self, kind: FigureKind) -> Figure | None:
        """Return the newest figure that is not stale, else the one given by hand, else None."""
        figure = self._figures.get(kind)
        if figure is not None and figure.age_s(self._now()) <= STALE_AFTER_S[kind]:
            return figure
        by_hand = self._manual.figures.get(kind)
        return None if by_hand is None else Figure(value=by_hand, source=MANUAL, at=self._now())

    @property
    def estimate(self) -> Estimate | None:
        """The network figures that value share work, None unless all are known."""
        difficulty = self.figure(FigureKind.DIFFICULTY)
        reward = self.figure(FigureKind.REWARD_SAT)
        if difficulty is None or reward is None:
            return None
        return Estimate(difficulty=difficulty.value, reward_sat=round(reward.value))

    @property
    def btc_price(self) -> float | None:
        """The price of a bitcoin in the home's currency, None when unknown."""
        figure = self.figure(FigureKind.BTC_PRICE)
        return None if figure is None else figure.value

    def add_listener(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after figures changed; returns how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def _run(self) -> None:
        """Ask what is due, again and again."""
        while True:
            await self.update()
            await asyncio.sleep(self._pause_s())

    def _pause_s(self) -> float:
        """Return the time until the next request may be made."""
        waits = (patience.not_before_s - self._clock() for patience in self._patience.values())
        return _MARGIN_S + min((wait for wait in waits if wait > 0), default=PERIOD_S)

    async def update(self) -> None:
        """Ask each source for what no source before it has told of late."""
        fresh: dict[FigureKind, Figure] = {}
        missing = set(FigureKind) - self._told_of_late(FigureKind)
        for index, source in enumerate(self._sources):
            for kinds in source.requests:
                if kinds & missing:
                    told = await self._ask(index, source, kinds)
                    fresh |= told
                    missing -= told.keys()
        if fresh:
            self._figures |= fresh
            for listener in list(self._listeners):
                listener()
            with contextlib.suppress(StoreError):
                await self._save(fresh.items())

    def _told_of_late(self, kinds: Iterable[FigureKind]) -> set[FigureKind]:
        """Return the figures among `kinds` that are younger than the period between requests."""
        now = self._now()
        return {kind for kind in kinds if kind in self._figures and self._figures[kind].age_s(now) < PERIOD_S}

    async def _ask(self, index: int, source: Source, kinds: frozenset[FigureKind]) -> dict[FigureKind, Figure]:
        """Make one request if its time has come; a failure makes the next one wait longer."""
        patience = self._patience.setdefault((index, kinds), _Patience())
        if self._clock() < patience.not_before_s:
            return {}
        wait_s = PERIOD_S
        told: dict[FigureKind, float] = {}
        try:
            told = await source.fetch(kinds)
            patience.failures = 0
        except SourceError as error:
            patience.failures += 1
            wait_s = _back_off_s(patience.failures, error)
            _LOGGER.debug("%s told nothing: %s", source.name, error)
        patience.not_before_s = self._clock() + wait_s
        now = self._now()
        return {kind: Figure(value=value, source=source.name, at=now) for kind, value in told.items()}

    async def _remember(self) -> None:
        """Take up the figures last saved; a price in another currency is none. Errors: StoreError."""
        if self._store is None:
            return
        rows = await self._store.read(lambda connection: connection.execute(_GET).fetchall())
        for kind, value, source, at_ms, unit in rows:
            if kind in FigureKind and unit == self._unit(FigureKind(kind)):
                self._figures[FigureKind(kind)] = Figure(value=value, source=source, at=moment(at_ms))

    async def _save(self, figures: Iterable[tuple[FigureKind, Figure]]) -> None:
        """Save figures for the next start. Errors: StoreError."""
        if self._store is None:
            return
        rows = [(kind, f.value, f.source, epoch_ms(f.at), self._unit(kind)) for kind, f in figures]

        def put(connection: sqlite3.Connection) -> None:
            connection.executemany(_PUT, rows)

        await self._store.write(put)

    def _unit(self, kind: FigureKind) -> str:
        """Return the unit that a saved figure must have to be used."""
        return self._currency if kind is FigureKind.BTC_PRICE else ""


def _back_off_s(failures: int, error: SourceError) -> float:
    """Return how long to leave a failing request alone."""
    wait_s = min(_MAX_BACK_OFF_S, PERIOD_S * 2.0 ** min(failures - 1, 10))
    if isinstance(error, RateLimitedError):
        wait_s = min(_MAX_BACK_OFF_S, max(2 * wait_s, error.retry_after_s or 0.0))
    return wait_s
