"""Books what AI work of a heater earned, in the transaction that tells of it."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
import sqlite3

from ..jobs import Job
from ..jobs.book import JobFile
from ..model.compute import Compute
from ..money.ai_income import AiIncome, book_ai_income, book_ai_total

BOOKED_EVERY = timedelta(hours=1)
"""A total tells of all that was earned before, so that a sensor that changes each second fills no file."""


class JobIncome:
    """The books of one heater's AI work; callable as the queue's booking."""

    def __init__(
        self, heater_id: str, currency: str, timezone: tzinfo, on_booked: Callable[[], None] = lambda: None
    ) -> None:
        """Prepare; `on_booked` hears of what a machine earned, once that is in the file."""
        self._on_booked = on_booked
        self._heater_id = heater_id
        self._currency = currency
        self._timezone = timezone

    def __call__(self, connection: sqlite3.Connection, job: Job) -> None:
        """Book what a job earned that has just ended; nothing where it earned nothing."""
        if job.revenue_nano and job.finished is not None:
            book_ai_income(connection, self._income(f"job/{job.job_id}", job.revenue_nano, job.finished, job.spec.name))

    async def take_totals(self, file: JobFile, place_id: str, totals: Mapping[str, int], at: datetime) -> int:
        """Book by how much a machine's totals grew, in 1e-9 of the currency, and return that. Errors: StoreError.

        What it earned before it was first seen here is no earning of this heater.
        """

        def book(connection: sqlite3.Connection) -> int:
            from_zero = not book_ai_income(connection, self._income(f"machine/{place_id}", 0, at))
            return sum(
                book_ai_total(connection, self._income(f"machine/{place_id}/{key}", total, at), from_zero=from_zero)
                for key, total in totals.items()
            )

        grown = await file.write(book)
        if grown:
            self._on_booked()
        return grown

    @property
    def currency(self) -> str:
        """The currency of all that is booked."""
        return self._currency

    def _income(self, key: str, value_nano: int, at: datetime, note: str = "") -> AiIncome:
        return AiIncome(
            key=key,
            heater_id=self._heater_id,
            at=at,
            timezone=self._timezone,
            currency=self._currency,
            value_nano=value_nano,
            note=note,
        )


class MachineIncome:
    """The books of what machines say that they earned: their first word at once, later ones in hours of their own."""

    def __init__(self, income: JobIncome, file: JobFile) -> None:
        self._income = income
        self._file = file
        self._booked: dict[str, Compute] = {}
        self._asked_at: datetime | None = None

    def ask(self, at: datetime) -> None:
        """Book what is told from now on though its hour is not over."""
        self._asked_at = at

    async def take_in(self, readings: Mapping[str, Compute | None]) -> None:
        """Book by how much totals have grown. Errors: StoreError."""
        for place_id, reading in readings.items():
            if reading is not None and self._is_due(place_id, reading):
                await self._income.take_totals(self._file, place_id, reading.earned_nano, reading.at)
                self._booked[place_id] = reading

    def _is_due(self, place_id: str, reading: Compute) -> bool:
        if not reading.earned_nano or reading.currency != self._income.currency:
            return False
        booked = self._booked.get(place_id)
        if booked is None:
            return True
        # A clock that was set back must not put off what is due by as much.
        waited = not timedelta() <= reading.at - booked.at < BOOKED_EVERY
        asked = self._asked_at is not None and booked.at < self._asked_at <= reading.at
        return reading.earned_nano != booked.earned_nano and (waited or asked)
