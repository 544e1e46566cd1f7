"""Totals kept ready: closed days are summed once, the open interval is added when asked."""

from datetime import datetime, tzinfo

from ..model.protocols import WallClock
from ..money import Ledger, Sums, Totals
from ..money.quantities import MJ_PER_KWH
from ..money.totals import PeriodStarts, period_sums, period_totals


class Snapshots:
    """Answers for a heater or the home."""

    def __init__(self, ledger: Ledger, currency: str, tz: tzinfo, now: WallClock) -> None:
        self._ledger = ledger
        self._currency = currency
        self._tz = tz
        self._now = now
        self._closed: dict[str, tuple[tuple[int, int], dict[str, Sums]]] = {}

    def totals(self, heater_id: str | None) -> Totals:
        """Return totals as of now; all unknown until the ledger's past is known."""
        if not self._ledger.loaded:
            return Totals(currency=self._currency)
        heaters = self._ledger.heaters if heater_id is None else [heater_id]
        starts = PeriodStarts.of(self._today().date())
        periods = period_sums({}, starts)
        meter_mj = 0
        for heater in heaters:
            self._add(heater, starts, periods)
            meter_mj += self._ledger.meter_mj(heater) or 0
        return Totals(
            currency=self._currency,
            meter_kwh=meter_mj / MJ_PER_KWH,
            **{name: period_totals(sums) for name, sums in periods.items()},
        )

    def _add(self, heater_id: str, starts: PeriodStarts, periods: dict[str, Sums]) -> None:
        """Add one heater to the periods."""
        days, now_open, version = self._ledger.sums(heater_id)
        key = (starts.today, version)
        cached = self._closed.get(heater_id)
        if cached is None or cached[0] != key:
            cached = (key, period_sums(days, starts))
            self._closed[heater_id] = cached
        for name, sums in cached[1].items():
            periods[name].add(sums)
        if now_open is not None:
            for name in starts.names(now_open.day):
                periods[name].add(now_open.sums)

    def _today(self) -> datetime:
        """Return the local time."""
        return self._now().astimezone(self._tz)
