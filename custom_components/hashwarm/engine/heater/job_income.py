"""Books what AI work of a heater earned, in the transaction that tells of it."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
import sqlite3

from ..jobs import Job
from ..jobs.book import JobFile
from ..money.ai_income import AiIncome, book_ai_income, book_ai_total


class JobIncome:
    """The books of one heater's AI work; callable as the queue's booking."""

    def __init__(self, heater_id: str, currency: str, timezone: tzinfo) -> None:
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

        return await file.write(book)

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
