"""The ledger: one open interval per heater, written at most every 10 s in one transaction for all."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo

from ..model.protocols import WallClock
from ..store import Store
from .account import HeaterAccount
from .calendar import epoch_ms, local_hour
from .days import day_sums, fold
from .electricity import Electricity
from .entries import entry_sums
from .interval import Earning, Estimate, Interval, Scheme, Terms
from .meter import HeaterSample
from .quantities import nano
from .sums import Sums
from .tables import HeaterState, Past, begin_session, put

_FOLDED_AFTER = timedelta(days=396)
_FOLDED_AT_ONCE = 31
_REMEMBERED = timedelta(days=400)
"""Days before that are in the file, and part of all time."""


class Ledger:
    """Books heaters in memory and writes them down; the store may fail and come back at any time.

    Rows carry numbers given in memory and absolute values, so a write that is repeated doubles nothing.
    """

    def __init__(
        self,
        *,
        store: Store,
        token: str,
        currency: str,
        tz: tzinfo,
        now: WallClock,
        electricity: Electricity,
        estimate: Callable[[], Estimate | None],
        btc_price: Callable[[], float | None],
        alternative_per_kwh: Callable[[], float | None] = lambda: None,
    ) -> None:
        """Take collaborators; `token` is random and unlike that of any other run."""
        self._store = store
        self._token = token
        self._currency = currency
        self._tz = tz
        self._now = now
        self._electricity = electricity
        self._alternative_per_kwh = alternative_per_kwh
        self._estimate = estimate
        self._btc_price = btc_price
        self._seq = 0
        self._past: Past | None = None
        self._accounts: dict[str, HeaterAccount] = {}
        self._unwritten: dict[int, Interval] = {}
        self._meters_mj: dict[str, int] = {}
        self._writing = asyncio.Lock()

    @property
    def loaded(self) -> bool:
        """Tell whether the file's past is known."""
        return self._past is not None

    @property
    def heaters(self) -> list[str]:
        """Every heater that ever booked, as far as known."""
        return list(self._accounts)

    def set_earning(self, heater_id: str, earning: Earning) -> None:
        """Say what the heater's share work is paid for, from now on."""
        self._account(heater_id).earning = earning

    def book(self, heater_id: str, sample: HeaterSample) -> None:
        """Take in one sample, in memory."""
        account = self._account(heater_id)
        now = self._now()
        supply = self._electricity.supply(self._own_power_w(account, sample.power_w))
        account.book(sample, now, self._terms(account.earning, sample, now), supply)

    def _own_power_w(self, booked: HeaterAccount, power_w: float | None) -> float | None:
        """Return what all heaters draw together, as far as known."""
        drawn = [power_w] + [account.power_w for account in self._accounts.values() if account is not booked]
        known = [power for power in drawn if power is not None]
        return sum(known) if known else None

    def release(self, heater_id: str) -> None:
        """Close the heater's interval; its next sample starts anew."""
        if heater_id in self._accounts:
            self._accounts[heater_id].release()

    async def flush(self) -> None:
        """Write everything that is not in the file yet. Errors: StoreError, after which nothing is lost."""
        async with self._writing:
            if self._past is None:
                started_ms = epoch_ms(self._now())
                first_day = (self._now().astimezone(self._tz) - _REMEMBERED).toordinal()
                past = await self._store.write(
                    lambda connection: begin_session(connection, self._token, started_ms, self._currency, first_day)
                )
                self._adopt(past)
            await self._write()

    async def close(self) -> None:
        """Close every interval and write. Errors: StoreError."""
        for account in self._accounts.values():
            account.release()
        await self.flush()

    async def fold_old(self) -> None:
        """Fold days older than thirteen months, a few in each transaction. Errors: StoreError."""
        before_day = (self._now().astimezone(self._tz) - _FOLDED_AFTER).toordinal()
        folded = _FOLDED_AT_ONCE
        while folded == _FOLDED_AT_ONCE:
            folded = await self._store.write(lambda connection: fold(connection, before_day, _FOLDED_AT_ONCE))

    async def days(self, first_day: int, last_day: int) -> dict[str, dict[int, Sums]]:
        """Return the sums of each heater's local days, everything included. Errors: StoreError."""
        await self.flush()
        async with self._writing:
            days = await self._store.read(lambda connection: day_sums(connection, self._currency, first_day, last_day))
            unwritten = list(self._unwritten.values())
        late = [(row.heater_id, row.terms.day, Sums().add_row(row, self._currency)) for row in unwritten]
        for heater_id, account in self._accounts.items():
            late += [(heater_id, day, sums) for day, sums in account.unclosed()]
        for heater_id, day, sums in late:
            if first_day <= day <= last_day:
                days.setdefault(heater_id, {}).setdefault(day, Sums()).add(sums)
        return days

    async def renew_entries(self) -> None:
        """Show what was booked beside intervals meanwhile. Errors: StoreError."""
        entries = await self._store.read(lambda connection: entry_sums(connection, self._currency))
        for heater_id, account in self._accounts.items():
            account.take_entries(entries.get(heater_id, {}))

    def account(self, heater_id: str) -> HeaterAccount | None:
        """Return what is booked of a heater, None where nothing ever was."""
        return self._accounts.get(heater_id)

    def meter_mj(self, heater_id: str) -> int | None:
        """Return all energy ever booked, as written down: it never falls, whatever is killed. None while unknown."""
        if self._past is None:
            return None
        return self._meters_mj.get(heater_id, 0)

    def _account(self, heater_id: str) -> HeaterAccount:
        """Return the heater's account, opened where it is new."""
        account = self._accounts.get(heater_id)
        if account is None:
            account = HeaterAccount(heater_id, self._currency, self._tz, self._next_seq, self._closed)
            self._accounts[heater_id] = account
        return account

    def _adopt(self, past: Past) -> None:
        """Go on from what the file knows."""
        self._past = past
        for heater_id in past.heaters:
            account = self._account(heater_id)
            account.adopt(past.heaters[heater_id], past.days.get(heater_id, {}), past.whole.get(heater_id, Sums()))
            account.take_entries(past.entries.get(heater_id, {}))
        self._meters_mj = {heater_id: sums.energy_mj for heater_id, sums in past.whole.items()}

    async def _write(self) -> None:
        """Write closed and open intervals in one transaction."""
        assert self._past is not None
        session = self._past.session
        rows = list(self._unwritten.values())
        states: list[HeaterState] = []
        totals: dict[str, int] = {}
        for heater_id, account in self._accounts.items():
            row, state = account.snapshot()
            rows += [row] if row else []
            states += [state] if state else []
            totals[heater_id] = account.energy_mj
        await self._store.write(lambda connection: put(connection, session, rows, states))
        for row in rows:
            if row.closed:
                self._unwritten.pop(row.seq, None)
        self._meters_mj.update(totals)

    def _next_seq(self) -> int:
        """Return the next interval's number within this run."""
        self._seq += 1
        return self._seq

    def _closed(self, row: Interval) -> None:
        """Keep a closed interval until it is written."""
        self._unwritten[row.seq] = row

    def _terms(self, earning: Earning, sample: HeaterSample, now: datetime) -> Terms:
        """Return what holds now."""
        hour, day = local_hour(now, self._tz)
        mining = earning.scheme is not Scheme.NONE
        prices = self._electricity.prices()
        return Terms(
            hour=hour,
            day=day,
            running=sample.running,
            power_source=sample.power_source,
            price_nano=nano(prices.grid),
            solar_price_nano=nano(prices.solar),
            battery_price_nano=nano(prices.battery),
            alternative_price_nano=nano(self._alternative_per_kwh()),
            currency=self._currency,
            earning=earning,
            estimate=self._estimate() if mining else None,
            btc_price_nano=nano(self._btc_price()) if mining else None,
        )
