"""The facts of the ledger: intervals in which nothing that prices them changes."""

from dataclasses import dataclass
from enum import StrEnum

from ..model.capabilities import PowerSource
from .electricity import ALL_GRID, Supply
from .meter import Step
from .quantities import MICRO_SAT_PER_BTC, MJ_PER_KWH, RATE_ONE, earning_rate

_MAX_AMOUNT = 2**50
"""A million of the currency or 11 BTC; the sums of a day of such rows stay within SQLite's 64 bits."""
_MAX_UNMEASURED_SHARE = 0.1
"""Beyond it, an interval's earnings stand against too little of its cost to be compared."""


class Scheme(StrEnum):
    """How share work turns into income.

    All but the last two are expected to pay the mean reward of a block, fees included, for the work of a block:
    FPPS and PPS+ for certain, PPLNS and TIDES as the pool finds blocks.
    """

    POOL = "pool"
    """By shares, in a way not known."""
    FPPS = "fpps"
    PPS_PLUS = "pps_plus"
    PPLNS = "pplns"
    TIDES = "tides"
    SOLO = "solo"
    """A whole block or nothing: share work alone earns nothing."""
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Earning:
    """What a heater's share work is paid for; the fee in 1e-6 of the reward."""

    scheme: Scheme = Scheme.POOL
    fee_ppm: int = 0
    account: str | None = None
    """The pool account that it feeds, None where none is watched."""

    @property
    def by_shares(self) -> bool:
        """Tell whether share work is worth something by itself."""
        return self.scheme not in {Scheme.SOLO, Scheme.NONE}


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
    """Per kWh from the grid."""
    currency: str
    earning: Earning
    estimate: Estimate | None
    btc_price_nano: int | None
    solar_price_nano: int | None = None
    """Per kWh of one's own roof, at which it could have been sold; None takes the price from the grid."""
    battery_price_nano: int | None = None
    alternative_price_nano: int | None = None
    """Per kWh of heat from the heating otherwise used."""


@dataclass(frozen=True, kw_only=True)
class Carry:
    """Remainders that wait for the next interval, each in parts of the divisor that left it."""

    cost: int = 0
    earned: int = 0
    value: int = 0
    alternative: int = 0


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
    solar_mj: int = 0
    battery_mj: int = 0
    alternative_nano: int | None = None

    @property
    def end_ms(self) -> int:
        """The end's label."""
        return self.start_ms + self.length_ms

    @property
    def comparable(self) -> bool:
        """Tell whether its earnings can stand against its cost."""
        measured = self.unmeasured_ms <= _MAX_UNMEASURED_SHARE * self.length_ms
        return measured and self.cost_nano is not None and self.value_nano is not None

    @property
    def saved_nano(self) -> int | None:
        """What the heat cost less than from the heating otherwise used, after earnings."""
        if not self.comparable or self.alternative_nano is None:
            return None
        return self.alternative_nano - (self.cost_nano or 0) + (self.value_nano or 0)


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
        self._solar_mj = 0
        self._battery_mj = 0
        self._unmeasured_ms = 0
        self._share_work = 0
        self._hashes = 0

    def add(self, step: Step, supply: Supply = ALL_GRID) -> None:
        """Take in what happened since, supplied like that."""
        self.length_ms += step.length_ms
        self._energy_mj += step.energy_mj
        solar_mj, battery_mj = supply.parts(step.energy_mj)
        self._solar_mj += solar_mj
        self._battery_mj += battery_mj
        self._unmeasured_ms += step.unmeasured_ms
        self._share_work += step.share_work
        self._hashes += step.hashes

    def priced(self, *, closed: bool) -> tuple[Interval, Carry]:
        """Return it as a row with its money, and what remains for the next one."""
        cost, cost_carry = self._cost()
        earned, earned_carry = self._earned()
        value, value_carry = self._value(earned)
        alternative, alternative_carry = self._alternative()
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
            solar_mj=self._solar_mj,
            battery_mj=self._battery_mj,
            alternative_nano=alternative,
        )
        return row, Carry(cost=cost_carry, earned=earned_carry, value=value_carry, alternative=alternative_carry)

    def _cost(self) -> tuple[int | None, int]:
        """Return what the measured energy cost; unknown without a price or where nothing was measured."""
        terms, grid_nano = self.terms, self.terms.price_nano
        if grid_nano is None or self._all_unmeasured:
            return None, self._carry.cost
        amount = (self._energy_mj - self._solar_mj - self._battery_mj) * grid_nano
        amount += self._solar_mj * (grid_nano if terms.solar_price_nano is None else terms.solar_price_nano)
        amount += self._battery_mj * (grid_nano if terms.battery_price_nano is None else terms.battery_price_nano)
        return _believable(amount, self._carry.cost, MJ_PER_KWH)

    @property
    def _all_unmeasured(self) -> bool:
        return 0 < self.length_ms == self._unmeasured_ms

    def _alternative(self) -> tuple[int | None, int]:
        """Return what the same heat would have cost otherwise."""
        price_nano = self.terms.alternative_price_nano
        if price_nano is None or self._all_unmeasured:
            return None, self._carry.alternative
        return _believable(self._energy_mj * price_nano, self._carry.alternative, MJ_PER_KWH)

    def _earned(self) -> tuple[int | None, int]:
        """Return what the share work is expected to earn; unknown while mining without network figures."""
        terms = self.terms
        if not terms.earning.by_shares:
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
            certain = not earned_usat and (not self.terms.earning.by_shares or not self.terms.running)
            return 0 if certain else None, self._carry.value
        return _believable(earned_usat * self.terms.btc_price_nano, self._carry.value, MICRO_SAT_PER_BTC)


def _believable(amount: int, carry: int, divisor: int) -> tuple[int | None, int]:
    """Return the whole part and the new carry; unknown where no heater could reach the amount in an interval."""
    whole, left = divmod(amount + carry, divisor)
    return (None, carry) if abs(whole) > _MAX_AMOUNT else (whole, left)
