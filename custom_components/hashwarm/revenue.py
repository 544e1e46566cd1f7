"""What a kWh earns at a power, for the planner: AI jobs that run, then hashing at the market of now."""

from bisect import bisect_left
from typing import override

from .coordinator import HeaterCoordinator
from .engine.model.driver import PowerLevel
from .engine.model.planning import RevenueForecast
from .engine.model.protocols import Monotonic
from .heater_money import working_point

LOOKS_EVERY_S = 60.0
TERAHASH, KWH_J = 1e12, 3.6e6


class MiningRevenue(RevenueForecast):
    """Today's hashprice at the hash rate of each power; asked in the thread in which a plan is made.

    `look` belongs to the loop, and what it sees is read by that thread.
    """

    def __init__(self, coordinator: HeaterCoordinator, clock: Monotonic) -> None:
        self._coordinator = coordinator
        self._clock = clock
        self._looked_at_s: float | None = None
        self._worth_per_hash: float | None = None
        self._hashes_per_j: float | None = None
        self._jobs_w = 0.0
        self._jobs_per_kwh: float | None = None

    @override
    def revenue_per_kwh_at(self, power_w: float, at: float) -> float | None:
        if power_w <= 0.0:
            return None
        jobs_w = min(self._jobs_w, power_w)
        mined = self._mined_per_kwh(power_w - jobs_w)
        if jobs_w <= 0.0 or self._jobs_per_kwh is None:
            return mined
        rest = 0.0 if mined is None else mined
        return (self._jobs_per_kwh * jobs_w + rest * (power_w - jobs_w)) / power_w

    def _mined_per_kwh(self, power_w: float) -> float | None:
        rate_hs = self._hash_rate_hs(power_w) if power_w > 0.0 else None
        if self._worth_per_hash is None or rate_hs is None:
            return None
        return self._worth_per_hash * rate_hs / power_w * KWH_J

    def look(self) -> None:
        """Look at the market and at the device, where the last look is too long ago."""
        now_s = self._clock()
        if self._looked_at_s is not None and now_s - self._looked_at_s < LOOKS_EVERY_S:
            return
        self._looked_at_s = now_s
        coordinator = self._coordinator
        ai = coordinator.ai
        # Jobs that do not run now may never come: they are not planned with.
        self._jobs_per_kwh = ai.worth.ai_per_kwh if ai is not None else None
        self._jobs_w = ai.power_w or 0.0 if ai is not None and self._jobs_per_kwh is not None else 0.0
        home = coordinator.home() if coordinator.mines else None
        known = home.outlook(hash_rate_hs=TERAHASH, power_w=1.0, heater_id=coordinator.heater_id) if home else None
        value = known.value_per_kwh if known is not None else None
        self._worth_per_hash = value / (KWH_J * TERAHASH) if value is not None else None
        rate_hs, power_w = working_point(coordinator)
        if rate_hs and power_w > 0.0:
            self._hashes_per_j = rate_hs / power_w

    def _hash_rate_hs(self, power_w: float) -> float | None:
        """Return the hash rate at a power: along the miner's curve, else in proportion to what was seen last."""
        if (miner := self._coordinator.miner) is not None and (rate := along(miner.curve.levels, power_w)) is not None:
            return rate
        return self._hashes_per_j * power_w if self._hashes_per_j is not None else None


def along(levels: tuple[PowerLevel, ...], power_w: float) -> float | None:
    """Return the hash rate at a power in W, between the levels where it is known; None where it is at none."""
    known = [(level.power_w, level.hash_rate_hs) for level in levels if level.hash_rate_hs is not None]
    if not known:
        return None
    index = bisect_left(known, power_w, key=lambda level: level[0])
    if index in {0, len(known)}:
        nearest_w, rate = known[min(index, len(known) - 1)]
        return rate * power_w / nearest_w if nearest_w > 0.0 else None
    (below_w, below), (above_w, above) = known[index - 1], known[index]
    return below + (above - below) * (power_w - below_w) / (above_w - below_w)
