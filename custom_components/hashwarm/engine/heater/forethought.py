"""The planner's shell: shows it the room, has it learn at night and plan every five minutes, in an executor."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
import logging
from math import inf
from typing import Any, Protocol

from ..control import CircuitShare, Household, JobHold, Pilot, Questions, Site, drawn_through, slots_ahead, sun_on_walls
from ..model.capabilities import Capabilities
from ..model.forecasts import Forecasts, Foresight
from ..model.planning import SLOT_S, Expectation, Guidance, Plan, RevenueForecast, RoomSample, SunOnWalls, Wish
from ..model.protocols import WallClock

LOGGER = logging.getLogger(__name__)
SLOTS_AHEAD = 120
LEARNS_AT_H = 3
LOOKS_BACK = timedelta(days=10)
FIRST_LEARNING_S = 6 * 3600.0
JUDGES_EVERY_S = 3600.0
CLOUD_VALID_S = 6 * 3600.0
PATIENT_S = 3 * 3600.0
# Longer than all who are asked may take together; a recorder that is busy with itself may never answer.
FORECASTS_LIMIT_S = 180.0
HISTORY_LIMIT_S = 600.0

type InExecutor = Callable[[Callable[[], None]], Awaitable[None]]
"""Runs what is heavy in another thread."""


class Wishes(Protocol):
    """What a person wants, now and later."""

    @property
    def preheats(self) -> bool:
        """Whether the room is to be warm when comfort begins."""
        ...

    def wish_at(self, at: float) -> Wish:
        """Return the wish at a Unix time."""
        ...

    def ceiling_at(self, at: float) -> float | None:
        """Return the limit in W at a Unix time, None for none."""
        ...


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Where the house stands, and who knows of the hours to come."""

    foresight: Foresight
    timezone: tzinfo
    site: Site | None = None
    surplus_warmest_c: float | None = None
    revenue: RevenueForecast | None = None
    outlet_w: float = inf
    """What the outlet bears: never exceeded, and so never planned."""
    told_by: tuple[str | None, ...] = ()
    """Who tells of the weather, by any name."""
    told_anew: bool = False
    """Others told of the weather when it was learned from last."""


@dataclass(frozen=True, kw_only=True)
class Standpoint:
    """How things stand at a pass: room and outdoor in °C, power drawn in W, and what the device is doing since when."""

    at: float
    room_c: float | None
    outdoor_c: float | None
    power_w: float | None
    capabilities: Capabilities
    running: bool
    lasted_s: float
    disturbed: bool = False
    starts_left: int | None = None
    asked: bool = True
    """Whether the thermostat decides; else there is nothing to plan."""
    alone: bool = True
    """No other heater heats this room."""
    job: JobHold | None = None
    """AI work that holds the chip."""
    circuit_w: float | None = None
    """What the breaker circuits would leave it, in W; None where none limits it."""


