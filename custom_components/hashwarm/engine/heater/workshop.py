"""Where a heater's AI work meets its heat: joins queue, machines and dispatcher, a round every ten seconds.

A round begins at once where heat is not wanted any more, less may be drawn, or a job changed.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta, tzinfo
import logging
from math import inf
from typing import Any

from ..control import Decision, JobHold
from ..jobs import Job, JobEvent, JobQueue, JobState, OnEvent
from ..jobs.book import JobFile
from ..jobs.machine import Machine
from ..jobs.ulid import Randomness
from ..model.control import Why
from ..model.dispatch import Act, DispatchReason, JobOrder, OtherWork, WorkloadMode, Worth
from ..model.errors import HashwarmError, StoreError
from ..model.protocols import Monotonic, WallClock
from ..model.telemetry import Telemetry
from .ai_counts import AiCounts
from .ai_counts_file import CountsFile
from .ai_picture import Drawn, Round, picture
from .ai_settings import AiSettings
from .ai_state import AiState
from .ai_worth import per_hour, realised_per_kwh, worth_per_kwh
from .combined import with_work
from .dispatcher import Dispatch, Dispatcher, JobView, Situation
from .job_income import JobIncome, MachineIncome
from .job_views import MACHINE, free_slots, job_views, machine_view
from .premises import Premises
from .workplace import Workplace

LOGGER = logging.getLogger(__name__)
ROUND_S = 10.0
_GAP_S = 60.0
"""What happened in a longer time between two rounds is not known, and not counted."""
REALISED_OF = 200
_HOLD_S = 3600.0
_LETS_WORK = frozenset({Act.START, Act.THAW})
_OFF = OtherWork()

type MiningWorth = Callable[[], Worth]
"""What mining earns and electricity costs now; what AI earns is known here."""


class Workshop:
    """Owner of the queue and the machines of one heater; `start` and `stop` own its task."""

    def __init__(
        self,
        *,
        owner: str,
        file: JobFile,
        workplaces: Mapping[str, Workplace],
        stored: dict[str, Any] | None,
        worth: MiningWorth,
        now: WallClock,
        clock: Monotonic,
        timezone: tzinfo,
        randomness: Randomness,
        income: JobIncome | None,
        currency: str,
        on_change: Callable[[], None],
        on_event: OnEvent | None = None,
    ) -> None:
        """Prepare; nothing runs before `start`. `owner` names the heater; money in another `currency` is not booked."""
        told = stored or {}
        self.settings = AiSettings.from_dict(told.get("settings"))
        self.workplaces = workplaces
        self.state = AiState()
        self.aside_until: datetime | None = None
        self._aside_until_s = 0.0
        self.parting: Collection[str] = ()
        """Places left for good with the next stop: what runs there ends, though it would outlive us."""
        self._counts = AiCounts.from_dict(told.get("counts"))
        self._counts_file = CountsFile(owner, file)
        self._machine_income = MachineIncome(income, file) if income is not None else None
        self._mining_worth = worth
        self._now = now
        self._clock = clock
        self._timezone = timezone
        self._on_change = on_change
        self._on_event = on_event
        executors = {place_id: place.executor for place_id, place in workplaces.items() if place.executor is not None}
        self.machines: dict[str, Machine] = {
            place_id: place.machine for place_id, place in workplaces.items() if place.machine is not None
        }
        self.queue = JobQueue(
            owner=owner,
            store=file,
            executors=executors,
            now=now,
            clock=clock,
            randomness=randomness,
            book=income,
            on_event=self._happened,
        )
        self._premises = Premises(workplaces, self.queue, clock, currency)
        self._dispatcher = Dispatcher()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._decision: Decision | None = None
        self._off = True
        self._maximum_w = inf
        self._loaded = False
        self._failing = False
        self._broken = False
        self._realised: float | None = None
        self._realised_stale = True
        self._rounded_at_s: float | None = None
        self._work = _OFF
        self._drawn = Drawn()
        for machine in self.machines.values():
            machine.attach(self._wake.set)

    @property
    def work(self) -> OtherWork:
        """Return what AI work draws beside mining now."""
        return self._work

    @property
    def drawn(self) -> Drawn:
        """Return what AI work draws, as known since the last round."""
        return self._drawn

    def booked(self, telemetry: Telemetry) -> Telemetry:
        """Return the device and AI work as one, for the ledger."""
        apart_mj = round(self._counts.apart_mj)
        return with_work(telemetry, self._work, apart_mj, measured=self._drawn.source == "measured")

    async def start(self) -> None:
        """Begin; what cannot be read or reached yet is tried again in every round."""
        for machine in self.machines.values():
            await machine.start()
        self._task = asyncio.create_task(self._run(), name="AI work")

    async def stop(self) -> None:
        """Save what dies with us, let go of the rest; safe to call twice."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        for machine in self.machines.values():
            await machine.stop()
        await self.queue.stop(parting=self.parting)
        self._work, self._drawn = _OFF, Drawn()

    def apply(self) -> None:
        """Act on changed settings at once."""
        self._wake.set()

    def put_aside(self, for_s: float, reason: str) -> None:
        """Let no AI work run for so long, whatever the heat; 0 ends that."""
        LOGGER.info("AI work rests for %.0f s: %s", for_s, reason)
        self.aside_until = self._now() + timedelta(seconds=for_s) if for_s > 0.0 else None
        self._aside_until_s = self._clock() + for_s
        self._wake.set()

    def collect_earnings(self) -> None:
        """Ask machines what they earned and book it now."""
        for machine in self.machines.values():
            machine.look()
        if self._machine_income is not None:
            self._machine_income.ask(self._now())
        self._wake.set()

    def observe(self, decision: Decision, *, off: bool, maximum_w: float) -> None:
        """Take what a pass of the heater decided; less heat or less room than before is acted upon at once."""
        before, self._decision = self._decision, decision
        was_off, self._off, self._maximum_w = self._off, off, maximum_w
        if before is None or off != was_off or _is_less(before, decision):
            self._wake.set()

    def as_dict(self) -> dict[str, Any]:
        """Return what a restart must not forget, in a form that JSON can hold."""
        return {"settings": self.settings.as_dict(), "counts": self._counts.as_dict()}

    def hold(self, at: float) -> JobHold | None:
        """Return the work that holds the heater's chip, for the planner; None where there is none."""
        on = {job.job_id: job for job in self.queue.jobs if job.state.on_executor}
        held = [job for job in on.values() if self._premises.shares_chip(job.spec.executor_id)]
        if not held or self._drawn.heat_w <= 0.0:
            return None
        remaining = self.state.remaining_s if self.state.remaining_s is not None else _HOLD_S
        worth = self.state.worth.ai_per_kwh or 0.0
        lost_s = max(job.spec.grace_s for job in held)
        return JobHold(
            power_w=self._drawn.heat_w,
            until=at + min(remaining, _HOLD_S),
            revenue_per_kwh=worth,
            interruption_cost=worth * self._drawn.heat_w / 1000.0 * lost_s / 3600.0,
        )

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            await self._guarded_round()
            with suppress(TimeoutError):
                async with asyncio.timeout(ROUND_S):
                    await self._wake.wait()

    async def _guarded_round(self) -> None:
        try:
            await self.one_round()
            self._broken = False
        except StoreError as error:
            self._say_once("The jobs cannot be read or written: %s", error)
        except Exception:
            if not self._broken:
                LOGGER.exception("A round of AI work failed")
            self._broken = True
        self._on_change()

    async def one_round(self) -> None:
        """Look at everything, decide, tell, and count. Errors: StoreError."""
        if not self._loaded:
            await self._load()
        self._count()
        self.queue.count(self._drawn.by_place)
        views = self._views()
        dispatch = self._decided(views)
        await self._tell(dispatch)
        self._drawn = self._premises.drawn(self._views())
        self._work = self._other_work(dispatch)
        self._show(dispatch)
        # Last of all, for it may take long: heat that is not wanted ends first.
        await self._keep_books()

    async def _keep_books(self) -> None:
        """Count and book; what cannot be written now must not keep heat from being made, or work from being quieted."""
        try:
            await self.queue.settle()
            await self._remember_earnings()
            await self._take_in_earnings()
            await self._counts_file.keep(self._counts)
            self._failing = False
        except StoreError as error:
            self._say_once("The jobs cannot be read or written: %s", error)

    async def _load(self) -> None:
        self._show(None, readable=False)
        await self.queue.start()
        self._counts = await self._counts_file.load(self._counts)
        known = await self.queue.counts()
        # What is written of the jobs themselves outlives a crash that our own counts do not.
        self._counts.completed = max(self._counts.completed, known.get(JobState.SUCCEEDED, 0))
        self._counts.failed = max(self._counts.failed, known.get(JobState.FAILED, 0))
        self._loaded = True

    def _say_once(self, message: str, error: HashwarmError) -> None:
        if not self._failing:
            LOGGER.warning(message, error)
        self._failing = True

    def _happened(self, job: Job, event: JobEvent) -> None:
        self._counts.begin(self._today())
        self._counts.note(job, event)
        self._realised_stale = self._realised_stale or job.state.final
        if event is not JobEvent.PROGRESS:
            self._wake.set()
        if self._on_event is not None:
            self._on_event(job, event)

    async def _remember_earnings(self) -> None:
        """Reckon anew what AI earned, where a job has ended since."""
        if not self._realised_stale:
            return
        self._realised_stale = False
        ended = await self.queue.list_jobs(limit=REALISED_OF)
        self._realised = realised_per_kwh(ended, self._now())

    async def _take_in_earnings(self) -> None:
        """Book what machines say that they have earned since they were looked at last."""
        if self._machine_income is not None:
            await self._machine_income.take_in({place_id: one.reading for place_id, one in self.machines.items()})

    def _count(self) -> None:
        """Add up what was drawn since the last round."""
        now_s, before_s = self._clock(), self._rounded_at_s
        self._rounded_at_s = now_s
        self._counts.begin(self._today())
        if before_s is not None and 0.0 < now_s - before_s <= _GAP_S:
            drawn = self._drawn
            self._counts.draw(drawn.total_w, drawn.total_w - drawn.together_w, now_s - before_s)

    def _decided(self, views: tuple[JobView, ...]) -> Dispatch:
        """Return what is to be done: nothing as long as the heater itself does not know yet how things stand."""
        decision = self._decision
        if decision is None or (decision.why is Why.SENSOR_AWAITED and not self._off):
            ai_w = sum(view.drawn_w for view in views)
            return Dispatch(orders=(), mining_w=0.0, ai_w=ai_w, reason=DispatchReason.NO_HEAT_DEMAND)
        return self._dispatcher.decide(self._situation(decision, views))

    def _situation(self, decision: Decision, views: tuple[JobView, ...]) -> Situation:
        off = self._why_off(decision)
        ceiling_w = inf if decision.ceiling_w is None or off is not None else decision.ceiling_w
        return Situation(
            at=self._clock(),
            heat_w=decision.heat_w,
            ceiling_w=ceiling_w,
            worth=self._worth(views),
            jobs=views,
            mode=self._mode,
            slots=self._premises.slots,
            free=free_slots(self.queue.jobs, self._premises.places()),
            mining_maximum_w=self._maximum_w,
            mines=self._maximum_w > 0.0,
            without_heat=self.settings.without_heat,
            ai_limit_w=self.settings.most_w,
            ai_minimum_per_kwh=self.settings.minimum_per_kwh,
            drains=self.settings.queue_paused,
            off=off,
        )

    def _why_off(self, decision: Decision) -> DispatchReason | None:
        """Return why work has to end that may take its time to be saved; what is dangerous ends at once instead."""
        if self._off:
            return DispatchReason.PERSON
        return DispatchReason.SAFETY if decision.why is Why.SENSOR_STALE_OFF else None

    @property
    def _mode(self) -> WorkloadMode:
        if self.aside_until is not None and self._clock() < self._aside_until_s:
            return WorkloadMode.MINING_ONLY
        return self.settings.mode if self.settings.enabled else WorkloadMode.MINING_ONLY

    def _worth(self, views: tuple[JobView, ...]) -> Worth:
        told = self._mining_worth()
        waits = any(not view.job_id.startswith(MACHINE) and (view.on or view.startable) for view in views)
        ai = worth_per_kwh(self._realised, self._premises.rented(), jobs_wait=waits)
        return Worth(ai_per_kwh=ai, mining_per_kwh=told.mining_per_kwh, price_per_kwh=told.price_per_kwh)

    def _views(self) -> tuple[JobView, ...]:
        now, jobs = self._now(), self.queue.jobs
        shares = {job.job_id: self.queue.share(job.job_id) for job in jobs}
        startable = {job.job_id for job in jobs if self.queue.is_startable(job)}
        lasted_s = {job.job_id: self.queue.lasted(job).total_seconds() for job in jobs}
        told = job_views(jobs, self._premises.places(), shares, now, startable=startable, lasted_s=lasted_s)
        seen = (
            machine_view(place_id, self.workplaces[place_id], machine) for place_id, machine in self.machines.items()
        )
        return (*told, *(view for view in seen if view is not None))

    async def _tell(self, dispatch: Dispatch) -> None:
        to_machines: dict[str, JobOrder] = {}
        for order in dispatch.orders:
            if order.job_id.startswith(MACHINE):
                to_machines[order.job_id.removeprefix(MACHINE)] = order
        await self.queue.apply(order for order in dispatch.orders if not order.job_id.startswith(MACHINE))
        for place_id, order in to_machines.items():
            if not (self.settings.queue_paused and order.act in _LETS_WORK):
                await self.machines[place_id].obey(order)

    def _other_work(self, dispatch: Dispatch) -> OtherWork:
        """Return what mining has to reckon with: watts that were just given count from the first moment."""
        chip_w = sum(
            power_w for place_id, power_w in self._drawn.by_place.items() if self._premises.shares_chip(place_id)
        )
        mines = self._mode.allows_mining and chip_w <= 0.0
        return OtherWork(
            heat_w=self._drawn.heat_w,
            drawn_now_w=self._drawn.total_w,
            together_w=self._drawn.together_w,
            drawn_w=max(self._drawn.total_w, dispatch.ai_w),
            mining_most_w=inf if mines else 0.0,
        )

    def _show(self, dispatch: Dispatch | None, *, readable: bool = True) -> None:
        jobs = tuple(self.queue.jobs)
        worth = self._worth(self._views())
        self.state = picture(
            Round(
                jobs=jobs,
                shares={job.job_id: self.queue.share(job.job_id) for job in jobs},
                drawn=self._drawn,
                worth=worth,
                per_hour=per_hour(worth.ai_per_kwh, self._drawn.jobs_w, self._premises.rented()),
                reason=dispatch.reason if dispatch is not None else None,
                standings=self._premises.standings(),
                machines=self.machines,
                readable=readable,
            ),
            self._counts,
        )

    def _today(self) -> date:
        return self._now().astimezone(self._timezone).date()


def _is_less(before: Decision, decision: Decision) -> bool:
    """Return whether AI work has to give way: no heat is wanted any more, or less may be drawn."""
    stops = decision.heat_w <= 0.0 < before.heat_w
    ceiling_w = inf if decision.ceiling_w is None else decision.ceiling_w
    return stops or ceiling_w < (inf if before.ceiling_w is None else before.ceiling_w)
