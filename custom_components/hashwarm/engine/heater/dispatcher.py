"""Which workload spends the watts: mining, AI jobs, or none; pure, the time comes in.

The room decides how many watts there are, the worth of a kWh who gets them. AI jobs are the base, for they lose work
when they are interrupted; mining takes what is left and gives it back first.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import expm1, inf

from ..model.dispatch import Act, DispatchReason, JobOrder, WorkloadMode, Worth

SWITCH_RATIO = 1.15
MINIMUM_S = 15 * 60.0
"""A workload keeps its place for so long, unless heat or safety takes it."""
GAIN_HORIZON_S = 3600.0
FROZEN_AT_MOST_S = 300.0
"""Then a frozen job is told to save and end: it holds memory and makes no heat."""
SAFETY_FROZEN_S = 60.0
CHECKPOINT_WAIT_S = 120.0
"""So long a job that saves by itself is waited for before it is preempted."""
DEADLINE_NEAR_S = 4 * 3600.0
STEADIED_OVER_S = 600.0
FROZEN_AT_LEAST_S = 30.0
SLACK = 0.05
"""Demand that falls by less than this part of a job's watts is no reason to touch it."""
STEPS = 20


@dataclass(frozen=True, kw_only=True)
class JobView:
    """What the dispatcher needs to know of a job; times in s, power in W at full speed."""

    job_id: str
    power_w: float
    place_id: str = ""
    """Where it runs."""
    on: bool = False
    """An executor has a run of it that makes heat, or is about to."""
    frozen_for_s: float | None = None
    ending: bool = False
    ran_s: float = 0.0
    """Since its start or its last thaw."""
    share: float = 1.0
    slowdown: float = 0.0
    """The part of its speed that may be taken."""
    committed: bool = False
    startable: bool = True
    reachable: bool = True
    freezes: bool = True
    throttles: bool = True
    restartable: bool = True
    checkpoint_in_s: float | None = None
    switch_s: float = 60.0
    """What saving, ending and starting again costs."""
    deadline_in_s: float | None = None
    remaining_s: float | None = None

    @property
    def drawn_w(self) -> float:
        """What it draws now; one that saves its work draws until it has ended."""
        return self.power_w * self.share if self.on and self.frozen_for_s is None else 0.0


@dataclass(frozen=True, kw_only=True)
class Situation:
    """How things stand; power in W. Jobs come in the order in which they should be started."""

    at: float
    heat_w: float
    """What the room needs, 0 for nothing."""
    ceiling_w: float
    """What may be drawn in all; 0 where the governor says off."""
    worth: Worth
    jobs: tuple[JobView, ...] = ()
    mode: WorkloadMode = WorkloadMode.AUTO
    slots: int = 1
    free: Mapping[str, int] = field(default_factory=dict)
    """How many more jobs each place takes; one that is not named takes any."""
    mining_maximum_w: float = inf
    mines: bool = True
    without_heat: bool = False
    """A person allows AI work where no heat is wanted, if it pays."""
    ai_limit_w: float = inf
    ai_minimum_per_kwh: float = 0.0
    drains: bool = False
    """What runs is finished, nothing new is started."""
    off: DispatchReason | None = None
    """Why everything is to be quieted and saved, whatever was promised: a person switched the heater off, or nobody
    knows how warm it is."""


@dataclass(frozen=True, kw_only=True)
class Dispatch:
    """Who gets the watts, and why."""

    orders: tuple[JobOrder, ...]
    mining_w: float
    """What is left for mining; never more than the ceiling leaves."""
    ai_w: float
    """What the jobs will draw."""
    reason: DispatchReason


