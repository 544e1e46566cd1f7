"""The facts of the ledger: intervals in which nothing that prices them changes, and sums of them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from ..model.capabilities import PowerSource
from .meter import Step
from .quantities import MICRO_SAT_PER_BTC, MJ_PER_KWH, RATE_ONE, earning_rate

_MAX_AMOUNT = 2**50
"""A million of the currency or 11 BTC; the sums of a day of such rows stay within SQLite's 64 bits."""
_MAX_UNMEASURED_SHARE = 0.1
"""Beyond it, an interval's earnings stand against too little of its cost to be compared."""


class Scheme(StrEnum):
    """How share work turns into income."""

    POOL = "pool"
    SOLO = "solo"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Earning:
    """What a heater's share work is paid for; the fee in 1e-6 of the reward."""

    scheme: Scheme = Scheme.POOL
    fee_ppm: int = 0


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The network figures in force while an interval is open."""

    difficulty: float
    reward_sat: int


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What holds for a whole interval."""

    hour: str
    """Local hour, with its offset: unlike before and after a change to winter time."""
    day: int
    """Ordinal of the local date."""
    running: bool
    power_source: PowerSource | None
    price_nano: int | None
    """Per kWh."""
    currency: str
    earning: Earning
    estimate: Estimate | None
    btc_price_nano: int | None


@dataclass(frozen=True, kw_only=True)
class Carry:
    """Remainders that wait for the next interval, each in parts of the divisor that left it."""

    cost: int = 0
    earned: int = 0
    value: int = 0


@dataclass(frozen=True, kw_only=True)
class Interval:
    """One row of the ledger; None is unknown."""

    seq: int
    heater_id: str
    start_ms: int
    """Wall clock, for the label; the length is monotonic."""
    length_ms: int
    energy_mj: int
    unmeasured_ms: int
    share_work: int
    hashes: int
    terms: Terms
    cost_nano: int | None
    earned_usat: int | None
    value_nano: int | None
    closed: bool

    @property
    def end_ms(self) -> int:
        """The end's label."""
        return self.start_ms + self.length_ms

    @property
    def comparable(self) -> bool:
        """Tell whether its earnings can stand against its cost."""
        measured = self.unmeasured_ms <= _MAX_UNMEASURED_SHARE * self.length_ms
        return measured and self.cost_nano is not None and self.value_nano is not None


class OpenInterval:
    """An interval that still grows."""

    def __init__(self, seq: int, heater_id: str, start_ms: int, terms: Terms, carry: Carry) -> None:
        self._seq = seq
        self._heater_id = heater_id
        self._carry = carry
        self.start_ms = start_ms
        self.terms = terms
        self.length_ms = 0
        self._energy_mj = 0
        self._unmeasured_ms = 0
        self._share_work = 0
        self._hashes = 0

    def add(self, step: Step) -> None:
        """Take in what happened since."""
        self.length_ms += step.length_ms
        self._energy_mj += step.energy_mj
        self._unmeasured_ms += step.unmeasured_ms
        self._share_work += step.share_work
        self._hashes += step.hashes

    def priced(self, *, closed: bool) -> tuple[Interval, Carry]:
        """Return it as a row with its money, and what remains for the next one."""
        cost, cost_carry = self._cost()
        earned, earned_carry = self._earned()
        value, value_carry = self._value(earned)
        row = Interval(
            seq=self._seq,
            heater_id=self._heater_id,
            start_ms=self.start_ms,
            length_ms=self.length_ms,
            energy_mj=self._energy_mj,
            unmeasured_ms=self._unmeasured_ms,
            share_work=self._share_work,
            hashes=self._hashes,
            terms=self.terms,
            cost_nano=cost,
            earned_usat=earned,
            value_nano=value,
            closed=closed,
        )
        return row, Carry(cost=cost_carry, earned=earned_carry, value=value_carry)

    def _cost(self) -> tuple[int | None, int]:
        """Return what the measured energy cost; unknown without a price or where nothing was measured."""
        if self.terms.price_nano is None or 0 < self.length_ms == self._unmeasured_ms:
            return None, self._carry.cost
        return _believable(self._energy_mj * self.terms.price_nano, self._carry.cost, MJ_PER_KWH)

    def _earned(self) -> tuple[int | None, int]:
        """Return what the share work is expected to earn; unknown while mining without network figures."""
        terms = self.terms
        if terms.earning.scheme is Scheme.NONE:
            return 0, self._carry.earned
        if terms.estimate is None:
            return None if terms.running or self._share_work else 0, self._carry.earned
        rate = earning_rate(terms.estimate.difficulty, terms.estimate.reward_sat, terms.earning.fee_ppm)
        return _believable(self._share_work * rate, self._carry.earned, RATE_ONE)

    def _value(self, earned_usat: int | None) -> tuple[int | None, int]:
        """Return the earnings in currency at the price in force."""
        if earned_usat is None:
            return None, self._carry.value
        if self.terms.btc_price_nano is None:
            certain = not earned_usat and (self.terms.earning.scheme is Scheme.NONE or not self.terms.running)
            return 0 if certain else None, self._carry.value
        return _believable(earned_usat * self.terms.btc_price_nano, self._carry.value, MICRO_SAT_PER_BTC)


