"""Builds the place where a heater's AI work meets its heat, from its subentries."""

from collections.abc import Callable
from functools import partial
import secrets
import sqlite3
import time
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util.dt import get_default_time_zone, utcnow

from .coordinator import HeaterConfigEntry, HeaterCoordinator
from .engine.heater import Job, JobEvent, JobIncome, Workshop
from .engine.home import Home
from .engine.model.dispatch import Worth
from .engine.model.errors import StoreUnavailableError
from .executors import build_workplaces
from .heater_money import electricity_per_kwh, revenue_per_kwh


class HomeFile:
    """The file of the home that is loaded now; the home may be loaded anew while heaters run on."""

    def __init__(self, home: Callable[[], Home | None]) -> None:
        self._home = home

    async def write[T](self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do something in a transaction of its own. Errors: StoreError."""
        return await self._loaded().store.write(work)

    async def read[T](self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Look at something. Errors: StoreError."""
        return await self._loaded().store.read(work)

    def _loaded(self) -> Home:
        home = self._home()
        if home is None:
            raise StoreUnavailableError("the home is not loaded")
        return home


def build_workshop(
    hass: HomeAssistant, entry: HeaterConfigEntry, coordinator: HeaterCoordinator, stored: dict[str, Any] | None
) -> Workshop | None:
    """Return what runs a heater's AI work, None where a person set up nothing that could."""
    workplaces = build_workplaces(hass, entry)
    if not workplaces:
        return None
    timezone, currency = get_default_time_zone(), hass.config.currency
    return Workshop(
        owner=coordinator.heater_id,
        file=HomeFile(coordinator.home),
        workplaces=workplaces,
        stored=stored,
        worth=lambda: Worth(
            mining_per_kwh=revenue_per_kwh(coordinator), price_per_kwh=electricity_per_kwh(coordinator)
        ),
        now=utcnow,
        clock=time.monotonic,
        timezone=timezone,
        randomness=secrets.token_bytes,
        income=JobIncome(coordinator.heater_id, currency, timezone, on_booked=partial(_show_income, coordinator)),
        currency=currency,
        on_change=coordinator.async_update_listeners,
        on_event=_teller(coordinator),
    )


def _show_income(coordinator: HeaterCoordinator) -> None:
    """Let sensors of money know of what was booked beside them."""
    home = coordinator.home()
    if home is not None:
        coordinator.config_entry.async_create_background_task(
            coordinator.hass, home.renew_entries(), "hashwarm: AI revenue"
        )


def _teller(coordinator: HeaterCoordinator) -> Callable[[Job, JobEvent], None]:
    """Return what tells of a job: first the books, for its revenue is in them, then whoever listens."""

    def tell(job: Job, event: JobEvent) -> None:
        if job.state.final and job.revenue_nano:
            _show_income(coordinator)
        coordinator.job_happened(job, event)

    return tell
