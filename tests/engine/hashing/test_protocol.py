"""The lines between keeper and child."""

from dataclasses import replace

from hypothesis import given, strategies as st
import pytest

from custom_components.hashwarm.engine.hashing.heat_only import heat_only_work
from custom_components.hashwarm.engine.hashing.protocol import LONGEST_LINE, LineReader, Task, encode, work_message


def test_lines_survive_any_cutting_and_garbage():
    stream = encode({"t": 1}) + b'garbage\n[1]\n\xff\xfe\n"text"\n' + encode({"t": 2}) + b"[" * 3_000 + b"\n"
    for size in (1, 3, 7, 1000, len(stream)):
        reader = LineReader()
        found = [m for i in range(0, len(stream), size) for m in reader.feed(stream[i : i + size])]
        assert found == [{"t": 1}, {"t": 2}]
        assert reader.dropped == 5


def test_an_endless_line_is_dropped_whole():
    reader = LineReader()
    for _ in range(40):
        assert list(reader.feed(b"x" * (LONGEST_LINE // 10))) == []
    assert list(reader.feed(b'{"t":0}\n{"t":1}\n')) == [{"t": 1}]
    assert reader.dropped == 1


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(data):
    for message in LineReader().feed(data + b"\n"):
        assert isinstance(message, dict)


def test_work_arrives_as_sent():
    work = replace(heat_only_work(), merkle_branches=(b"\x07" * 32,), target=5, clean=False)
    (message,) = LineReader().feed(encode(work_message(work)))
    task = Task(message["work"], 12.5)
    assert task.received_s == 12.5
    for name in ("work_id", "version", "version_mask", "previous_hash", "coinbase1", "extranonce1", "extranonce2_size"):
        assert getattr(task, name) == getattr(work, name)
    assert (task.branches, task.target, task.clean) == (work.merkle_branches, 5, False)
    assert (task.coinbase2, task.ntime, task.nbits) == (work.coinbase2, work.ntime, work.nbits)
    assert work_message(None) == {"c": "work", "work": None}


@pytest.mark.parametrize(
    "change",
    [
        {"version": -1}, {"version": "1"}, {"ntime": 1 << 32}, {"prev": "00"}, {"prev": "zz"}, {"branches": ["00"]},
        {"target": "1" * 65}, {"en2size": 17}, {"en2size": -1}, {"cb1": 5},
    ],
)  # fmt: skip
def test_malformed_work_is_refused(change):
    with pytest.raises((TypeError, ValueError)):
        Task({**work_message(heat_only_work())["work"], **change}, 0.0)
