"""What spends a heater's watts: how a person wants it decided, and why it is as it is."""

from dataclasses import dataclass
from enum import StrEnum
from math import inf


class WorkloadMode(StrEnum):
    """How a person wants mining and AI work to share a heater."""

    AUTO = "auto"
    """What earns more per kWh goes first."""
    PREFER_AI = "prefer_ai"
    PREFER_MINING = "prefer_mining"
    AI_ONLY = "ai_only"
    MINING_ONLY = "mining_only"

    @property
    def allows_ai(self) -> bool:
        """Whether AI work may run at all."""
        return self is not WorkloadMode.MINING_ONLY

    @property
    def allows_mining(self) -> bool:
        """Whether mining may run at all."""
        return self is not WorkloadMode.AI_ONLY


class DispatchReason(StrEnum):
    """Why the watts are spent as they are."""

    NO_HEAT_DEMAND = "no_heat_demand"
    HIGHER_VALUE = "higher_value"
    HEAT_DEMAND = "heat_demand"
    """Heat is wanted and there is nothing to choose."""
    MINIMUM_RUNTIME = "minimum_runtime"
    """What runs may not change places yet."""
    COMMITTED_JOB = "committed_job"
    DEADLINE = "deadline"
    SAFETY = "safety"
    BACKEND_OFFLINE = "backend_offline"
    PERSON = "person"
    """The workload mode leaves no choice."""
    PAYS_WITHOUT_HEAT = "pays_without_heat"
    TOO_LARGE = "too_large"
    """No job that waits makes do with the watts there are."""


class Act(StrEnum):
    """What a job is told."""

    START = "start"
    THAW = "thaw"
    FREEZE = "freeze"
    PREEMPT = "preempt"
    """Save and end, to be started again."""
    STOP = "stop"
    """End now."""


@dataclass(frozen=True, kw_only=True)
class JobOrder:
    """What one job is told; it may also be throttled to a share of its speed, 1 for all of it."""

    job_id: str
    act: Act | None = None
    share: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Worth:
    """What a kWh earns and costs now, in currency; None is unknown."""

    ai_per_kwh: float | None = None
    mining_per_kwh: float | None = None
    price_per_kwh: float | None = None


@dataclass(frozen=True, kw_only=True)
class OtherWork:
    """What AI work does beside mining, in W."""

    heat_w: float = 0.0
    """Of what is drawn now, what heats this room."""
    drawn_now_w: float = 0.0
    together_w: float = 0.0
    """Of what is drawn now, what the heater's own reading contains."""
    drawn_w: float = 0.0
    """What to reckon with: what is drawn now, or was just granted."""
    mining_most_w: float = inf
    """What mining may draw beside it."""
