"""A time of comfort in a week, as schedules are made of."""

from dataclasses import dataclass
from datetime import time

from .errors import InvalidValueError

DAYS_PER_WEEK = 7


@dataclass(frozen=True, kw_only=True)
class Block:
    """A time of comfort on one day of the week, Monday being 0; an `end` of None is midnight."""

    weekday: int
    begin: time
    end: time | None

    def __post_init__(self) -> None:
        """Refuse what is no block. Errors: InvalidValueError."""
        if not 0 <= self.weekday < DAYS_PER_WEEK or (self.end is not None and self.end <= self.begin):
            raise InvalidValueError("a block begins before it ends", value=f"{self.begin} to {self.end}")
