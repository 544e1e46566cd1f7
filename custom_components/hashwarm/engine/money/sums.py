"""Sums of facts: each amount beside the part of time or energy for which it is known."""

from dataclasses import dataclass
from typing import Self

from .interval import Interval


@dataclass(slots=True)
class Sums:
    """Sums over intervals and over entries beside them."""

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
    solar_mj: int = 0
    """Part of the energy."""
    battery_mj: int = 0
    """Part of the energy."""
    alternative_nano: int = 0
    """What the same heat would have cost from the heating otherwise used."""
    alternative_mj: int = 0
    saved_nano: int = 0
    """That, less the cost after earnings, where all three are known."""
    saved_mj: int = 0
    confirmed_usat: int = 0
    """Part of what was earned that a pool has confirmed."""
    difference_usat: int = 0
    """By how much a pool's own account differs from what had been estimated."""
    ai_nano: int = 0
    """Part of the value that AI jobs earned."""

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
        self.solar_mj += other.solar_mj
        self.battery_mj += other.battery_mj
        self.alternative_nano += other.alternative_nano
        self.alternative_mj += other.alternative_mj
        self.saved_nano += other.saved_nano
        self.saved_mj += other.saved_mj
        self.confirmed_usat += other.confirmed_usat
        self.difference_usat += other.difference_usat
        self.ai_nano += other.ai_nano
        return self

    def add_row(self, row: Interval, currency: str) -> Self:
        """Add one interval, in place; money in another currency is unknown money."""
        self.rows += 1
        self.length_ms += row.length_ms
        self.energy_mj += row.energy_mj
        self.unmeasured_ms += row.unmeasured_ms
        self.share_work += row.share_work
        self.hashes += row.hashes
        self.solar_mj += row.solar_mj
        self.battery_mj += row.battery_mj
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
        if row.alternative_nano is not None:
            self.alternative_nano += row.alternative_nano
            self.alternative_mj += row.energy_mj
        if (saved_nano := row.saved_nano) is not None:
            self.saved_nano += saved_nano
            self.saved_mj += row.energy_mj
