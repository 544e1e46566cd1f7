"""Pacing on virtual time."""

import pytest

from custom_components.hashwarm.engine.hashing.pacing import SLICE_S, Pacer

FULL_HS = 20e6


class Thread:
    """A thread on virtual time; `share` is how much of the CPU the system leaves it."""

    def __init__(self, pacer, share=1.0):
        self.pacer, self.share, self.now_s, self.hashes, self.cpu_s, self.longest_s = pacer, share, 0.0, 0, 0.0, 0.0

    def run(self, seconds):
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            wait_s = self.pacer.wait_s(self.now_s)
            if wait_s is None:
                self.now_s = end_s
            elif wait_s > 0:
                self.now_s += min(wait_s, end_s - self.now_s)
            else:
                count = self.pacer.batch(FULL_HS)
                cpu_s = count / FULL_HS
                self.now_s += cpu_s / self.share
                self.hashes += count
                self.cpu_s += cpu_s
                self.longest_s = max(self.longest_s, cpu_s)
                self.pacer.done(self.now_s, count, cpu_s)


@pytest.mark.parametrize("fraction", [0.001, 0.02, 0.1, 0.5, 0.9, 1.0])
def test_rate_and_duty_are_held(fraction):
    by_rate, by_duty = Thread(Pacer()), Thread(Pacer())
    by_rate.pacer.hold_rate(fraction * FULL_HS, 0.0)
    by_duty.pacer.hold_duty(fraction, 0.0)
    by_rate.run(20)
    by_duty.run(20)
    assert by_rate.hashes / 20 == pytest.approx(fraction * FULL_HS, rel=0.005)
    assert by_duty.cpu_s / 20 == pytest.approx(fraction, rel=0.005)
    assert max(by_rate.longest_s, by_duty.longest_s) <= SLICE_S * 1.001
    assert not by_rate.pacer.limited
    assert not by_duty.pacer.limited


def test_a_starved_thread_says_so_and_does_not_catch_up():
    thread = Thread(Pacer(), share=0.3)
    thread.pacer.hold_rate(0.5 * FULL_HS, 0.0)
    thread.run(10)
    assert thread.pacer.limited
    thread.share, before = 1.0, thread.hashes
    thread.run(3)
    assert thread.hashes - before < FULL_HS * 0.5 * (3 + 0.3)
    thread.run(4)
    assert not thread.pacer.limited


def test_a_short_gap_is_made_up_for():
    thread = Thread(Pacer())
    thread.pacer.hold_duty(0.5, 0.0)
    thread.run(5)
    thread.now_s += 0.1
    thread.run(4.9)
    assert thread.cpu_s == pytest.approx(5.0, rel=0.01)


def test_more_than_the_thread_can_do_is_limited():
    thread = Thread(Pacer())
    thread.pacer.hold_rate(2 * FULL_HS, 0.0)
    thread.run(10)
    assert thread.hashes == pytest.approx(10 * FULL_HS, rel=0.02)
    assert thread.pacer.limited


def test_pause_resume_and_change():
    thread = Thread(Pacer(phase_s=0.02))
    assert thread.pacer.wait_s(0.0) is None
    thread.pacer.done(0.0, 5, 1.0)
    thread.pacer.hold_duty(0.1, 0.0)
    assert thread.pacer.wait_s(0.0) == pytest.approx(0.02)
    thread.run(1)
    thread.pacer.hold_duty(0.0, thread.now_s)
    assert thread.pacer.paused
    before = thread.hashes
    thread.run(100)
    assert thread.hashes == before
    thread.pacer.hold_rate(FULL_HS, thread.now_s)
    thread.pacer.hold_rate(FULL_HS, thread.now_s)
    thread.run(1)
    assert thread.hashes - before == pytest.approx(FULL_HS, rel=0.1)


def test_a_slow_pace_gives_way_to_a_fast_one_at_once():
    thread = Thread(Pacer())
    thread.pacer.hold_rate(1.0, 0.0)
    thread.run(0.5)
    thread.pacer.hold_duty(1.0, thread.now_s)
    assert thread.pacer.wait_s(thread.now_s) <= SLICE_S * 1.01


def test_at_least_one_hash():
    pacer = Pacer()
    pacer.hold_rate(1e-6, 0.0)
    assert pacer.batch(FULL_HS) == 1
