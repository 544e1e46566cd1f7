"""The home: one ledger and one market for all heaters."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, tzinfo
from enum import StrEnum
import logging
import random
import secrets

from ..model.errors import StoreError
from ..model.protocols import Monotonic, WallClock
from ..money import Earning, Electricity, HeaterSample, Ledger, Market, Scheme, Totals
from ..money.export import Row, day_rows, payout_rows
from ..money.hashprice import (
    block_odds_per_day,
    block_odds_per_year,
    expected_sat_per_day,
    hashprice_btc,
    value_per_kwh,
)
from ..money.pools import PoolReader
from ..money.quantities import PPM
from ..store import Store
from .pool_accounts import AccountSettings, PoolAccounts
from .snapshot import Snapshots

_LOGGER = logging.getLogger(__name__)
FLUSH_S = 10.0
"""The most that a kill can lose."""
_STOP_S = 10.0
_TENDED_AFTER_S = 300.0
_TENDED_EVERY_S = 6 * 3600.0
_TERA = 1e12


class Problem(StrEnum):
    """What a person should know of the ledger; values are translation keys."""

    STORE_UNAVAILABLE = "store_unavailable"
    STORE_SALVAGED = "store_salvaged"


@dataclass(frozen=True, kw_only=True)
class Export:
    """The books of some days, as tables."""

    days: list[Row]
    payouts: list[Row]


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What mining would bring at a hash rate and power; None is unknown."""

    hashprice_btc: float | None = None
    """BTC/PH/day."""
    expected_sat_per_day: float | None = None
    block_odds_per_day: float | None = None
    block_odds_per_year: float | None = None
    value_per_kwh: float | None = None
    """What a kWh earns, in currency; also the break-even electricity price."""
    heat_cost_per_kwh: float | None = None
    """At the electricity price in force, after earnings."""