def _believable(amount: int, carry: int, divisor: int) -> tuple[int | None, int]:
    """Return the whole part and the new carry; unknown where no heater could reach the amount in an interval."""
    whole, left = divmod(amount + carry, divisor)
    return (None, carry) if abs(whole) > _MAX_AMOUNT else (whole, left)


@dataclass(slots=True)
class Sums:
    """Sums over intervals, each beside the part of time or energy for which it is known."""

    rows: int = 0
    length_ms: int = 0
    energy_mj: int = 0
    unmeasured_ms: int = 0
    share_work: int = 0
    hashes: int = 0
    cost_nano: int = 0
    cost_ms: int = 0
    cost_mj: int = 0
    earned_usat: int = 0
    earned_ms: int = 0
    value_nano: int = 0
    value_ms: int = 0
    both_ms: int = 0
    """Time in which cost and value are known and comparable."""
    both_mj: int = 0
    both_cost_nano: int = 0
    both_value_nano: int = 0

    def add(self, other: Sums) -> Self:
        """Add sums, in place."""
        # Field by field: with many heaters nothing is called as often.
        self.rows += other.rows
        self.length_ms += other.length_ms
        self.energy_mj += other.energy_mj
        self.unmeasured_ms += other.unmeasured_ms
        self.share_work += other.share_work
        self.hashes += other.hashes
        self.cost_nano += other.cost_nano
        self.cost_ms += other.cost_ms
        self.cost_mj += other.cost_mj
        self.earned_usat += other.earned_usat
        self.earned_ms += other.earned_ms
        self.value_nano += other.value_nano
        self.value_ms += other.value_ms
        self.both_ms += other.both_ms
        self.both_mj += other.both_mj
        self.both_cost_nano += other.both_cost_nano
        self.both_value_nano += other.both_value_nano
        return self

    def add_row(self, row: Interval, currency: str) -> Self:
        """Add one interval, in place; money in another currency is unknown money."""
        self.rows += 1
        self.length_ms += row.length_ms
        self.energy_mj += row.energy_mj
        self.unmeasured_ms += row.unmeasured_ms
        self.share_work += row.share_work
        self.hashes += row.hashes
        if row.earned_usat is not None:
            self.earned_usat += row.earned_usat
            self.earned_ms += row.length_ms
        if row.terms.currency == currency:
            self._add_money(row)
        return self

    def _add_money(self, row: Interval) -> None:
        """Add the parts that are in the home's currency."""
        if row.cost_nano is not None:
            self.cost_nano += row.cost_nano
            self.cost_ms += row.length_ms
            self.cost_mj += row.energy_mj
        if row.value_nano is not None:
            self.value_nano += row.value_nano
            self.value_ms += row.length_ms
        if row.cost_nano is not None and row.value_nano is not None and row.comparable:
            self.both_ms += row.length_ms
            self.both_mj += row.energy_mj
            self.both_cost_nano += row.cost_nano
            self.both_value_nano += row.value_nano