class Dispatcher:
    """Remembers which workload is preferred and since when; everything else is in the situation."""

    def __init__(self) -> None:
        self._prefers_ai: bool | None = None
        self._since = -inf
        self._worth: Worth | None = None
        self._seen_at = 0.0

    def decide(self, now: Situation) -> Dispatch:
        """Return what every job is told and what mining gets."""
        now = replace(now, worth=self._steadied(now.worth, now.at))
        if now.off is not None:
            return _all_quieted(now, now.off)
        if now.ceiling_w <= 0.0:
            return self._safe(now)
        wanted_w, reason = self._ai_budget_w(now)
        orders, ai_w = _fitted(now, wanted_w)
        return Dispatch(orders=orders, mining_w=_mining_w(now, ai_w), ai_w=ai_w, reason=reason)

    def _steadied(self, worth: Worth, at: float) -> Worth:
        """Return the worth with what wavers within the hour averaged out; a change that lasts gets through."""
        before, weight = self._worth, -expm1(-max(at - self._seen_at, 0.0) / STEADIED_OVER_S)
        self._seen_at = at
        if before is not None:
            worth = replace(
                worth,
                ai_per_kwh=_towards(before.ai_per_kwh, worth.ai_per_kwh, weight),
                mining_per_kwh=_towards(before.mining_per_kwh, worth.mining_per_kwh, weight),
            )
        self._worth = worth
        return worth

    def _safe(self, now: Situation) -> Dispatch:
        """Freeze at once what can be frozen, then end it; no minimum holds."""
        orders = tuple(order for job in now.jobs if (order := _made_safe(job)) is not None)
        return Dispatch(orders=orders, mining_w=0.0, ai_w=0.0, reason=DispatchReason.SAFETY)

    def _ai_budget_w(self, now: Situation) -> tuple[float, DispatchReason]:
        """Return how many watts AI work may draw, committed work beside it."""
        if not now.mode.allows_ai:
            return 0.0, DispatchReason.PERSON
        most_w = min(now.ceiling_w, now.ai_limit_w)
        if now.heat_w <= 0.0:
            return self._without_heat_w(now, most_w)
        if now.mode in {WorkloadMode.AI_ONLY, WorkloadMode.PREFER_AI}:
            return min(now.heat_w, most_w), DispatchReason.PERSON
        prefers_ai, reason = self._preferred(now)
        return (min(now.heat_w, most_w) if prefers_ai else 0.0), reason

    def _without_heat_w(self, now: Situation, most_w: float) -> tuple[float, DispatchReason]:
        worth, price = now.worth.ai_per_kwh, now.worth.price_per_kwh
        pays = worth is not None and price is not None and worth > price + now.ai_minimum_per_kwh
        if now.without_heat and pays:
            return most_w, DispatchReason.PAYS_WITHOUT_HEAT
        if any(job.committed and job.on for job in now.jobs):
            return 0.0, DispatchReason.COMMITTED_JOB
        return 0.0, DispatchReason.NO_HEAT_DEMAND

    def _preferred(self, now: Situation) -> tuple[bool, DispatchReason]:
        """Decide whether AI or mining goes first while heat is wanted, and say why."""
        better, reason = _better(now)
        if not _both_possible(now):
            # Where there was no choice, nothing was chosen that would have to last.
            self._prefers_ai = None
            return better, reason
        if self._prefers_ai is None or better == self._prefers_ai:
            return self._prefer(now, ai=better), reason
        if now.at - self._since < MINIMUM_S:
            return self._prefers_ai, DispatchReason.MINIMUM_RUNTIME
        if reason is DispatchReason.HIGHER_VALUE and not self._pays_to_switch(now, to_ai=better):
            return self._prefers_ai, reason
        return self._prefer(now, ai=better), reason

    def _prefer(self, now: Situation, *, ai: bool) -> bool:
        if ai != self._prefers_ai:
            self._prefers_ai, self._since = ai, now.at
        return ai

    def _pays_to_switch(self, now: Situation, *, to_ai: bool) -> bool:
        """Tell whether the gain of the next hour is worth what the switch costs, with a margin against dithering."""
        ai, mining = now.worth.ai_per_kwh or 0.0, now.worth.mining_per_kwh or 0.0
        new, old = (ai, mining) if to_ai else (mining, ai)
        if new <= SWITCH_RATIO * max(old, 0.0):
            return False
        running = [job for job in now.jobs if job.on] or list(now.jobs[:1])
        remaining_s = min([GAIN_HORIZON_S, *(job.remaining_s for job in running if job.remaining_s is not None)])
        switch_s = max((job.switch_s for job in running), default=0.0)
        return (new - old) * remaining_s > max(old, 0.0) * switch_s


