"""The home's pool accounts: looked at by their watches, booked once, split among the heaters that feed them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial
import random
import sqlite3

from ..model.errors import InvalidValueError, SourceError
from ..model.protocols import Monotonic, WallClock
from ..money import Earning, Ledger, Market, Scheme
from ..money.account_book import LOOKS_BACK_DAYS, Look, Taken, take
from ..money.account_tables import BookedPayout, account_ids, account_titles, correct_payout, get_payouts
from ..money.calendar import epoch_ms
from ..money.credited import credited_by_day
from ..money.entries import Entry, mark_placed, unplaced_entries
from ..money.pools import POOLS, AccountReading, Payout, PayoutState, PoolKind, PoolReader, PoolWatch, Tells
from ..money.quantities import MICRO_SAT_PER_SAT, nano
from ..money.settling import settled_usat
from ..store import Store

_NOW_PRICED = timedelta(hours=1)
"""A payout so young is valued at the price of now."""
_PRICES_PER_LOOK = 3
_COMPARED = timedelta(days=30)
_FIRST_LOOKS_BACK_DAYS = 400


@dataclass(frozen=True, kw_only=True)
class AccountSettings:
    """A pool account as a person set it up."""

    account_id: str
    """What the home knows it by."""
    ledger_id: str = ""
    """What its facts are booked under: another wallet or another way of being paid is another account."""
    title: str = ""
    kind: PoolKind
    scheme: Scheme
    fee_ppm: int = 0
    heaters: tuple[str, ...] = ()
    """That feed it."""
    others_feed: bool = False

    @property
    def earning(self) -> Earning:
        """What the share work of its heaters is paid for."""
        return Earning(scheme=self.scheme, fee_ppm=self.fee_ppm, account=self.booked_as)

    @property
    def booked_as(self) -> str:
        """What its facts are booked under."""
        return self.ledger_id or self.account_id


class NewsKind(StrEnum):
    """What an account tells people at once."""

    PAYOUT = "payout"
    BLOCK_FOUND = "block_found"


@dataclass(frozen=True, kw_only=True)
class News:
    """A payout, or a block found; amounts in sat, None where not known."""

    kind: NewsKind
    account_id: str
    at: datetime
    sat: int | None = None
    txid: str | None = None
    block_hash: str | None = None


@dataclass(frozen=True, kw_only=True)
class AccountState:
    """How an account stands."""

    reading: AccountReading | None = None
    problem: str | None = None
    """The key of what went wrong last."""
    doubtful: bool = False
    """The pool credited far more than our heaters can have earned, and nothing was booked since."""
    last_payout: Payout | None = None
    confirmed_sat: float | None = None
    """Of the last 30 days, as far as settled; None where nothing is."""
    estimated_sat: float | None = None
    """Of the same time."""

    @property
    def difference_percent(self) -> float | None:
        """By how much the pool confirmed more or less than was estimated."""
        if self.confirmed_sat is None or not self.estimated_sat:
            return None
        return 100 * (self.confirmed_sat / self.estimated_sat - 1)


class PoolAccounts:
    """Owner of the watches of all accounts; books what they see."""

    def __init__(
        self,
        accounts: Sequence[tuple[AccountSettings, PoolReader]],
        *,
        ledger: Ledger,
        store: Store,
        market: Market,
        currency: str,
        now: WallClock,
        clock: Monotonic,
        randomness: random.Random,
    ) -> None:
        self._settings = {settings.account_id: settings for settings, _ in accounts}
        self._watches = {
            settings.account_id: PoolWatch(
                reader,
                since=partial(self._since, settings.account_id),
                on_reading=partial(self._book, settings.account_id),
                clock=clock,
                randomness=randomness,
            )
            for settings, reader in accounts
        }
        self._ledger = ledger
        self._store = store
        self._market = market
        self._currency = currency
        self._now = now
        self._states = dict.fromkeys(self._settings, AccountState())
        self._listeners: list[Callable[[Sequence[News]], None]] = []
        self._renew_due = False

    @property
    def settings(self) -> Mapping[str, AccountSettings]:
        """The accounts, by id."""
        return self._settings

    def state(self, account_id: str) -> AccountState:
        """Return how an account stands; the newest problem is that of its watch."""
        return replace(self._states[account_id], problem=self._watches[account_id].problem)

    def fed_by(self, heater_id: str) -> AccountSettings | None:
        """Return the account that a heater feeds."""
        return next((settings for settings in self._settings.values() if heater_id in settings.heaters), None)

    def add_listener(self, listener: Callable[[Sequence[News]], None]) -> Callable[[], None]:
        """Call `listener` after each look that was booked, with its news; returns how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def start(self) -> None:
        """Begin to look; never waits for a pool."""
        for watch in self._watches.values():
            await watch.start()

    async def stop(self) -> None:
        """End the watches."""
        for watch in self._watches.values():
            await watch.stop()

    def _since(self, account_id: str) -> datetime:
        """Return from when on a look asks for payouts: far back at first, then as far as they may still change."""
        known = self._states[account_id].reading is not None
        return self._now() - timedelta(days=LOOKS_BACK_DAYS if known else _FIRST_LOOKS_BACK_DAYS)

    async def _book(self, account_id: str, reading: AccountReading) -> None:
        await self.take(account_id, reading)

    async def take(self, account_id: str, reading: AccountReading) -> Taken:
        """Book a look at an account and tell of it. Errors: StoreError, after which the next look makes up for it."""
        settings = self._settings[account_id]
        await self._ledger.flush()
        await self._renew_if_due()
        look = Look(
            account=settings.booked_as,
            title=settings.title,
            reading=reading,
            scheme=settings.scheme,
            currency=self._currency,
            btc_price_nano=nano(self._market.btc_price),
            btc_prices_nano=await self._prices(account_id, reading.payouts),
            others_feed=settings.others_feed,
            lists_all_payouts=settings.kind is PoolKind.ADDRESS_WATCH or settings.scheme is Scheme.SOLO,
            tells_days=Tells.DAYS in POOLS[settings.kind].tells,
        )
        # Whatever comes of the write, what is shown may be old from here on.
        self._renew_due = True
        taken = await self._store.write(lambda connection: take(connection, look))
        news = _news(account_id, taken)
        try:
            await self._renew_if_due()
            await self._note(account_id, reading, taken)
        finally:
            for listener in list(self._listeners):
                listener(news)
        return taken

    async def _renew_if_due(self) -> None:
        """Show what was booked. Errors: StoreError, and it is made up for before the next look."""
        if self._renew_due:
            await self._ledger.renew_entries()
            self._renew_due = False

    async def _note(self, account_id: str, reading: AccountReading, taken: Taken) -> None:
        """Keep how the account stands now. Errors: StoreError."""
        first_day = (reading.at - _COMPARED).toordinal()
        settled = await self._store.read(
            lambda connection: settled_usat(connection, self._booked_as(account_id), first_day)
        )
        told = [booked.payout for booked in await self.payouts(account_id)]
        paid = [payout for payout in told if payout.state is not PayoutState.GONE]
        confirmed, estimated = settled if settled is not None else (None, None)
        self._states[account_id] = AccountState(
            reading=reading,
            doubtful=taken.doubtful or (self._states[account_id].doubtful and not taken.entries),
            last_payout=paid[-1] if paid else None,
            confirmed_sat=None if confirmed is None else confirmed / MICRO_SAT_PER_SAT,
            estimated_sat=None if estimated is None else estimated / MICRO_SAT_PER_SAT,
        )

    def _booked_as(self, account_id: str) -> str:
        settings = self._settings.get(account_id)
        return account_id if settings is None else settings.booked_as

    async def all_payouts(self) -> list[tuple[str, list[BookedPayout]]]:
        """Return every payout of every account there ever was, by its name. Errors: StoreError."""

        def read(connection: sqlite3.Connection) -> list[tuple[str, list[BookedPayout]]]:
            numbers = account_ids(connection, {})
            titles = account_titles(connection)
            return [(title, get_payouts(connection, numbers[name])) for name, title in titles.items()]

        return await self._store.read(read)

    async def payouts(self, account_id: str) -> list[BookedPayout]:
        """Return every payout of an account, oldest first. Errors: StoreError."""

        def read(connection: sqlite3.Connection) -> list[BookedPayout]:
            number = account_ids(connection, {}).get(self._booked_as(account_id))
            return [] if number is None else get_payouts(connection, number)

        return await self._store.read(read)

    async def credited(self, account_id: str) -> dict[date, int]:
        """Return what the pool credited for each day in UTC, in sat, oldest first. Errors: StoreError."""
        return await self._store.read(lambda connection: credited_by_day(connection, self._booked_as(account_id)))

    async def unplaced(self, until: datetime) -> list[Entry]:
        """Return what was settled up to then and is not in its place in the statistics. Errors: StoreError."""
        until_ms = epoch_ms(until)
        return await self._store.read(lambda connection: unplaced_entries(connection, until_ms))

    async def mark_placed(self, entries: Sequence[Entry]) -> None:
        """Note that it is. Errors: StoreError."""
        keys = [entry.key for entry in entries]
        await self._store.write(lambda connection: mark_placed(connection, keys))

    async def correct_payout(
        self, account_id: str, payout_id: str, *, sat: int | None, btc_price: float | None, note: str
    ) -> BookedPayout:
        """Book a person's word on a payout, and what follows from it; None leaves as it was.

        Errors: InvalidValueError for a payout that is not known, StoreError.
        """
        before = {told.payout.payout_id: told for told in await self.payouts(account_id)}.get(payout_id)
        if before is None:
            raise InvalidValueError("no such payout", payout=payout_id)
        at_ms, price_nano = epoch_ms(self._now()), nano(btc_price)

        def correct(connection: sqlite3.Connection) -> None:
            correct_payout(
                connection,
                account_ids(connection, {})[self._booked_as(account_id)],
                payout_id,
                at_ms=at_ms,
                sat=before.payout.sat if sat is None else sat,
                btc_price_nano=before.btc_price_nano if price_nano is None else price_nano,
                currency=self._currency,
                note=note,
            )

        await self._store.write(correct)
        if (reading := self._states[account_id].reading) is not None:
            await self.take(account_id, reading)
        return next(told for told in await self.payouts(account_id) if told.payout.payout_id == payout_id)

    async def _prices(self, account_id: str, payouts: Sequence[Payout]) -> dict[str, int | None]:
        """Return the price of a bitcoin at each payout that has none yet, as far as it can be told."""
        known = {told.payout.payout_id for told in await self.payouts(account_id) if told.btc_price_nano is not None}
        prices: dict[str, int | None] = {}
        asked = 0
        for payout in sorted(payouts, key=lambda payout: payout.at, reverse=True):
            if payout.payout_id in known:
                continue
            if self._now() - payout.at < _NOW_PRICED:
                prices[payout.payout_id] = nano(self._market.btc_price)
            elif asked < _PRICES_PER_LOOK:
                asked += 1
                prices[payout.payout_id] = await self._price_at(payout.at)
        return prices

    async def _price_at(self, at: datetime) -> int | None:
        try:
            figure = await self._market.historical_price(at)
        except SourceError:
            return None
        return nano(figure.value) if figure is not None else None


def _news(account_id: str, taken: Taken) -> list[News]:
    """Return what people want to hear of a look."""
    blocks = [
        News(kind=NewsKind.BLOCK_FOUND, account_id=account_id, at=block.at, block_hash=block.block_hash)
        for block in taken.blocks
    ]
    payouts = [
        News(kind=NewsKind.PAYOUT, account_id=account_id, at=payout.at, sat=payout.sat, txid=payout.txid)
        for payout in taken.payouts
    ]
    return blocks + payouts
