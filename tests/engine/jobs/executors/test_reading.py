"""What all readers share: answers that are not what they should be, addresses, a job's lines."""

from datetime import UTC, datetime, timedelta
import json

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.hashwarm.engine.jobs.executors import base_url, ray_answers
from custom_components.hashwarm.engine.jobs.executors.answers import GarbageError, amount, number, parsed, share, text
from custom_components.hashwarm.engine.jobs.executors.growing_log import GrowingLog
from custom_components.hashwarm.engine.jobs.executors.web import WebClient
from custom_components.hashwarm.engine.model.errors import InvalidValueError

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def test_what_is_no_number_is_unknown():
    assert [number(value) for value in (1, 2.5, True, "1", None, float("nan"), 10**400)] == [1, 2.5, *[None] * 5]
    assert (amount(-1), share(1.5), share(0.5)) == (None, None, 0.5)
    assert parsed('{"a": NaN, "b": [-Infinity]}') == {"a": None, "b": [None]}
    for wrong in ("{", b"\xff", "[" * 100_000):
        with pytest.raises(GarbageError):
            parsed(wrong)


def test_text_is_one_printable_line():
    assert text("  two\nlines\x1b[31m ") == "two lines [31m"
    assert text("x" * 1000) == "x" * 200
    assert (text(""), text(5), text("\n")) == (None, None, None)


@pytest.mark.parametrize(
    "wrong",
    ["", "ray", "ftp://host", "http://", "http://user:hunter2@host", "http://host/?a=1", "http://host/#a", "http://[x"],
)
def test_an_address_that_may_not_be_called_is_refused(wrong):
    with pytest.raises(InvalidValueError) as raised:
        base_url(wrong)
    assert "hunter2" not in str(raised.value) + str(raised.value.placeholders)


async def test_a_server_may_live_below_a_path(session):
    client = WebClient(session, base_url(" https://home:8443/ray/ "))
    assert str(client.at("/api/jobs/")) == "https://home:8443/ray/api/jobs/"


def test_what_a_log_tells_has_the_time_of_its_reading():
    log, later = GrowingLog("EUR"), NOW + timedelta(seconds=10)
    log.read('{"event": "checkpoint"}\n{"next_checkpoint_s": 90}\n', None)
    assert (log.told.checkpoints, log.last_checkpoint, log.next_checkpoint) == (1, None, None)
    said = '{"event": "checkpoint"}\n{"next_checkpoint_s": 90}\n' * 2
    log.read(said, NOW)
    assert (log.last_checkpoint, log.next_checkpoint) == (NOW, NOW + timedelta(seconds=90))
    log.read(said + "loss 0.7\n", later)
    assert (log.last_checkpoint, log.next_checkpoint) == (NOW, NOW + timedelta(seconds=90))
    log.read(said + 'loss 0.7\n{"event": "checkpoint"}', later)
    assert log.told.checkpoints == 2
    log.finish(later)
    assert (log.told.checkpoints, log.last_checkpoint, log.next_checkpoint) == (3, later, None)


@settings(deadline=None)
@given(st.text(alphabet='{}"a\n:1,progresvnu ') | JSON.map(json.dumps), st.integers(0, 30))
def test_a_log_read_in_parts_tells_the_same(whole, cut):
    at_once, in_parts = GrowingLog(), GrowingLog()
    at_once.read(whole, NOW)
    in_parts.read(whole[:cut], NOW)
    in_parts.read(whole, NOW)
    assert at_once.told.told == in_parts.told.told
    assert at_once.told.ring.last(100) == in_parts.told.ring.last(100)


def test_a_log_that_begins_anew_is_read_anew():
    log = GrowingLog("EUR")
    log.read('{"revenue": 1, "currency": "EUR"}\n' * 3, NOW)
    log.read('{"revenue": 2, "currency": "EUR"}\n', NOW)
    assert log.told.revenue_nano == 2_000_000_000


@settings(deadline=None)
@given(JSON)
def test_any_answer_of_a_head_is_a_job_or_garbage(answer):
    ray_answers.jobs_of(answer, "home")
    ray_answers.cluster(answer)
    for told in (answer, {"submission_id": "a", "status": "FAILED", "metadata": answer, "driver_exit_code": answer}):
        try:
            ray_answers.job(told)
        except GarbageError:
            continue


def test_a_job_of_ours_that_is_garbage_is_passed_over():
    told = {"submission_id": "a", "status": "NEW", "metadata": {"hashwarm_owner": "home"}}
    assert ray_answers.jobs_of([told], "home") == []
    good = told | {"status": "FAILED", "driver_exit_code": 2**40, "end_time": 1e300}
    [job] = ray_answers.jobs_of([good, {"metadata": 5}], "home")
    assert (job.exit_code, job.ended_at, job.power_w) == (None, None, None)
    with pytest.raises(GarbageError):
        ray_answers.log_text({"logs": 5})
