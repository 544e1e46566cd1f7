"""A plan counts on what a circuit left the heater for long, and not on what a neighbour takes for minutes."""

from math import inf

import pytest

from custom_components.hashwarm.engine.control.circuit_share import CircuitShare

HOUR_S = 3600.0
BOUNDS = {"floor_w": 1200.0, "maximum_w": 3000.0}


class Circuit:
    """A circuit that is looked at every ten seconds."""

    def __init__(self) -> None:
        self.share, self.at = CircuitShare(), 1.7e9

    def left(self, share_w: float | None, seconds: float) -> None:
        for _ in range(round(seconds / 10.0)):
            self.at += 10.0
            self.share.take(self.at, share_w)

    def in_hours(self, hours: float) -> float:
        return self.share.expected_w(self.at + hours * HOUR_S, **BOUNDS)


@pytest.fixture
def circuit() -> Circuit:
    return Circuit()


def test_without_a_circuit_there_is_no_limit(circuit: Circuit) -> None:
    assert circuit.in_hours(0.0) == inf
    circuit.left(1500.0, 600.0)
    circuit.left(None, 10.0)
    assert circuit.in_hours(0.0) == inf
    circuit.left(2000.0, 10.0)
    assert circuit.in_hours(0.0) == 1950.0, "what was before is forgotten"


def test_what_was_always_left_is_left_in_a_day_too(circuit: Circuit) -> None:
    circuit.left(1744.0, HOUR_S)
    assert circuit.in_hours(0.0) == circuit.in_hours(24.0) == 1650.0


def test_more_than_the_heater_can_draw_is_no_limit(circuit: Circuit) -> None:
    circuit.left(3400.0, HOUR_S)
    assert circuit.in_hours(3.0) == inf


def test_a_neighbour_that_passes_by_turns_no_plan_around(circuit: Circuit) -> None:
    circuit.left(2944.0, 12 * HOUR_S)
    circuit.left(1200.0, 300.0)
    assert 2000.0 < circuit.in_hours(0.0) < 2600.0
    assert circuit.in_hours(6.0) > 2800.0


def test_one_that_goes_on_counts_in_the_next_hour_at_once_and_in_the_next_day_by_its_part(circuit: Circuit) -> None:
    for _ in range(6):
        circuit.left(2944.0, 2 * HOUR_S)
        circuit.left(1200.0, 2 * HOUR_S)
    assert circuit.in_hours(0.0) == 1200.0
    assert circuit.in_hours(12.0) == pytest.approx(2072.0, abs=160.0)


@pytest.mark.parametrize(("share_w", "expected_w"), [(1190.0, 1200.0), (700.0, 1200.0), (500.0, 0.0), (0.0, 0.0)])
def test_under_the_floor_it_is_the_floor_or_nothing(circuit: Circuit, share_w: float, expected_w: float) -> None:
    circuit.left(share_w, HOUR_S)
    assert circuit.in_hours(1.0) == expected_w


def test_a_clock_that_jumps_does_no_harm(circuit: Circuit) -> None:
    circuit.left(2000.0, HOUR_S)
    circuit.at -= 5 * HOUR_S
    circuit.left(2000.0, 20.0)
    circuit.at += 500 * HOUR_S
    circuit.left(2000.0, 20.0)
    assert circuit.in_hours(1.0) == 1950.0
