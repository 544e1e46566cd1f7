"""All contestants by name; those behind our shaper carry `+shaper`."""

from collections.abc import Callable

from .thermostat_peers import FloorAwarePi, Hysteresis, PidOutdoor, Tpi
from .thermostat_view import Contestant, Weather

SHAPED = "+shaper"
GENERIC = "generic_thermostat"


def _generic() -> Contestant:
    from .thermostat_core import GenericThermostatOfCore  # noqa: PLC0415 - takes a whole Home Assistant with it

    return GenericThermostatOfCore()


PEERS: dict[str, Callable[[], Contestant]] = {
    GENERIC: _generic,
    "hysteresis": Hysteresis,
    "tpi-0.6-0.01": lambda: Tpi(0.6, 0.01),
    "tpi-0.6-0.025": lambda: Tpi(0.6, 0.025),
    "pid-outdoor": PidOutdoor,
    "floor-aware-pi": FloorAwarePi,
}
PLANNERS = {"planner": Weather.NONE, "planner-forecast": Weather.FORECAST, "planner-perfect-weather": Weather.PERFECT}
OURS = ("regulator", *PLANNERS)
NAMES = (*PEERS, *(name + SHAPED for name in PEERS), *OURS)


def contestant(name: str, case: int) -> Contestant:
    """Make a contestant for a house."""
    if name in PEERS:
        return PEERS[name]()
    from .thermostat_ours import BehindShaper, OurRegulator  # noqa: PLC0415 - imports the integration, peers need none

    if name in PLANNERS:
        from .thermostat_planner import OurPlanner  # noqa: PLC0415 - the same

        return OurPlanner(case, PLANNERS[name])
    if name.endswith(SHAPED):
        return BehindShaper(PEERS[name.removesuffix(SHAPED)]())
    return OurRegulator(case)
