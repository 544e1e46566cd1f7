"""When a device has saved what it cost."""

from dataclasses import dataclass
from datetime import date, timedelta

DAY_S = 86_400.0
LEAST_OBSERVED_S = 7 * DAY_S
"""Less than a week says too little of the weeks to come."""
LONGEST_DAYS = 100 * 365.25
"""Beyond it nobody waits, and no calendar needs to."""


@dataclass(frozen=True, kw_only=True)
class Payback:
    """How far a device has paid for itself."""

    saved: float
    """In currency, since it was first seen."""
    price: float
    saving_per_day: float
    """The mean of the last days, zero or less where it saves nothing."""
    days_left: float | None
    """At the saving of the last days; 0 when it is paid, None when it never will be at that rate."""

    @property
    def paid_percent(self) -> float:
        """How much of the price it saved so far; never under nothing."""
        return max(100.0 * self.saved / self.price, 0.0)

    def paid_on(self, today: date) -> date | None:
        """Return the day on which it will have saved its price, None when that is unknown or past."""
        return today + timedelta(days=round(self.days_left)) if self.days_left else None


def payback(
    price: float | None, *, saved: float | None, saved_lately: float | None, observed_s: float | None
) -> Payback | None:
    """Return how far a device has paid for itself, None while it cannot be told.

    `saved` is in all, `saved_lately` in the last `observed_s` seconds, both after earnings and in currency.
    """
    if price is None or price <= 0.0 or saved is None or saved_lately is None or not observed_s:
        return None
    if observed_s < LEAST_OBSERVED_S:
        return None
    per_day = saved_lately / observed_s * DAY_S
    return Payback(saved=saved, price=price, saving_per_day=per_day, days_left=_days_left(price - saved, per_day))


def _days_left(owed: float, per_day: float) -> float | None:
    """Return in how many days that much is saved."""
    if owed <= 0.0:
        return 0.0
    if per_day <= 0.0 or owed > per_day * LONGEST_DAYS:
        return None
    return owed / per_day
