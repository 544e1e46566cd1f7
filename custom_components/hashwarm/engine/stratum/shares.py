"""The book of shares: what may be sent, what the pool said to it, and the totals of a session."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
import math

from ..hashing.target import difficulty_from_target
from ..hashing.work import FoundShare
from .difficulty import share_work_of
from .wire import PoolFault
from .work import IssuedWork

KEPT_WORKS = 32
KEPT_KEYS = 4096
MAX_NTIME_ROLL_S = 7000
"""What ckpool accepts at most."""
NTIME_SLACK_S = 2


class RejectReason(StrEnum):
    """Why a share earned nothing."""

    STALE = "stale"
    DUPLICATE = "duplicate"
    LOW_DIFFICULTY = "low_difficulty"
    UNAUTHORIZED = "unauthorized"
    NOT_SUBSCRIBED = "not_subscribed"
    INVALID = "invalid"
    NO_ANSWER = "no_answer"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class ShareResult:
    """The end of one share; `share_work` in hashes, 0 unless accepted."""

    accepted: bool
    pool: str
    difficulty: float | None
    """The pool judges by it; None for a share of work that is no longer known."""
    share_work: int
    reason: RejectReason | None = None
    text: str | None = None
    """What the pool said."""
    latency_s: float | None = None
    """From sending to the answer; None where it was never sent or never answered."""


@dataclass(frozen=True, kw_only=True)
class _Pending:
    issued: IssuedWork
    sent_at_s: float


_CODES = {
    21: RejectReason.STALE,
    22: RejectReason.DUPLICATE,
    23: RejectReason.LOW_DIFFICULTY,
    24: RejectReason.UNAUTHORIZED,
    25: RejectReason.NOT_SUBSCRIBED,
}
_WORDS = (
    ("stale", RejectReason.STALE),
    ("job not found", RejectReason.STALE),
    ("invalid jobid", RejectReason.STALE),
    ("duplicate", RejectReason.DUPLICATE),
    ("difficulty", RejectReason.LOW_DIFFICULTY),
    ("above target", RejectReason.LOW_DIFFICULTY),
    ("unauthori", RejectReason.UNAUTHORIZED),
    ("not subscribed", RejectReason.NOT_SUBSCRIBED),
)


def reason_of(fault: PoolFault) -> RejectReason:
    """Return why the pool refused, by its words before its code, for pools use code 20 and 23 for nearly anything."""
    text = fault.text.lower()
    for word, reason in _WORDS:
        if word in text:
            return reason
    return _CODES.get(fault.code or 0, RejectReason.OTHER)


class ShareLedger:
    """Works handed out, shares under way, totals since the session began."""

    def __init__(self) -> None:
        self.pool = ""
        self.accepted = 0
        self.rejected = 0
        self.stale = 0
        self.share_work = 0
        self.best_share: float | None = None
        self.last_accepted_at_s: float | None = None
        self.latency_s: float | None = None
        self.reasons: Counter[RejectReason] = Counter()
        self._works: dict[str, IssuedWork] = {}
        self._pending: dict[int, _Pending] = {}
        self._seen: dict[tuple[str, bytes, int, int, int], None] = {}

    def issue(self, issued: IssuedWork) -> None:
        """Take up new work; clean work makes all older work stale."""
        if issued.work.clean:
            self._works.clear()
        self._works[issued.work.work_id] = issued
        while len(self._works) > KEPT_WORKS:
            del self._works[next(iter(self._works))]

    def admit(self, share: FoundShare, now_s: float) -> IssuedWork | ShareResult:
        """Return the work of a share that may be sent, or the result of one that must not."""
        self._note_best(share)
        issued = self._works.get(share.work_id)
        if issued is None:
            return self._refuse(None, RejectReason.STALE)
        reason = self._fault_in(share, issued, now_s)
        if reason is not None:
            return self._refuse(issued, reason)
        key = (issued.job_id, issued.work.extranonce1 + share.extranonce2, share.ntime, share.nonce, share.version)
        if key in self._seen:
            return self._refuse(issued, RejectReason.DUPLICATE)
        self._seen[key] = None
        while len(self._seen) > KEPT_KEYS:
            del self._seen[next(iter(self._seen))]
        return issued

    def sent(self, request_id: int, issued: IssuedWork, now_s: float) -> None:
        """Note that a share is under way."""
        self._pending[request_id] = _Pending(issued=issued, sent_at_s=now_s)

    def answered(self, request_id: int, fault: PoolFault | None, *, accepted: bool, now_s: float) -> ShareResult | None:
        """Book the pool's answer; None where no such share is under way."""
        pending = self._pending.pop(request_id, None)
        if pending is None:
            return None
        self.latency_s = latency_s = max(now_s - pending.sent_at_s, 0.0)
        if not accepted:
            reason = RejectReason.OTHER if fault is None else reason_of(fault)
            return self._refuse(pending.issued, reason, None if fault is None else fault.text, latency_s)
        return self._accept(pending.issued, latency_s, now_s)

    def overdue(self, now_s: float, limit_s: float) -> list[ShareResult]:
        """Give up shares that were not answered within `limit_s`."""
        late = [key for key, pending in self._pending.items() if now_s - pending.sent_at_s >= limit_s]
        return [self._refuse(self._pending.pop(key).issued, RejectReason.NO_ANSWER) for key in late]

    def next_overdue_s(self, limit_s: float) -> float:
        """Return when the oldest share under way is given up, monotonic; infinity when none is."""
        first = next(iter(self._pending.values()), None)
        return math.inf if first is None else first.sent_at_s + limit_s

    def disconnect(self) -> list[ShareResult]:
        """Forget the connection's works and give up what is under way."""
        self._works.clear()
        return self.overdue(math.inf, 0.0)

    def _fault_in(self, share: FoundShare, issued: IssuedWork, now_s: float) -> RejectReason | None:
        work = issued.work
        if share.digest > work.target:
            return RejectReason.LOW_DIFFICULTY
        rolled_s = share.ntime - work.ntime
        # The wiki's rule: a miner's time should not run faster than actual time.
        allowed_s = min(now_s - issued.issued_at_s + NTIME_SLACK_S, MAX_NTIME_ROLL_S)
        wrong_version = (share.version ^ work.version) & ~work.version_mask
        if not 0 <= rolled_s <= allowed_s or wrong_version or len(share.extranonce2) != work.extranonce2_size:
            return RejectReason.INVALID
        return None

    def _note_best(self, share: FoundShare) -> None:
        self.best_share = max(self.best_share or 0.0, difficulty_from_target(max(share.digest, 1)))

    def _accept(self, issued: IssuedWork, latency_s: float, now_s: float) -> ShareResult:
        share_work = share_work_of(issued.difficulty)
        self.accepted += 1
        self.share_work += share_work
        self.last_accepted_at_s = now_s
        return ShareResult(
            accepted=True, pool=self.pool, difficulty=issued.difficulty, share_work=share_work, latency_s=latency_s
        )

    def _refuse(
        self, issued: IssuedWork | None, reason: RejectReason, text: str | None = None, latency_s: float | None = None
    ) -> ShareResult:
        self.reasons[reason] += 1
        if reason is RejectReason.STALE:
            self.stale += 1
        elif reason is not RejectReason.NO_ANSWER:
            # What the pool made of an unanswered share is unknown, so it is no refusal.
            self.rejected += 1
        return ShareResult(
            accepted=False,
            pool=self.pool,
            difficulty=None if issued is None else issued.difficulty,
            share_work=0,
            reason=reason,
            text=text,
            latency_s=latency_s,
        )
