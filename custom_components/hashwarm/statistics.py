"""Long-term statistics that are right afterwards: what a pool confirms late stands at the day it was earned."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import groupby
from typing import Any

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import DATA_INSTANCE
from homeassistant.util.dt import as_utc, start_of_local_day, utc_from_timestamp, utcnow

from .accounts import accounts_of
from .const import DOMAIN, HOME_UNIQUE_ID, LOGGER
from .coordinator import HomeCoordinator
from .engine.home import Entry, News
from .engine.model.errors import StoreError

RECORDER = "recorder"
COMPILED = "recorder_5min_statistics_generated"
"""What the recorder says when it has summed up five minutes."""
SLOT = timedelta(minutes=5)
SHOWN_AFTER = timedelta(minutes=15)
"""By then sensors have shown what was settled, and the recorder has summed that up."""
GIVEN_UP_AFTER = timedelta(days=2)
_SLOTS_NEEDED, _SLOTS_SEARCHED = 3, 6
_MICRO, _NANO = 1e6, 1e9
SAT = "sat"

type Moves = dict[str, tuple[str, dict[int, float]]]
"""By the id of a statistic: its unit, and by how much it changes on which local day."""


def follow_statistics(coordinator: HomeCoordinator) -> None:
    """Keep the statistics of a home right for as long as it is loaded; without a recorder nothing happens."""
    hass, entry = coordinator.hass, coordinator.config_entry
    if RECORDER not in hass.config.components or DATA_INSTANCE not in hass.data:
        return
    writer = StatisticsWriter(coordinator)

    @callback
    def looked(_news: Sequence[News]) -> None:
        entry.async_create_task(hass, writer.async_import(), "hashwarm: statistics of pool accounts")

    @callback
    def compiled(_event: Event[Any]) -> None:
        entry.async_create_task(hass, writer.async_place(), "hashwarm: corrections of statistics")

    entry.async_on_unload(coordinator.home.accounts.add_listener(looked))
    entry.async_on_unload(hass.bus.async_listen(COMPILED, compiled))
    looked(())


class StatisticsWriter:
    """Moves late earnings to their day, and writes what pools credited as series of their own."""

    def __init__(self, coordinator: HomeCoordinator) -> None:
        self._hass = coordinator.hass
        self._entry = coordinator.config_entry
        self._home = coordinator.home
        self._written: dict[str, Mapping[date, int]] = {}
        self._one_at_a_time = asyncio.Lock()

    async def async_import(self) -> None:
        """Write the series of accounts that changed; each is whole, so that one that was deleted is whole again."""
        async with self._one_at_a_time:
            for account in accounts_of(self._entry):
                try:
                    days = await self._home.accounts.credited(account.subentry_id)
                except StoreError as error:
                    LOGGER.debug("What a pool credited cannot be read now: %s", error)
                    return
                if days != self._written.get(account.subentry_id, {}):
                    self._written[account.subentry_id] = days
                    _import(self._hass, account, days)

    async def async_place(self) -> None:
        """Move what was settled a while ago to the days it belongs to, once."""
        async with self._one_at_a_time:
            try:
                settled = await self._home.accounts.unplaced(utcnow() - SHOWN_AFTER)
                for at_ms, group in groupby(settled, key=lambda entry: entry.at_ms):
                    await self._async_place(utc_from_timestamp(at_ms / 1000), list(group))
            except StoreError as error:
                LOGGER.debug("Corrections of statistics wait: %s", error)

    async def _async_place(self, at: datetime, entries: list[Entry]) -> None:
        """Move what one look settled. Errors: StoreError, and nothing is moved."""
        moves = _moves(er.async_get(self._hass), entries, self._home.currency)
        slots = await self._async_slots(moves, at) if moves else {}
        if moves and not slots and utcnow() - at < GIVEN_UP_AFTER:
            return
        # Said first: a kill between the two must not move it twice.
        await self._home.accounts.mark_placed(entries)
        for statistic_id, changes in slots.items():
            _move(self._hass, statistic_id, *moves[statistic_id], shown_at=_shown_at(changes, moves[statistic_id][1]))

    async def _async_slots(self, moves: Moves, at: datetime) -> dict[str, list[tuple[datetime, float]]]:
        """Return the changes of statistics in the five minutes each since then, of those that have enough of them."""
        from homeassistant.components.recorder.statistics import statistics_during_period  # noqa: PLC0415 - only where there is a recorder

        start = at - timedelta(seconds=at.timestamp() % SLOT.total_seconds())
        read = partial(statistics_during_period, self._hass, start, None, set(moves), "5minute", None, {"change"})
        found = await self._hass.data[DATA_INSTANCE].async_add_executor_job(read)
        return {
            statistic_id: [(utc_from_timestamp(row["start"]), row.get("change") or 0.0) for row in rows]
            for statistic_id, rows in found.items()
            if len(rows) >= _SLOTS_NEEDED
        }


def _moves(registry: er.EntityRegistry, entries: list[Entry], currency: str) -> Moves:
    """Return what entries mean for the totals of heaters and of the home, as far as those are sensors."""
    moves: Moves = {}
    for entry in entries:
        ours = entry.currency == currency
        saved, value = (entry.saved_nano / _NANO, entry.value_nano / _NANO) if ours else (0.0, 0.0)
        sat = entry.earned_usat / _MICRO
        for owner, earnings in ((entry.heater_id, "earnings_total"), (HOME_UNIQUE_ID, "earnings")):
            for key, unit, more in (
                (earnings, SAT, sat),
                ("earnings_value", currency, value),
                ("saving", currency, saved),
            ):
                statistic_id = registry.async_get_entity_id("sensor", DOMAIN, f"{owner}_{key}")
                if statistic_id is not None and more:
                    days = moves.setdefault(statistic_id, (unit, {}))[1]
                    days[entry.day] = days.get(entry.day, 0.0) + more
    return moves


def _shown_at(changes: list[tuple[datetime, float]], days: dict[int, float]) -> datetime:
    """Return the five minutes in which a sensor jumped: those whose change is most like the sum of what came."""
    jump = sum(days.values())
    return min(changes[:_SLOTS_SEARCHED], key=lambda slot: abs(slot[1] - jump))[0]


def _move(hass: HomeAssistant, statistic_id: str, unit: str, days: dict[int, float], *, shown_at: datetime) -> None:
    """Add each day's part at its last hour, and take all of them away where the sensor showed them.

    A sum is adjusted from a moment on, so behind `shown_at` nothing changes.
    """
    shown_in = shown_at.replace(minute=0)
    instance = hass.data[DATA_INSTANCE]
    moved = 0.0
    for day, more in days.items():
        last_hour = as_utc(start_of_local_day(date.fromordinal(day + 1))) - timedelta(hours=1)
        if last_hour.replace(minute=0) < shown_in:
            instance.async_adjust_statistics(statistic_id, last_hour, more, unit)
            moved += more
    if moved:
        instance.async_adjust_statistics(statistic_id, shown_at, -moved, unit)


def _import(hass: HomeAssistant, account: ConfigSubentry, days: Mapping[date, int]) -> None:
    """Write one account's series; noon in UTC lies within the same date nearly everywhere."""
    from homeassistant.components.recorder.models import (  # noqa: PLC0415 - only where there is a recorder
        StatisticData,
        StatisticMeanType,
        StatisticMetaData,
    )
    from homeassistant.components.recorder.statistics import async_add_external_statistics  # noqa: PLC0415 - as above

    rows: list[StatisticData] = []
    sum_sat = 0
    for day, sat in days.items():
        sum_sat += sat
        rows.append(StatisticData(start=datetime.combine(day, time(12), UTC), state=float(sat), sum=float(sum_sat)))
    metadata = StatisticMetaData(
        mean_type=StatisticMeanType.NONE,
        has_sum=True,
        name=f"{account.title} confirmed",
        source=DOMAIN,
        statistic_id=confirmed_id(account),
        unit_class=None,
        unit_of_measurement=SAT,
    )
    async_add_external_statistics(hass, metadata, rows)


def confirmed_id(account: ConfigSubentry) -> str:
    """Return the id of the series of what an account's pool credited."""
    return f"{DOMAIN}:{account.subentry_id.lower()}_confirmed"
