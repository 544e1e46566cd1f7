"""One coordinator for all market figures: who told it, how old it is, when to ask again, who says otherwise."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
import contextlib
from datetime import datetime
import logging
import sqlite3

from ..model.errors import SourceError, StoreError
from ..model.protocols import Monotonic, WallClock
from ..store import Store
from .calendar import epoch_ms, moment
from .doubt import COMPARED, CrossCheck, Disagreement, JumpGuard, differ
from .figures import Figure, FigureKind, PriceHistory, Source
from .interval import Estimate
from .patience import PERIOD_S, Patience
from .sources.manual import NAME as MANUAL, Manual
from .sources.sensor import PriceSensor

_LOGGER = logging.getLogger(__name__)
_MARGIN_S = 1.0
_MAX_PAST_PRICES = 2000
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
        price_sensor: Callable[[], float | None] | None = None,
    ) -> None:
        """Take the sources, first one first; before them all comes `price_sensor`, in currency per bitcoin."""
        self._sources = (*((PriceSensor(price_sensor),) if price_sensor else ()), *sources)
        self._manual = manual or Manual({})
        self._store = store
        self._currency = currency
        self._now = now
        self._clock = clock
        self._figures: dict[FigureKind, Figure] = {}
        self._patience: dict[tuple[int, frozenset[FigureKind]], Patience] = {}
        self._guard = JumpGuard()
        self._check = CrossCheck()
        self._past_prices: dict[datetime, Figure] = {}
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

    @property
    def disagreements(self) -> dict[FigureKind, Disagreement]:
        """The figures that two sources tell differently, until they agree."""
        return dict(self._check.disagreements)

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
        """Ask each source for what no source before it has told of late; now and then ask a second one too."""
        before = self.disagreements
        fresh: dict[FigureKind, Figure] = {}
        missing = set(FigureKind) - self._told_of_late(FigureKind)
        for index, source in enumerate(self._sources):
            for kinds in source.requests:
                if kinds & missing:
                    told = self._believed(await self._ask(index, source, kinds))
                    fresh |= told
                    missing -= told.keys()
        self._figures |= fresh
        await self._cross_check()
        if fresh or before != self.disagreements:
            for listener in list(self._listeners):
                listener()
        if fresh:
            with contextlib.suppress(StoreError):
                await self._save(fresh.items())

    def _told_of_late(self, kinds: Iterable[FigureKind]) -> set[FigureKind]:
        """Return the figures among `kinds` that are younger than the period between requests."""
        now = self._now()
        return {kind for kind in kinds if kind in self._figures and self._figures[kind].age_s(now) < PERIOD_S}

    async def _ask(self, index: int, source: Source, kinds: frozenset[FigureKind]) -> dict[FigureKind, Figure]:
        """Make one request if its time has come; a failure makes the next one wait longer."""
        patience = self._patience.setdefault((index, kinds), Patience())
        if self._clock() < patience.not_before_s:
            return {}
        try:
            told = await source.fetch(kinds)
        except SourceError as error:
            patience.failed(self._clock(), error)
            _LOGGER.debug("%s told nothing: %s", source.name, error)
            return {}
        patience.answered(self._clock())
        now = self._now()
        return {kind: Figure(value=value, source=source.name, at=now) for kind, value in told.items()}

    def _believed(self, told: dict[FigureKind, Figure]) -> dict[FigureKind, Figure]:
        """Return what was told, without a price that jumped beyond belief."""
        price = told.get(FigureKind.BTC_PRICE)
        if price is None:
            return told
        doubted = self._guard.doubted
        if not self._guard.believes(price, self._figures.get(FigureKind.BTC_PRICE)):
            _LOGGER.debug("%s tells a price that jumped: it is asked again", price.source)
            return {kind: figure for kind, figure in told.items() if kind is not FigureKind.BTC_PRICE}
        if doubted is not None and doubted.source != price.source and differ(price, doubted):
            self._check.compare(FigureKind.BTC_PRICE, price, doubted, self._clock())
        return told

    async def _cross_check(self) -> None:
        """Ask a second source for each figure whose time for that has come."""
        for kind in COMPARED:
            ours = self._figures.get(kind)
            if ours is None or not self._check.is_due(kind, self._clock()):
                continue
            for index, source, kinds in self._others(kind, ours.source):
                theirs = (await self._ask(index, source, kinds)).get(kind)
                if theirs is not None:
                    self._check.compare(kind, ours, theirs, self._clock())
                    break

    def _others(self, kind: FigureKind, name: str) -> list[tuple[int, Source, frozenset[FigureKind]]]:
        """Return the requests that tell a figure, but for those of the source of that name."""
        return [
            (index, source, kinds)
            for index, source in enumerate(self._sources)
            for kinds in source.requests
            if kind in kinds and source.name != name
        ]

    async def historical_price(self, at: datetime) -> Figure | None:
        """Return the price of a bitcoin at a moment of the past, None when nobody tells it now.

        Each hour is asked for once; after a failure the source is left alone for a while. Many payouts seen late are
        best asked for a few at a time.
        """
        hour = at.replace(minute=0, second=0, microsecond=0)
        for index, source in enumerate(self._sources):
            if hour not in self._past_prices and isinstance(source, PriceHistory):
                await self._ask_history(index, source, hour)
        return self._past_prices.get(hour)

    async def _ask_history(self, index: int, source: PriceHistory, hour: datetime) -> None:
        """Keep the price of an hour, if the source's time has come and it knows it."""
        patience = self._patience.setdefault((index, frozenset()), Patience())
        if self._clock() < patience.not_before_s:
            return
        try:
            price = await source.historical_price(hour)
        except SourceError as error:
            patience.failed(self._clock(), error)
            _LOGGER.debug("%s told no price of the past: %s", source.name, error)
            return
        patience.failures = 0
        if len(self._past_prices) >= _MAX_PAST_PRICES:
            self._past_prices.clear()
        self._past_prices[hour] = Figure(value=price, source=source.name, at=hour)

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
