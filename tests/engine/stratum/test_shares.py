"""The book of shares."""

from dataclasses import replace
import math

import pytest

from custom_components.hashwarm.engine.stratum.shares import (
    KEPT_KEYS,
    KEPT_WORKS,
    RejectReason,
    ShareLedger,
    ShareResult,
    reason_of,
)
from custom_components.hashwarm.engine.stratum.wire import PoolFault
from custom_components.hashwarm.engine.stratum.work import IssuedWork


@pytest.fixture
def issue(running):
    """Make issued work of the session, with a target that everything meets."""

    def make(ledger: ShareLedger, now_s: float = 0.0, **changes) -> IssuedWork:
        running.clock_s = now_s
        (event,) = running.hear(running.notify(**changes))
        issued = replace(event.issued, work=replace(event.issued.work, target=1 << 255))
        ledger.issue(issued)
        return issued

    return make


@pytest.fixture
def ledger() -> ShareLedger:
    return ShareLedger()


def test_accepted_work_is_counted_exactly(ledger, issue, miner):
    issued = issue(ledger)
    share = miner.share(issued.work)
    assert ledger.admit(share, 0.0) is issued
    ledger.sent(7, issued, 1.0)
    result = ledger.answered(7, None, accepted=True, now_s=1.25)
    assert result == ShareResult(accepted=True, pool="", difficulty=1.0, share_work=1 << 32, latency_s=0.25)
    assert (ledger.accepted, ledger.share_work, ledger.last_accepted_at_s) == (1, 1 << 32, 1.25)
    assert ledger.best_share == pytest.approx((0xFFFF << 208) / share.digest)
    assert ledger.answered(7, None, accepted=True, now_s=2) is None


def test_trap_8_clean_work_makes_older_work_stale_and_other_work_does_not(ledger, issue, miner):
    old, newer = issue(ledger), issue(ledger, clean=False)
    assert ledger.admit(miner.share(old.work), 0.0) is old
    assert ledger.admit(miner.share(newer.work), 0.0) is newer
    newest = issue(ledger, clean=True)
    for issued in (old, newer):
        assert ledger.admit(miner.share(issued.work), 0.0).reason is RejectReason.STALE
    assert ledger.admit(miner.share(newest.work), 0.0) is newest
    assert (ledger.stale, ledger.rejected) == (2, 0)


def test_a_share_is_sent_once(ledger, issue, miner):
    issued = issue(ledger)
    share = miner.share(issued.work)
    ledger.admit(share, 0.0)
    assert ledger.admit(share, 0.0).reason is RejectReason.DUPLICATE
    assert ledger.rejected == 1


def test_the_same_header_under_another_name_of_ours_is_a_duplicate(ledger, issue, miner):
    issued = issue(ledger)
    share = miner.share(issued.work)
    ledger.admit(share, 0.0)
    again = issue(ledger, clean=False)
    assert ledger.admit(replace(share, work_id=again.work.work_id), 0.0).reason is RejectReason.DUPLICATE


@pytest.mark.parametrize(
    ("change", "now_s", "reason"),
    [
        ({"digest": (1 << 255) + 1}, 0, RejectReason.LOW_DIFFICULTY),
        ({"extranonce2": b"abc"}, 0, RejectReason.INVALID),
        ({"version": 0x20000001}, 0, RejectReason.INVALID),
        ({"version": 0x60000000}, 0, RejectReason.INVALID),
        ({"ntime": 0x65000000 - 1}, 100, RejectReason.INVALID),
        ({"ntime": 0x65000000 + 200}, 100, RejectReason.INVALID),
        ({"ntime": 0x65000000 + 7001}, 9000, RejectReason.INVALID),
    ],
)
def test_what_a_pool_would_refuse_is_not_sent(ledger, issue, miner, change, now_s, reason):
    issued = issue(ledger)
    assert ledger.admit(replace(miner.share(issued.work), **change), now_s).reason is reason
    assert ledger.reasons[reason] == 1


def test_trap_7_time_may_be_rolled_as_fast_as_it_goes_by(ledger, issue, miner):
    issued = issue(ledger, now_s=50.0)
    assert ledger.admit(miner.share(issued.work, ntime=issued.work.ntime + 60), 110.0) is issued
    assert ledger.admit(miner.share(issued.work, ntime=issued.work.ntime + 70), 110.0).reason is RejectReason.INVALID


def test_unanswered_shares_are_given_up(ledger, issue, miner):
    issued = issue(ledger)
    assert ledger.next_overdue_s(60) == math.inf
    ledger.sent(1, issued, 0.0)
    ledger.sent(2, issued, 30.0)
    assert ledger.next_overdue_s(60) == 60
    assert [result.reason for result in ledger.overdue(60, 60)] == [RejectReason.NO_ANSWER]
    assert [result.reason for result in ledger.disconnect()] == [RejectReason.NO_ANSWER]
    assert ledger.admit(miner.share(issued.work), 0).reason is RejectReason.STALE
    assert (ledger.rejected, ledger.reasons[RejectReason.NO_ANSWER]) == (0, 2)


def test_what_is_remembered_is_bounded(ledger, issue, miner):
    first = issue(ledger)
    for number in range(KEPT_WORKS):
        issued = issue(ledger, clean=False, job_id=f"j{number}")
    assert ledger.admit(miner.share(first.work), 0).reason is RejectReason.STALE
    share = miner.share(issued.work)
    for nonce in range(KEPT_KEYS + 1):
        assert ledger.admit(replace(share, nonce=nonce), 0) is issued
    assert ledger.admit(replace(share, nonce=0), 0) is issued
    assert ledger.admit(replace(share, nonce=KEPT_KEYS), 0).reason is RejectReason.DUPLICATE


@pytest.mark.parametrize(
    ("code", "text", "reason"),
    [
        (21, "Job not found", RejectReason.STALE),
        (21, "", RejectReason.STALE),
        (20, "Stale share", RejectReason.STALE),
        (22, "x", RejectReason.DUPLICATE),
        (23, "Duplicate share", RejectReason.DUPLICATE),
        (23, "Low difficulty share", RejectReason.LOW_DIFFICULTY),
        (None, "Above target", RejectReason.LOW_DIFFICULTY),
        (24, "Unauthorized worker", RejectReason.UNAUTHORIZED),
        (25, "Not subscribed", RejectReason.NOT_SUBSCRIBED),
        (20, "Ntime out of range", RejectReason.OTHER),
        (None, "?", RejectReason.OTHER),
    ],
)
def test_reasons_of_pools(ledger, issue, code, text, reason):
    assert reason_of(PoolFault(code=code, text=text)) is reason
    ledger.sent(1, issue(ledger), 0)
    result = ledger.answered(1, PoolFault(code=code, text=text), accepted=False, now_s=1)
    assert (result.reason, result.text, result.share_work) == (reason, text, 0)


def test_a_refusal_without_a_word_is_a_refusal(ledger, issue):
    ledger.sent(1, issue(ledger), 0)
    assert ledger.answered(1, None, accepted=False, now_s=1).reason is RejectReason.OTHER
