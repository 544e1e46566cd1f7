"""What a job tells of revenue is booked once, whatever happens to it on its way."""

from datetime import UTC, datetime, timedelta
from itertools import count

from hypothesis import given, settings, strategies as st

from custom_components.hashwarm.engine.jobs import JobSpec, JobState, Reason, RunState, RunStatus, lifecycle
from custom_components.hashwarm.engine.jobs.progress_lines import ProgressLines

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CHECKPOINT = "checkpoint"


class Story:
    """A job that tells the same lines from its last checkpoint on, each time it is started."""

    def __init__(self, lines):
        self.lines = lines
        self.names = (f"{number:02}" for number in count())
        self.seconds = count()
        self.job = lifecycle.submitted(next(self.names), JobSpec(name="job", executor_id="x", command=("x",)), NOW)
        self.saved_at = 0
        self.farthest = 0
        self.seen = 0
        self.booked_nano = 0
        self._begin()

    def now(self):
        return NOW + timedelta(hours=next(self.seconds))

    def worth_nano(self, at):
        return sum(line for line in self.lines[:at] if line != CHECKPOINT)

    def _begin(self):
        self.at, self.told = self.saved_at, ProgressLines(currency="EUR")
        if self.job.state is JobState.HELD:
            self.job = lifecycle.released(self.job, self.now())
        self.job = lifecycle.move(lifecycle.starting(self.job, self.now()), JobState.RUNNING, self.now())

    def _status(self, state, exit_code=None, saved=None):
        self.seen, told = max(self.seen, self.at), self.told.told
        return RunStatus(
            ref="r",
            state=state,
            exit_code=exit_code,
            saved=saved,
            last_checkpoint=NOW + timedelta(seconds=self.saved_at) if told.checkpoints else None,
            revenue_nano=told.revenue_nano,
            saved_nano=told.saved_nano,
        )

    def run(self, lines):
        for line in self.lines[self.at : self.at + lines]:
            self.at += 1
            if line == CHECKPOINT:
                self.told.feed(b'{"event": "checkpoint"}\n')
                self.saved_at = self.at
            else:
                self.told.feed(b'{"revenue": %d, "currency": "EUR"}\n' % line)

    def look(self):
        self.job = lifecycle.told(self.job, self._status(RunState.RUNNING))

    def _take(self, steps):
        self.job = steps[-1]
        if self.job.state.final:
            self.booked_nano += self.job.revenue_nano
            again = lifecycle.again(self.job)
            self.job = lifecycle.submitted(next(self.names), again, self.now())
        self._begin()

    def over(self, exit_code, saved=None):
        if exit_code == 75:
            self.saved_at = self.at
        self._take(lifecycle.ended(self.job, self._status(RunState.ENDED, exit_code, saved), self.now()))

    def do(self, what):
        match what:
            case int():
                self.run(what)
            case "look":
                self.look()
            case "lost":
                self._take(lifecycle.lost(self.job, self.now()))
            case "crash":
                self.over(1)
            case "saves":
                self.over(75)
            case "preempt" | "preempt hard" | "preempt saved":
                self.job = lifecycle.ending(self.job, self.now(), Reason.NO_HEAT)
                # A checkpoint told after the order proves that work was saved, though not all that was told since.
                code = 75 if what == "preempt saved" else None
                self.over(code, None if what == "preempt hard" else bool(self.told.checkpoints) or code == 75)
            case "cancel" | "cancel saved":
                self.job = lifecycle.cancelled(self.job, self.now(), Reason.FORCED)
                self.over(-9 if what == "cancel" else 75)


LINES = st.lists(st.one_of(st.integers(1, 9), st.just(CHECKPOINT)), max_size=12)
ENDS = ("lost", "crash", "saves", "preempt", "preempt hard", "preempt saved", "cancel", "cancel saved")
WHAT = st.lists(st.one_of(st.integers(1, 4), st.just("look"), st.sampled_from(ENDS)), max_size=30)


@settings(max_examples=400, deadline=None)
@given(LINES, WHAT)
def test_all_that_was_booked_is_what_a_job_never_interrupted_would_have_told(lines, story):
    told = Story(lines)
    for what in story:
        told.do(what)
        assert told.booked_nano <= told.worth_nano(told.seen) * 10**9
    told.run(len(lines))
    (ended,) = lifecycle.ended(told.job, told._status(RunState.ENDED, 0), told.now())
    missed_nano = told.worth_nano(len(lines)) * 10**9 - told.booked_nano - ended.revenue_nano
    assert missed_nano >= 0
    assert missed_nano == 0 or "lost" in story


def test_what_is_booked_of_a_cancelled_job_is_all_that_it_had_told():
    told = Story([5, CHECKPOINT, 4, 3])
    told.run(3)
    told.do("cancel")
    assert told.booked_nano == 9 * 10**9
    assert told.job.spec.counted_nano == 4 * 10**9
    told.run(1)
    told.look()
    assert told.job.pending_nano == 0
    told.run(1)
    told.look()
    assert told.job.pending_nano == 3 * 10**9


def test_revenue_told_after_a_checkpoint_in_the_same_look_is_not_safe():
    told = Story([5, CHECKPOINT, 4])
    told.run(3)
    told.look()
    assert (told.job.pending_nano, told.job.safe_nano) == (9 * 10**9, 5 * 10**9)


def test_revenue_in_the_line_of_a_checkpoint_is_saved_with_it():
    lines = ProgressLines(currency="EUR")
    lines.feed(b'{"event": "checkpoint", "revenue": 2, "currency": "EUR"}\n')
    assert lines.told.saved_nano == 2 * 10**9
