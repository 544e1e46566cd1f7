"""How a person wants a miner to be handled."""

from dataclasses import dataclass
from enum import StrEnum

from ..model.protocols import Plug, PowerMeter
from .limits import Limits


class Parting(StrEnum):
    """What a miner is left doing when nobody is there to command it."""

    FLOOR = "floor"
    OFF = "off"
    LEAVE = "leave"


@dataclass(frozen=True, kw_only=True)
class MinerOptions:
    """Powers in W, times in s."""

    name: str | None = None
    """What its log lines call it; None for its model and identity."""
    interval_s: float = 10.0
    minimum_w: float | None = None
    """A floor above the device's own."""
    maximum_w: float | None = None
    """A maximum below the device's own."""
    parting: Parting = Parting.FLOOR
    meter: PowerMeter | None = None
    plug: Plug | None = None
    cut_plug: bool = False
    """Switch the plug off, after a soft pause, while no heat is wanted."""
    end_thermal_loop: bool = False
    """The person agreed that a loop of the firmware's own is switched off."""

    @property
    def limits(self) -> Limits:
        """Return the person's limits on its power."""
        return Limits(minimum_w=self.minimum_w, maximum_w=self.maximum_w)
