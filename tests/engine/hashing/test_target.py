"""Targets and difficulties."""

from hypothesis import given, strategies as st
import pytest

from custom_components.hashwarm.engine.hashing.target import (
    DIFFICULTY_1_TARGET,
    MAXIMUM_TARGET,
    difficulty_from_target,
    target_from_difficulty,
    target_from_nbits,
)
from custom_components.hashwarm.engine.model.errors import InvalidValueError


def test_known_values():
    assert target_from_difficulty(1) == DIFFICULTY_1_TARGET == target_from_nbits(0x1D00FFFF)
    assert target_from_difficulty(65535) == 1 << 208
    assert target_from_difficulty(0.5) == 2 * DIFFICULTY_1_TARGET
    assert target_from_difficulty(1e13) == DIFFICULTY_1_TARGET // 10**13
    assert target_from_difficulty(0.001) >> 216 == 0xFFFF * 1000 >> 8
    assert target_from_nbits(0x207FFFFF) == 0x7FFFFF << 232
    assert target_from_nbits(0x02123456) == 0x1234
    assert target_from_nbits(0x03123456) == 0x123456


def test_tiny_difficulties_take_every_hash():
    assert target_from_difficulty(1e-300) == MAXIMUM_TARGET
    assert target_from_difficulty(1e-12) == MAXIMUM_TARGET


@pytest.mark.parametrize(
    "value", [0, 0.0, -0.0, -1, -1e-9, float("nan"), float("inf"), -float("inf"), 1e300, 10**400, True, "1", None, [1]]
)
def test_nonsense_is_refused(value):
    with pytest.raises(InvalidValueError) as caught:
        target_from_difficulty(value)
    assert caught.value.placeholders["value"]


@pytest.mark.parametrize("nbits", [0, 0x1D800001, 0xFF00FFFF, 0x01000012])
def test_compact_forms_that_are_no_target(nbits):
    with pytest.raises(InvalidValueError):
        target_from_nbits(nbits)


@given(st.floats(min_value=1e-9, max_value=1e50))
def test_there_and_back(difficulty):
    assert difficulty_from_target(target_from_difficulty(difficulty)) == pytest.approx(difficulty, rel=1e-9)


def test_a_perfect_digest_has_no_bound():
    assert difficulty_from_target(0) == float("inf")