class Home:
    """Books all heaters, writes every 10 s, and knows the totals at any moment."""

    def __init__(
        self,
        *,
        store: Store,
        market: Market,
        currency: str,
        tz: tzinfo,
        clock: Monotonic,
        now: WallClock,
        electricity: Electricity,
        alternative_per_kwh: Callable[[], float | None] = lambda: None,
        accounts: Sequence[tuple[AccountSettings, PoolReader]] = (),
        token: str | None = None,
    ) -> None:
        """Take collaborators, started by their owner; `token` tells this run from any other."""
        self._store = store
        self._market = market
        self._currency = currency
        self._tz = tz
        self._clock = clock
        self._electricity = electricity
        self._alternative_per_kwh = alternative_per_kwh
        self._ledger = Ledger(
            store=store,
            token=token or secrets.token_hex(8),
            currency=currency,
            tz=tz,
            now=now,
            electricity=electricity,
            alternative_per_kwh=alternative_per_kwh,
            estimate=lambda: market.estimate,
            btc_price=lambda: market.btc_price,
        )
        self._snapshots = Snapshots(self._ledger, currency, tz, now)
        self._earnings: dict[str, Earning] = {}
        self.accounts = PoolAccounts(
            accounts,
            ledger=self._ledger,
            store=store,
            market=market,
            currency=currency,
            now=now,
            clock=clock,
            randomness=random.SystemRandom(),
        )
        self._tended_at_s = clock() + _TENDED_AFTER_S
        self._listeners: list[Callable[[], None]] = []
        self._task: asyncio.Task[None] | None = None
        self._unavailable = False

    @property
    def market(self) -> Market:
        """The market figures."""
        return self._market

    @property
    def currency(self) -> str:
        """The home's currency."""
        return self._currency

    @property
    def price_per_kwh(self) -> float | None:
        """The price in force of electricity from the grid, None when unknown."""
        return self._electricity.prices().grid

    @property
    def electricity(self) -> Electricity:
        """What electricity costs now, and where that of the heaters comes from."""
        return self._electricity

    @property
    def alternative_per_kwh(self) -> float | None:
        """What a kWh of heat costs now from the heating otherwise used, None when unknown."""
        return self._alternative_per_kwh()

    @property
    def store(self) -> Store:
        """Return the file that the ledger shares with the jobs."""
        return self._store

    async def renew_entries(self) -> None:
        """Show what others booked; what cannot be read now is shown later."""
        try:
            await self._ledger.renew_entries()
        except StoreError as error:
            _LOGGER.warning("What AI work earned cannot be read now: %s", error)

    @property
    def problem(self) -> Problem | None:
        """What a person should know, None when all is well."""
        if self._unavailable:
            return Problem.STORE_UNAVAILABLE
        return Problem.STORE_SALVAGED if self._store.salvaged else None

    async def start(self) -> None:
        """Read the past and keep writing; a store that fails is tried again every 10 s."""
        await self.flush()
        self._task = asyncio.create_task(self._run(), name="hashwarm ledger")
        await self.accounts.start()

    async def stop(self) -> None:
        """Close every interval, write, and end the tasks."""
        await self.accounts.stop()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        try:
            async with asyncio.timeout(_STOP_S):
                await self._close_ledger()
        except StoreError, TimeoutError:
            _LOGGER.exception("The last moments of the ledger could not be written")

    async def _close_ledger(self) -> None:
        """Close and write; a failure may be over once the file is opened anew, so it is tried twice."""
        try:
            await self._ledger.close()
        except StoreError:
            await self._ledger.flush()

    def set_earning(self, heater_id: str, earning: Earning) -> None:
        """Say what the heater's share work is paid for, with its fee, or nothing; the account it feeds knows best."""
        account = self.accounts.fed_by(heater_id)
        if account is not None and earning.scheme is not Scheme.NONE:
            earning = account.earning
        self._earnings[heater_id] = earning
        self._ledger.set_earning(heater_id, earning)

    def earning(self, heater_id: str) -> Earning:
        """Return what the heater's share work is paid for."""
        return self._earnings.get(heater_id, Earning())

    def book(self, heater_id: str, sample: HeaterSample) -> None:
        """Take in one sample, in memory; about one a second per heater."""
        self._ledger.book(heater_id, sample)

    def release(self, heater_id: str) -> None:
        """Close the heater's interval, when it stops or is removed."""
        self._ledger.release(heater_id)

    async def flush(self) -> None:
        """Write now. A store that fails becomes a problem, not an error; the next flush makes up for it."""
        try:
            await self._ledger.flush()
            self._unavailable = False
        except StoreError as error:
            if not self._unavailable:
                _LOGGER.warning("The ledger cannot be written now, it goes on in memory: %s", error)
            self._unavailable = True
        for listener in list(self._listeners):
            listener()

    def totals(self, heater_id: str | None = None) -> Totals:
        """Return a heater's totals, or the home's; all unknown until the past could be read."""
        return self._snapshots.totals(heater_id)

    def outlook(
        self, *, hash_rate_hs: float | None = None, power_w: float | None = None, heater_id: str | None = None
    ) -> Outlook:
        """Return what mining would bring now at that hash rate and power, by the heater's fee; none without a pool."""
        estimate, earning = self._market.estimate, self.earning(heater_id or "")
        if estimate is None or earning.scheme is Scheme.NONE:
            return Outlook()
        fee = earning.fee_ppm / PPM
        difficulty, reward = estimate.difficulty, estimate.reward_sat
        hashprice = hashprice_btc(difficulty, reward)
        if not hash_rate_hs:
            return Outlook(hashprice_btc=hashprice)
        odds = Outlook(
            hashprice_btc=hashprice,
            block_odds_per_day=block_odds_per_day(hash_rate_hs, difficulty),
            block_odds_per_year=block_odds_per_year(hash_rate_hs, difficulty),
        )
        if not earning.by_shares:
            return odds
        value = heat_cost = None
        btc, price = self._market.btc_price, self.price_per_kwh
        if power_w and btc is not None:
            value = value_per_kwh(power_w / hash_rate_hs * _TERA, difficulty, reward, btc, fee)
            heat_cost = None if price is None else price - value
        return replace(
            odds,
            expected_sat_per_day=expected_sat_per_day(hash_rate_hs, difficulty, reward, fee),
            value_per_kwh=value,
            heat_cost_per_kwh=heat_cost,
        )

    async def export(self, start: date, end: date, *, heaters: Mapping[str, str]) -> Export:
        """Return the books of these days, heaters by the names people gave them. Errors: StoreError."""
        days = await self._ledger.days(start.toordinal(), end.toordinal())
        payouts = [
            row
            for title, told in await self.accounts.all_payouts()
            for row in payout_rows({title: told}, start, end, self._tz)
        ]
        return Export(
            days=day_rows(days, heaters, self._currency), payouts=sorted(payouts, key=lambda row: str(row["paid_at"]))
        )

    def add_listener(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after each write, also a failed one; returns how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def _run(self) -> None:
        """Write every 10 s."""
        while True:
            await asyncio.sleep(FLUSH_S)
            await self.flush()
            if self._clock() >= self._tended_at_s:
                self._tended_at_s = self._clock() + _TENDED_EVERY_S
                await self.fold()
                await self._store.check()

    async def fold(self) -> None:
        """Fold old days; what cannot be done now is done another time."""
        try:
            await self._ledger.fold_old()
        except StoreError as error:
            _LOGGER.warning("Old days of the ledger could not be folded: %s", error)
