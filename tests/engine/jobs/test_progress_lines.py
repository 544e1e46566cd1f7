"""What jobs say, whatever they say."""

import json

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.hashwarm.engine.jobs.duty_cycle import PERIOD_S, DutyCycle
from custom_components.hashwarm.engine.jobs.progress_lines import LogRing, ProgressLines


def said(*lines, currency="EUR"):
    taken = ProgressLines(currency=currency)
    taken.feed(b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines))
    return taken.told


def test_what_a_job_tells():
    told = said(
        {"progress": 0.42}, {"event": "checkpoint"}, {"next_checkpoint_s": 90}, {"revenue": 0.002, "currency": "EUR"}
    )
    assert (told.progress, told.checkpoints, told.next_checkpoint_s, told.revenue_nano) == (0.42, 1, 90.0, 2_000_000)
    assert said({"revenue": 1, "currency": "EUR"}, {"revenue": 2, "currency": "EUR"}).revenue_nano == 3 * 10**9
    assert said({"next_checkpoint_s": 90}, {"event": "checkpoint"}).next_checkpoint_s is None


@pytest.mark.parametrize(
    "line",
    [
        b'{"progress": NaN}\n', b'{"progress": Infinity}\n', b'{"progress": -1}\n', b'{"progress": 1.5}\n',
        b'{"progress": true}\n', b'{"progress": "0.5"}\n', b'{"progress": [0.5]}\n', b'["progress"]\n', b"{\n",
        b'{"progress": 0.5' + b" " * 5000 + b"}\n", b"\xff\xfe{}\n", b'{"event": ["checkpoint"]}\n',
        b'{"revenue": 1e300, "currency": "EUR"}\n', b'{"revenue": -1, "currency": "EUR"}\n',
        b'{"revenue": 1, "currency": "USD"}\n', b'{"revenue": 1}\n', b'{"a":' * 700 + b"\n",
        b'{"progress": ' + b"9" * 4000 + b"}\n",
    ],
)  # fmt: skip
def test_what_cannot_be_meant_tells_nothing(line):
    assert said(line) == ProgressLines().told


def test_without_a_currency_of_the_home_no_revenue_is_counted():
    assert said({"revenue": 1, "currency": "EUR"}, currency=None).revenue_nano == 0


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400), st.lists(st.integers(1, 50)))
def test_pieces_of_any_size_mean_the_same(data, cuts):
    whole, parts = ProgressLines(), ProgressLines()
    whole.feed(data)
    rest = data
    for cut in cuts:
        parts.feed(rest[:cut])
        rest = rest[cut:]
    parts.feed(rest)
    for taken in (whole, parts):
        taken.close()
    assert parts.told == whole.told
    assert parts.ring.last(999) == whole.ring.last(999)


def test_a_line_without_end_is_cut_and_the_next_is_understood():
    taken = ProgressLines()
    for _ in range(100):
        taken.feed(b"x" * 1000)
    assert taken.feed(b'x\n{"progress": 0.5}\n')
    assert len(taken.ring.last(9)) == 2
    assert taken.progress == 0.5


def test_the_ring_keeps_the_newest():
    ring = LogRing(100)
    for number in range(50):
        ring.add(f"line {number}".encode())
    assert ring.last(1) == ["line 49"]
    assert ring.last(0) == []
    assert 5 < len(ring.last(999)) <= 100 // 7


@settings(max_examples=25, deadline=None)
@given(st.floats(0.1, 0.95), st.lists(st.floats(0, 0.03), min_size=120, max_size=120))
def test_late_timers_cancel_out(share, delays):
    cycle, now_s, on_s = DutyCycle(share, 0.0), 0.0, 0.0
    for delay_s in delays:
        runs, for_s = cycle.turn(now_s)
        assert 0 < for_s <= 1.0
        on_s += (for_s + delay_s) if runs else 0.0
        now_s += for_s + delay_s
    assert on_s / now_s == pytest.approx(share, abs=0.03)


def test_all_or_nothing_is_what_it_says():
    for share in (0.0, 1.0):
        cycle = DutyCycle(share, 0.0)
        assert {cycle.turn(step * PERIOD_S)[0] for step in range(1, 9)} == {bool(share)}
