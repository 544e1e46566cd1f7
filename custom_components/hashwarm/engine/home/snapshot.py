"""Totals kept ready: past days are summed once a day, today and the open interval are added when asked."""

from datetime import tzinfo

from ..model.protocols import WallClock
from ..money import HeaterAccount, Ledger, Sums, Totals
from ..money.quantities import MJ_PER_KWH
from ..money.totals import PERIODS, PeriodStarts, period_totals, sums_between

_ALL_TIME = "all_time"


class Snapshots:
    """Answers for a heater or the home."""

    def __init__(self, ledger: Ledger, currency: str, tz: tzinfo, now: WallClock) -> None:
        self._ledger = ledger
        self._currency = currency
        self._tz = tz
        self._now = now
        self._before: dict[str, tuple[tuple[int, int], dict[str, Sums]]] = {}
        self._told: dict[str | None, tuple[tuple[object, ...], Totals]] = {}

    def totals(self, heater_id: str | None) -> Totals:
        """Return totals as of now; all unknown until the ledger's past is known."""
        if not self._ledger.loaded:
            return Totals(currency=self._currency)
        starts = PeriodStarts.of(self._now().astimezone(self._tz).date())
        heaters = self._ledger.heaters if heater_id is None else [heater_id]
        accounts = {heater: account for heater in heaters if (account := self._ledger.account(heater)) is not None}
        meter_mj = sum(self._ledger.meter_mj(heater) or 0 for heater in accounts)
        # Several entities ask for the same between two samples.
        as_of = (starts, meter_mj, *(account.changes for account in accounts.values()))
        told = self._told.get(heater_id)
        if told is None or told[0] != as_of:
            told = self._told[heater_id] = (as_of, self._sum(accounts, starts, meter_mj))
        return told[1]

    def _sum(self, accounts: dict[str, HeaterAccount], starts: PeriodStarts, meter_mj: int) -> Totals:
        periods = {name: Sums() for name in (*PERIODS, _ALL_TIME)}
        for heater, account in accounts.items():
            self._add(heater, account, starts, periods)
        return Totals(
            currency=self._currency,
            meter_kwh=meter_mj / MJ_PER_KWH,
            **{name: period_totals(sums) for name, sums in periods.items()},
        )

    def _add(self, heater_id: str, account: HeaterAccount, starts: PeriodStarts, periods: dict[str, Sums]) -> None:
        """Add one heater to the periods."""
        today = account.days.get(starts.today, Sums())
        for name, sums in self._past(heater_id, account, starts, account.closed.rows - today.rows).items():
            periods[name].add(sums)
        self._add_entries(account, starts, periods)
        for name in starts.names(starts.today):
            periods[name].add(today)
        periods[_ALL_TIME].add(account.closed)
        opened = account.open_sums()
        if opened is not None:
            for name in (*starts.names(opened.day), _ALL_TIME):
                periods[name].add(opened.sums)

    def _add_entries(self, account: HeaterAccount, starts: PeriodStarts, periods: dict[str, Sums]) -> None:
        """Add what is booked beside intervals; these are few, and pools confirm days that are past."""
        if not account.entries:
            return
        for name, sums in sums_between(account.entries, starts, starts.today).items():
            periods[name].add(sums)
        periods[_ALL_TIME].add(account.beside)

    def _past(self, heater_id: str, account: HeaterAccount, starts: PeriodStarts, rows: int) -> dict[str, Sums]:
        """Return the sums before today, made anew when the day or the number of rows before today changes."""
        key = (starts.today, rows)
        known = self._before.get(heater_id)
        if known is None or known[0] != key:
            known = (key, sums_between(account.days, starts, starts.today - 1))
            self._before[heater_id] = known
        return known[1]
