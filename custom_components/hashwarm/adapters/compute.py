"""Any sensor of Home Assistant that tells what AI work earned, as a machine with work of its own."""

from collections import deque
from datetime import datetime, timedelta
from math import isfinite
from typing import override

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant, State

from ..engine.model.compute import Compute, ComputeStatus
from ..engine.model.errors import ExecutorRefusedError, ExecutorUnreachableError
from ..engine.model.protocols import WallClock
from .btc_price import is_price_of_bitcoin
from .power import EntityPowerMeter

ATTR_LAST_RESET = "last_reset"
_NANO = 1_000_000_000
_MOST = 1e9
_LONGEST_RESET = 40
_REMEMBERED = timedelta(days=1)
_LEAST_KNOWN = timedelta(hours=1)


class SensorCompute(ComputeStatus):
    """Reads a total of money, and where there are such entities whether it works and what it draws.

    What the total grew by since it told `before`, in the period of its reset `before_reset`, is settled earnings under
    one key; a total that begins anew, and says so by the time of its last reset, gets a new key, as does another
    sensor. A total that falls otherwise earns nothing until it is back.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        revenue: str,
        *,
        before: float,
        before_reset: str | None = None,
        now: WallClock,
        currency: str,
        busy: str | None = None,
        power: str | None = None,
    ) -> None:
        self._hass = hass
        self._revenue = revenue
        self._before = before
        self._before_reset = before_reset
        self._busy = busy
        self._meter = EntityPowerMeter(hass, power) if power else None
        self._now = now
        self._currency = currency
        self._known: deque[tuple[datetime, float]] = deque()

    @override
    async def read(self) -> Compute:
        """Look at the entities.

        Errors: ExecutorUnreachableError where there is no total, ExecutorRefusedError where it is other money.
        """
        state = self._hass.states.get(self._revenue)
        total = money_of(state)
        if state is None or total is None:
            raise ExecutorUnreachableError(f"{self._revenue} tells nothing")
        if not is_in_currency(state, self._currency):
            raise ExecutorRefusedError(f"{self._revenue} is not in {self._currency}")
        return Compute(
            at=self._now(),
            busy=self._is_busy(),
            committed=False,
            name=state.name,
            power_w=self._meter.read_w() if self._meter is not None else None,
            earned_nano=self._earned(state, total),
            currency=self._currency,
            revenue_per_hour=self._per_hour(total),
        )

    def _earned(self, state: State, total: float) -> dict[str, int]:
        reset = last_reset_of(state)
        grown = total - self._before if reset == self._before_reset else total
        key = f"{self._revenue}/{self._before:g}" + ("" if reset is None else f"/{reset}")
        return {key: max(round(grown * _NANO), 0)}

    def _is_busy(self) -> bool | None:
        state = self._hass.states.get(self._busy) if self._busy else None
        return {STATE_ON: True, STATE_OFF: False}.get(state.state) if state is not None else None

    def _per_hour(self, total: float) -> float | None:
        """Return what it earned per hour of the last day, None while less than an hour of it is known."""
        now = self._now()
        if self._known and total < self._known[-1][1]:
            self._known.clear()
        self._known.append((now, total))
        while now - self._known[0][0] > _REMEMBERED:
            self._known.popleft()
        since, first = self._known[0]
        return (total - first) / ((now - since) / timedelta(hours=1)) if now - since >= _LEAST_KNOWN else None


def is_in_currency(state: State, currency: str) -> bool:
    """Return whether a state is an amount in that currency."""
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    return isinstance(unit, str) and "/" not in unit and is_price_of_bitcoin(unit, currency)


def last_reset_of(state: State) -> str | None:
    """Return when a total last began anew, by its own word; None where it says nothing of it."""
    reset = state.attributes.get(ATTR_LAST_RESET)
    return None if reset is None else str(reset)[:_LONGEST_RESET]


def money_of(state: State | None) -> float | None:
    """Return the amount that a state tells, None where it is none."""
    if state is None:
        return None
    try:
        amount = float(state.state)
    except ValueError:
        return None
    return amount if isfinite(amount) and abs(amount) < _MOST else None
