"""Opens a home: the store, the market with its sources, and the ledger, started and stopped in the right order."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
import uuid

import aiohttp

from ..model.errors import HashwarmError
from ..model.protocols import Monotonic, WallClock
from ..money import SCHEMA, Coinbase, Electricity, FigureKind, Manual, Market, Mempool, Scheme, Source
from ..money.pools import POOLS, BrokenReader, Credentials, PoolKind, PoolReader, SoloReader, build as build_reader
from ..money.sources import Esplora
from ..money.sources.coinbase import DEFAULT_URL as COINBASE_URL
from ..money.sources.esplora import DEFAULT_URL as ESPLORA_URL
from ..store import Schema, Store
from .home import Home
from .pool_accounts import AccountSettings

SUBSIDY_SAT = 312_500_000
"""Per block from April 2024 to about April 2028; what a block pays at the least."""


@dataclass(frozen=True, kw_only=True)
class AccountOptions:
    """A pool account, and how it is asked."""

    settings: AccountSettings
    credentials: Credentials
    base_url: str | None = None
    """Of the pool's own interface, where it is another than usual."""


@dataclass(frozen=True, kw_only=True)
class HomeOptions:
    """What a person chose for the home; figures by hand fill in where no source tells them."""

    currency: str
    market_url: str | None
    """Of a mempool.space-compatible server; None asks nobody."""
    coinbase_url: str = COINBASE_URL
    esplora_url: str = ESPLORA_URL
    btc_price: Callable[[], float | None] | None = None
    """From a sensor of the home, asked before anybody else."""
    accounts: tuple[AccountOptions, ...] = ()
    manual_difficulty: float | None = None
    manual_btc_price: float | None = None

    def manual_figures(self) -> dict[FigureKind, float]:
        """Return the figures given by hand; a difficulty without a reward pays the bare subsidy."""
        figures: dict[FigureKind, float] = {}
        if self.manual_difficulty:
            figures[FigureKind.DIFFICULTY] = self.manual_difficulty
            figures[FigureKind.REWARD_SAT] = SUBSIDY_SAT
        if self.manual_btc_price:
            figures[FigureKind.BTC_PRICE] = self.manual_btc_price
        return figures


class OpenHome:
    """Owner of a running home."""

    def __init__(self, home: Home, store: Store, market: Market) -> None:
        self.home = home
        self.store = store
        self._market = market
        self._running = AsyncExitStack()

    async def start(self) -> None:
        """Open the file and go on from the past; a failure leaves nothing running. Errors: StoreError."""
        async with AsyncExitStack() as started:
            await self.store.start()
            started.push_async_callback(self.store.stop)
            started.push_async_callback(self._market.stop)
            await self._market.start()
            started.push_async_callback(self.home.stop)
            await self.home.start()
            self._running = started.pop_all()

    async def close(self) -> None:
        """Write the last moments and end all tasks; a backup that holds the writer has lost its subject."""
        self.store.resume()
        await self._running.aclose()


async def open_home(
    path: Path,
    options: HomeOptions,
    *,
    session: aiohttp.ClientSession,
    tz: tzinfo,
    clock: Monotonic,
    now: WallClock,
    electricity: Electricity,
    alternative_per_kwh: Callable[[], float | None] = lambda: None,
    guests: tuple[Schema, ...] = (),
) -> OpenHome:
    """Open the ledger in `path`, where `guests` have tables too, and start.

    A file that cannot be opened now is a problem shown, not an error.
    Errors: StoreError when the file was written by a newer version, InvalidValueError for a figure beyond belief.
    """
    store = Store(path, schemas=(SCHEMA, *guests), now=now)
    market = Market(
        sources=_sources(options, session),
        price_sensor=options.btc_price,
        manual=Manual(options.manual_figures()),
        store=store,
        currency=options.currency,
        now=now,
        clock=clock,
    )
    home = Home(
        store=store,
        market=market,
        currency=options.currency,
        tz=tz,
        clock=clock,
        now=now,
        electricity=electricity,
        alternative_per_kwh=alternative_per_kwh,
        accounts=[(told.settings, _reader(told, options, session, now)) for told in options.accounts],
        token=uuid.uuid4().hex,
    )
    opened = OpenHome(home, store, market)
    await opened.start()
    return opened


def _sources(options: HomeOptions, session: aiohttp.ClientSession) -> tuple[Source, ...]:
    if options.market_url is None:
        return ()
    return (
        Mempool(session, currency=options.currency, base_url=options.market_url),
        Coinbase(session, currency=options.currency, base_url=options.coinbase_url),
        Esplora(session, base_url=options.esplora_url),
    )


def _reader(told: AccountOptions, options: HomeOptions, session: aiohttp.ClientSession, now: WallClock) -> PoolReader:
    """Return the reader of an account; one that was set up wrongly says so at every look, and stops nobody else."""
    chain_url = options.market_url
    try:
        reader = build_reader(told.settings.kind, session, told.credentials, now=now, base_url=told.base_url)
        if told.settings.scheme is not Scheme.SOLO:
            return reader
        if told.settings.kind is PoolKind.ADDRESS_WATCH:
            return SoloReader(None, reader)
        if chain_url is None or told.credentials.address is None:
            return reader
        chain = build_reader(PoolKind.ADDRESS_WATCH, session, told.credentials, now=now, base_url=chain_url)
    except HashwarmError as error:
        return BrokenReader(POOLS[told.settings.kind].label, error)
    return SoloReader(reader, chain)
