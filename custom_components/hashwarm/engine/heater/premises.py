"""The places where a heater's AI work is done, as they stand now: reached or not, what they draw and earn."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..jobs import Abilities, JobQueue, PowerReading
from ..model.protocols import Monotonic
from .ai_picture import Drawn
from .ai_state import ExecutorStanding
from .ai_worth import Earned
from .dispatcher import JobView
from .job_views import Place, machine_w
from .workplace import Workplace

FORGIVEN_S = 60.0
"""What cannot be reached counts as last seen for so long, then as drawing nothing."""


@dataclass(frozen=True, kw_only=True)
class _Drawing:
    """What one place draws, in W."""

    power_w: float
    measured: bool


class Premises:
    """Reads the workplaces of one heater; remembers only when each was reached last."""

    def __init__(self, workplaces: Mapping[str, Workplace], queue: JobQueue, clock: Monotonic, currency: str) -> None:
        self._workplaces = workplaces
        self._queue = queue
        self._clock = clock
        self._currency = currency
        self._reached_s: dict[str, float] = {}

    def places(self) -> dict[str, Place]:
        """Return how those stand that run jobs."""
        now_s, powers = self._clock(), self._queue.powers()
        places = {}
        for place_id, workplace in self._workplaces.items():
            if workplace.executor is None:
                continue
            reachable = self._queue.problem(place_id) is None
            if reachable:
                self._reached_s[place_id] = now_s
            places[place_id] = Place(
                workplace=workplace,
                abilities=self._queue.abilities(place_id) or Abilities(),
                reachable=reachable,
                measured_w=_measured_w(workplace, powers.get(place_id)),
            )
        return places

    def drawn(self, views: Iterable[JobView]) -> Drawn:
        """Return what is drawn now: by measurement, else as expected of what runs."""
        jobs = {job.job_id: job.spec.executor_id for job in self._queue.jobs}
        expected_w: dict[str, float] = {}
        for view in views:
            if view.job_id in jobs and view.on:
                place_id = jobs[view.job_id]
                expected_w[place_id] = expected_w.get(place_id, 0.0) + view.drawn_w
        found = {place_id: self._by_machine(place_id) for place_id in self._workplaces}
        places = self.places()
        found |= {
            place_id: self._by_jobs(place_id, places[place_id], power_w) for place_id, power_w in expected_w.items()
        }
        return self._added_up({place_id: drawing for place_id, drawing in found.items() if drawing is not None})

    def rented(self) -> list[Earned]:
        """Return the machines that earn now, as far as they say how much, in the home's currency."""
        found = []
        for workplace in self._workplaces.values():
            machine = workplace.machine
            if machine is None or machine.reading is None or not machine.reading.busy:
                continue
            power_w, earned = machine_w(workplace, machine), machine.reading.revenue_per_hour
            if earned is not None and power_w and machine.reading.currency == self._currency:
                found.append(Earned(per_hour=earned, power_w=power_w))
        return found

    def standings(self) -> dict[str, ExecutorStanding]:
        """Return what is shown of each."""
        return {place_id: self._standing(place_id) for place_id in self._workplaces}

    def shares_chip(self, place_id: str) -> bool:
        """Return whether work there keeps the heater's chip from mining."""
        workplace = self._workplaces.get(place_id)
        return workplace is not None and workplace.same_chip

    @property
    def slots(self) -> int:
        """Return how much can run at once."""
        return sum(
            workplace.executor.abilities.slots if workplace.executor is not None else 1
            for workplace in self._workplaces.values()
        )

    def _by_machine(self, place_id: str) -> _Drawing | None:
        workplace = self._workplaces[place_id]
        if workplace.machine is None:
            return None
        power_w = machine_w(workplace, workplace.machine)
        return None if power_w is None else _Drawing(power_w=power_w, measured=_has_sensor(workplace))

    def _by_jobs(self, place_id: str, place: Place, expected_w: float) -> _Drawing | None:
        reached_s = self._reached_s.get(place_id)
        if reached_s is None or self._clock() - reached_s > FORGIVEN_S:
            return None
        if place.measured_w is not None:
            return _Drawing(power_w=place.measured_w, measured=True)
        return _Drawing(power_w=expected_w, measured=False)

    def _added_up(self, drawings: Mapping[str, _Drawing]) -> Drawn:
        def of(places: Iterable[str]) -> float:
            return sum(drawings[place_id].power_w for place_id in places)

        told = {drawing.measured for drawing in drawings.values() if drawing.power_w > 0.0}
        source = "unknown" if not told else "measured" if all(told) else "estimated"
        heating = [place_id for place_id in drawings if self._workplaces[place_id].heats_room]
        together = [place_id for place_id in drawings if self._workplaces[place_id].metered_together]
        jobs = [place_id for place_id in drawings if self._workplaces[place_id].executor is not None]
        by_place = {place_id: drawing.power_w for place_id, drawing in drawings.items()}
        return Drawn(
            by_place=by_place,
            total_w=of(drawings),
            heat_w=of(heating),
            together_w=of(together),
            jobs_w=of(jobs),
            source=source,
        )

    def _standing(self, place_id: str) -> ExecutorStanding:
        workplace = self._workplaces[place_id]
        machine = workplace.machine
        reading = machine.reading if machine is not None else None
        reported = self._queue.powers().get(place_id)
        power_w = machine_w(workplace, machine) if machine is not None else reported.power_w if reported else None
        measured_w = _measured_w(workplace, reported)
        return ExecutorStanding(
            title=workplace.title,
            problem=machine.problem if machine is not None else self._queue.problem(place_id),
            heats_room=workplace.heats_room,
            power_w=power_w if measured_w is None else measured_w,
            power_source="measured" if measured_w is not None else "unknown" if power_w is None else "estimated",
            abilities=self._queue.abilities(place_id),
            busy=reading.busy if reading is not None else None,
            committed=reading is not None and bool(reading.committed),
            power_control=workplace.power_control(),
            resources=workplace.resources(),
            warnings=workplace.warnings(),
        )


def _has_sensor(workplace: Workplace) -> bool:
    return workplace.measured_w is not None and workplace.measured_w() is not None


def _measured_w(workplace: Workplace, reading: PowerReading | None) -> float | None:
    """Return what an executor's jobs draw by measurement: a sensor of the person's, else what it measures itself."""
    told_w = workplace.measured_w() if workplace.measured_w is not None else None
    if told_w is not None:
        return told_w
    return reading.power_w if reading is not None and reading.source == "measured" else None