def _all_quieted(now: Situation, reason: DispatchReason) -> Dispatch:
    """Freeze, then save and end, whatever there is."""
    quieted = [_quieted(job, now.ceiling_w) for job in now.jobs if job.on and job.reachable]
    orders = tuple(order for order, _ in quieted if order is not None)
    ai_w = sum(watts for _, watts in quieted)
    return Dispatch(orders=orders, mining_w=0.0, ai_w=ai_w, reason=reason)


def _towards(before: float | None, seen: float | None, weight: float) -> float | None:
    return seen if before is None or seen is None else before + weight * (seen - before)


def _better(now: Situation) -> tuple[bool, DispatchReason]:
    """Return whether AI goes first, by worth alone, and why."""
    able = [job for job in now.jobs if _can_run(job, now)]
    if not able:
        return False, _why_none_can_run(now)
    if not now.mines or not now.mode.allows_mining:
        return True, DispatchReason.HEAT_DEMAND
    if any(
        job.deadline_in_s is not None and job.deadline_in_s < DEADLINE_NEAR_S for job in now.jobs if _can_run(job, now)
    ):
        return True, DispatchReason.DEADLINE
    if now.mode is WorkloadMode.PREFER_MINING:
        return False, DispatchReason.PERSON
    return _richer(now)


def _richer(now: Situation) -> tuple[bool, DispatchReason]:
    """Return whether AI earns more, and why it goes first or does not."""
    ai = now.worth.ai_per_kwh
    if ai is None:
        # Work of which nobody knows the worth is work that a person wants done: it runs where heat is wanted.
        return True, DispatchReason.HEAT_DEMAND
    enough = ai >= now.ai_minimum_per_kwh
    return enough and ai >= (now.worth.mining_per_kwh or 0.0), DispatchReason.HIGHER_VALUE


def _can_run(job: JobView, now: Situation) -> bool:
    return job.reachable and (job.on or (job.startable and _least_w(job) <= _most_w(now)))


def _least_w(job: JobView) -> float:
    """Return what a job draws at the least of its speed."""
    return job.power_w * (1.0 - job.slowdown) if job.throttles else job.power_w


def _most_w(now: Situation) -> float:
    return min(now.heat_w, now.ceiling_w, now.ai_limit_w)


def _why_none_can_run(now: Situation) -> DispatchReason:
    if any(not job.reachable for job in now.jobs):
        return DispatchReason.BACKEND_OFFLINE
    too_large = any(job.startable and _least_w(job) > _most_w(now) for job in now.jobs)
    return DispatchReason.TOO_LARGE if too_large else DispatchReason.HEAT_DEMAND


def _both_possible(now: Situation) -> bool:
    """Tell whether there is a choice at all."""
    return now.mines and now.mode.allows_mining and any(_can_run(job, now) for job in now.jobs)


def _fitted(now: Situation, wanted_w: float) -> tuple[tuple[JobOrder, ...], float]:
    """Return what every job is told so that all together draw no more than may be drawn, and what they will draw."""
    committed_w = sum(job.power_w for job in now.jobs if job.committed and job.on)
    left_w = max(0.0, wanted_w - committed_w)
    room_w = now.ceiling_w
    orders: list[JobOrder] = []
    drawn_w, free_slots, free = 0.0, now.slots - sum(job.on for job in now.jobs), dict(now.free)
    for job in _restored_first(now.jobs):
        starts = free_slots > 0 and free.get(job.place_id, 1) > 0 and not now.drains
        order, watts = _told(job, left_w, room_w - drawn_w, starts=starts)
        if order is not None:
            orders.append(order)
            if order.act is Act.START:
                free_slots -= 1
                free[job.place_id] = free.get(job.place_id, now.slots) - 1
        drawn_w += watts
        left_w -= 0.0 if job.committed else watts
    return tuple(orders), drawn_w


