"""The watts of a heater and those of AI work beside it: told apart for control, added up for the books; pure."""

from dataclasses import replace

from ..model.capabilities import PowerSource
from ..model.dispatch import OtherWork
from ..model.telemetry import Telemetry


def mining_alone(telemetry: Telemetry, work: OtherWork) -> Telemetry:
    """Return what the device draws without the work that its own reading contains."""
    if telemetry.power_w is None or work.together_w <= 0.0:
        return telemetry
    return replace(telemetry, power_w=max(telemetry.power_w - work.together_w, 0.0))


def with_work(telemetry: Telemetry, work: OtherWork, apart_mj: int, *, measured: bool) -> Telemetry:
    """Return the device and AI work as one; `apart_mj` is all energy that the device's own counter never contained."""
    power_w = None if telemetry.power_w is None else telemetry.power_w + work.drawn_now_w
    energy_mj = None if telemetry.energy_mj is None else telemetry.energy_mj + apart_mj
    guessed = work.drawn_now_w > 0.0 and not measured
    source = PowerSource.ESTIMATED if guessed else telemetry.power_source
    return replace(telemetry, power_w=power_w, energy_mj=energy_mj, power_source=source)
