"""Which pool next, when, and where a pool may send us."""

import random

from hypothesis import given, strategies as st
import pytest

from custom_components.hashwarm.engine.stratum.failover import BackOff, PoolChoice, may_move_to


def test_trap_11_three_failures_move_on_and_silence_moves_on_at_once():
    choice = PoolChoice(3, 3)
    choice.failed()
    choice.failed()
    assert choice.index == 0
    choice.failed()
    assert choice.index == 1
    choice.failed(give_up=True)
    assert choice.index == 2
    choice.failed(give_up=True)
    assert (choice.index, choice.failures) == (0, 5)
    choice.worked()
    assert choice.failures == 0


def test_one_pool_is_tried_again_and_again():
    choice = PoolChoice(1, 3)
    for _ in range(10):
        choice.failed()
    assert choice.index == 0


@given(st.integers(0, 10_000), st.integers())
def test_back_off_grows_to_its_cap_with_jitter(failures, seed):
    delay_s = BackOff(first_s=1, longest_s=60).delay_s(failures, random.Random(seed))
    full_s = min(2.0 ** max(failures - 1, 0), 60) if failures < 20 else 60
    assert full_s / 2 <= delay_s <= full_s


@pytest.mark.parametrize(
    ("configured", "asked", "allowed"),
    [
        ("stratum.pool.example", "stratum.pool.example", True),
        ("stratum.pool.example", "STRATUM.pool.example.", True),
        ("stratum.pool.example", "eu.pool.example", True),
        ("stratum.pool.example", "pool.example", True),
        ("stratum.pool.example", "a.b.pool.example", True),
        ("stratum.pool.example", "evilpool.example", False),
        ("stratum.pool.example", "pool.example.evil.example", False),
        ("pool.example", "eu.pool.example", True),
        ("pool.example", "other.example", False),
        ("pool.co.uk", "evil.co.uk", False),
        ("pool.co.uk", "eu.pool.co.uk", True),
        ("eu.pool.co.uk", "us.pool.co.uk", True),
        ("umbrel", "other", False),
        ("umbrel", "umbrel", True),
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "198.0.2.1", False),
        ("pool.example", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::2", False),
        ("a..b", "c..b", False),
    ],
)
def test_trap_10_never_to_a_foreign_domain(configured, asked, allowed):
    assert may_move_to(configured, asked) is allowed