def _restored_first(jobs: Iterable[JobView]) -> list[JobView]:
    """Return jobs in the order in which they get watts: committed, running, frozen, then those to be started."""
    return sorted(jobs, key=lambda job: (not job.committed, not job.on, job.frozen_for_s is not None))


def _told(job: JobView, left_w: float, room_w: float, *, starts: bool) -> tuple[JobOrder | None, float]:
    """Return what one job is told and what it then draws, of what is left for it and of what may be drawn at all."""
    if not job.reachable:
        return None, job.drawn_w
    share = None if job.ending else _share(job, room_w if job.committed else left_w, room_w)
    if not job.on:
        if share is None or not (job.startable and starts):
            return None, 0.0
        return JobOrder(job_id=job.job_id, act=Act.START, share=share), job.power_w * share
    if share is not None:
        act = Act.THAW if job.frozen_for_s is not None else None
        changed = act is not None or share != job.share
        return (JobOrder(job_id=job.job_id, act=act, share=share) if changed else None), job.power_w * share
    return _quieted(job, room_w)


def _quieted(job: JobView, room_w: float) -> tuple[JobOrder | None, float]:
    """Return what a job is told that gets no watts, and what it draws until it has done so."""
    act = None if job.ending else _shed(job)
    still_w = 0.0 if act in {Act.FREEZE, Act.STOP} else job.drawn_w
    if still_w > room_w:
        act, still_w = (Act.FREEZE if job.freezes and not job.ending else Act.STOP), 0.0
    return (None if act is None else JobOrder(job_id=job.job_id, act=act, share=job.share)), still_w


def _share(job: JobView, left_w: float, room_w: float) -> float | None:
    """Return the share of its speed that a job may have, None where even the least is too much."""
    if left_w <= 0.0 or (job.frozen_for_s is not None and job.frozen_for_s < FROZEN_AT_LEAST_S):
        return None
    runs = job.on and job.frozen_for_s is None
    slack_w = SLACK * job.power_w if runs else 0.0
    if job.power_w <= min(left_w + slack_w, room_w):
        return 1.0
    budget_w, least = min(left_w, room_w), 1.0 - job.slowdown
    if not job.throttles or job.power_w * least > budget_w:
        return None
    # In steps, so that a demand that wavers does not change a job every ten seconds.
    return max(least, int(budget_w / job.power_w * STEPS) / STEPS)


def _shed(job: JobView) -> Act | None:
    """Return how a job that gets no watts is quieted: frozen for a while, then saved and ended."""
    if job.frozen_for_s is None:
        if job.freezes:
            return Act.FREEZE
        waits = job.checkpoint_in_s is not None and 0.0 <= job.checkpoint_in_s <= CHECKPOINT_WAIT_S
        return None if waits else Act.PREEMPT
    if job.frozen_for_s < FROZEN_AT_MOST_S:
        return None
    return Act.PREEMPT


def _made_safe(job: JobView) -> JobOrder | None:
    """Return what a job is told when nothing may be drawn."""
    if not job.on or not job.reachable:
        return None
    if job.freezes and job.frozen_for_s is None:
        return JobOrder(job_id=job.job_id, act=Act.FREEZE)
    if job.freezes and (job.frozen_for_s or 0.0) < SAFETY_FROZEN_S:
        return None
    return JobOrder(job_id=job.job_id, act=Act.STOP)


def _mining_w(now: Situation, ai_w: float) -> float:
    """Return what is left for mining of what the room needs, within what may be drawn."""
    if not now.mines or not now.mode.allows_mining:
        return 0.0
    return max(0.0, min(now.heat_w - ai_w, now.ceiling_w - ai_w, now.mining_maximum_w))