class Forethought:
    """Owns the pilot and the task in which it thinks; `start` and `stop` own the task."""

    def __init__(
        self,
        pilot: Pilot,
        surroundings: Surroundings,
        wishes: Wishes,
        *,
        now: WallClock,
        in_executor: InExecutor,
        on_plan: Callable[[], None],
    ) -> None:
        self.pilot = pilot
        self.forecasts = Forecasts()
        self._around = surroundings
        self._wishes = wishes
        self._now = now
        self._in_executor = in_executor
        self._on_plan = on_plan
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._standpoint: Standpoint | None = None
        self._wished: Wish | None = None
        self._circuit = CircuitShare()
        self._judged_at: float | None = None
        self._looked_out_at: float | None = None
        self._failing = False

    @property
    def plan(self) -> Plan | None:
        """Return the newest plan, in charge or in shadow."""
        return self.pilot.latest

    def start(self) -> None:
        """Begin to think."""
        self._task = asyncio.create_task(self._run(), name="forethought")

    async def stop(self) -> None:
        """End the task; a thought under way is thrown away."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def switch(self, *, on: bool) -> None:
        """Let the planner steer where it is trusted, or only the regulator."""
        self.pilot.enabled = on
        self._wake.set()

    def observe(self, standpoint: Standpoint) -> None:
        """Take a pass's look at the room; five minutes that have passed and a changed wish call for a new plan."""
        asked_anew = self._standpoint is not None and standpoint.asked != self._standpoint.asked
        self._standpoint, self.pilot.alone = standpoint, standpoint.alone
        self._circuit.take(standpoint.at, standpoint.circuit_w)
        sample = RoomSample(
            at=standpoint.at,
            room_c=standpoint.room_c,
            outdoor_c=standpoint.outdoor_c if standpoint.outdoor_c is not None else self.forecasts.outdoor_now_c,
            power_w=standpoint.power_w,
            sun=self._sun_at(standpoint.at, drawn_through(self.forecasts.cloud, standpoint.at, CLOUD_VALID_S)),
            disturbed=standpoint.disturbed,
        )
        completed = self.pilot.observe(sample)
        wished = self._wishes.wish_at(standpoint.at)
        if asked_anew or wished != self._wished:
            self._looked_out_at = None
            self._wake.set()
        if completed:
            self._wake.set()
        self._wished = wished

    def guide(self, at: float, room_c: float | None) -> Guidance | None:
        """Return what the planner asks for now, None where the regulator is to decide."""
        return None if room_c is None else self.pilot.guide(at, room_c, self._wishes.wish_at(at).target_c)

    def expected(self, at: float) -> Expectation | None:
        """Return what a trusted model expects of the room now, None without one."""
        return self.pilot.expected(at)

    @property
    def cycle_ws(self) -> float:
        """Return the heat that the room takes in before a person notices, in Ws."""
        return self.pilot.cycle_ws

    def as_dict(self) -> dict[str, Any]:
        """Return what a restart must not forget, in a form that JSON can hold."""
        return {**self.pilot.as_dict(), "told_by": list(self._around.told_by)}

    def _sun_at(self, at: float, cloud: float | None) -> SunOnWalls | None:
        return sun_on_walls(at, self._around.site, cloud) if self._around.site is not None else None

    async def _run(self) -> None:
        await self._guarded(self._remember)
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._guarded(self._think)

    async def _guarded(self, thought: Callable[[], Awaitable[None]]) -> None:
        """Think; whatever goes wrong with it, the regulator heats, and it is said once."""
        try:
            await thought()
            self._failing = False
        except Exception:
            self.pilot.latest = None
            if not self._failing:
                LOGGER.exception("The planner failed; the regulator goes on without it")
            self._failing = True
        try:
            self._on_plan()
        except Exception:
            LOGGER.exception("Could not show a plan")

    async def _remember(self) -> None:
        """Learn from what was recorded before, where nothing was learned yet or the weather was told by others."""
        await self._look_out(self._now())
        now = self._now()
        if self.pilot.learned_at is None or self._around.told_anew:
            async with asyncio.timeout(HISTORY_LIMIT_S):
                samples = await self._around.foresight.history(now - LOOKS_BACK, now)
            self.pilot.seed(samples)
            await self._in_executor(lambda: self.pilot.learn(now.timestamp()))
        self._wake.set()

    async def _think(self) -> None:
        now = self._now()
        await self._look_out(now)
        if self._learns(now):
            await self._in_executor(lambda: self.pilot.learn(now.timestamp()))
        # Others may have taken long to answer: what counts is how things stand now.
        now, standpoint = self._now(), self._standpoint
        if standpoint is None or standpoint.room_c is None or not standpoint.asked:
            self.pilot.latest = None
            return
        if self.pilot.enabled:
            await self._plan(now, standpoint, standpoint.room_c)
            return
        self.pilot.latest = None
        await self._in_executor(self.pilot.expect)

    async def _look_out(self, now: datetime) -> None:
        """Ask for the hours to come, once in a quarter of an hour. Errors: TimeoutError."""
        quarter = now.timestamp() // SLOT_S
        if quarter == self._looked_out_at:
            return
        async with asyncio.timeout(FORECASTS_LIMIT_S):
            self.forecasts = await self._around.foresight.forecasts(now)
        self._looked_out_at = quarter

    def _learns(self, now: datetime) -> bool:
        """Return whether a night has passed since the planner learned, or a first day is far enough."""
        at, learned_at = now.timestamp(), self.pilot.learned_at
        if learned_at is None or self.pilot.house is None:
            return learned_at is None or not 0.0 <= at - learned_at < FIRST_LEARNING_S
        local = now.astimezone(self._around.timezone)
        night = local.replace(hour=LEARNS_AT_H, minute=0, second=0, microsecond=0)
        if night > local:
            night -= timedelta(days=1)
        return learned_at < night.timestamp() or learned_at > at

    async def _plan(self, now: datetime, standpoint: Standpoint, room_c: float) -> None:
        at = now.timestamp()
        ahead = slots_ahead(at, SLOTS_AHEAD, self.forecasts, self._household(at, standpoint))
        questions = Questions(
            now=at,
            room_c=room_c,
            running=standpoint.running,
            lasted_s=standpoint.lasted_s,
            ahead=ahead,
            capabilities=standpoint.capabilities,
            starts_left=standpoint.starts_left,
            revenue=self._around.revenue,
        )

        judges = self._judged_at is None or not 0.0 <= at - self._judged_at < JUDGES_EVERY_S
        self._judged_at = at if judges else self._judged_at

        def work() -> None:
            if judges:
                self.pilot.judge()
            self.pilot.expect()
            self.pilot.plan(questions)

        await self._in_executor(work)

    def _household(self, now: float, standpoint: Standpoint) -> Household:
        return Household(
            wish_at=lambda at: self._wish_at(at, now),
            zone=self._around.timezone,
            site=self._around.site,
            ceiling_w_at=lambda at: self._ceiling_at(at, standpoint.capabilities),
            surplus_warmest_c=self._around.surplus_warmest_c,
            job=standpoint.job,
        )

    def _wish_at(self, at: float, now: float) -> Wish:
        """Return the wish for a time to come; who does not want preheating is patient when it gets warmer."""
        wish = self._wishes.wish_at(at)
        if self._wishes.preheats or self._wishes.wish_at(now).target_c >= wish.target_c:
            return wish
        before = self._wishes.wish_at(at - PATIENT_S)
        return replace(wish, coldest_c=min(before.coldest_c, wish.coldest_c))

    def _ceiling_at(self, at: float, capabilities: Capabilities) -> float:
        quiet_w = self._wishes.ceiling_at(at)
        circuit_w = self._circuit.expected_w(at, floor_w=capabilities.floor_w, maximum_w=capabilities.maximum_w)
        return min(inf if quiet_w is None else quiet_w, circuit_w, self._around.outlet_w)
