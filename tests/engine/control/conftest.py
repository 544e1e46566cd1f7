"""A heater, a person's wishes and readings to control with."""

import pytest

from custom_components.hashwarm.engine.control import (
    ControlInputs,
    Controller,
    HeaterSettings,
    RoomResponse,
    SafetyLimits,
)
from custom_components.hashwarm.engine.model.capabilities import Capabilities, ControlKind
from custom_components.hashwarm.engine.model.dispatch import OtherWork
from custom_components.hashwarm.engine.model.protocols import TemperatureReading
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus, Telemetry

MINER = Capabilities(
    control=ControlKind.CONTINUOUS_WATTS,
    floor_w=400.0,
    maximum_w=1200.0,
    idle_w=10.0,
    boot_s=120.0,
    minimum_on_s=600.0,
    minimum_off_s=300.0,
    starts_per_day=6,
)
WORKER = Capabilities(control=ControlKind.CONTINUOUS_WATTS, floor_w=1.0, maximum_w=50.0)


class Bench:
    """Steps a controller through virtual time."""

    def __init__(self, capabilities: Capabilities = WORKER, response: RoomResponse = RoomResponse.ORDINARY) -> None:
        self.capabilities = capabilities
        self.limits = SafetyLimits()
        self.controller = Controller(response, self.limits)
        self.work = OtherWork()
        self.settings = HeaterSettings(on=True, target_c=21.0)
        self.now_s = 1000.0
        self.room = [19.0]
        self.ages = [0.0]
        self.outdoor_c = None
        self.power_w = 0.0
        self.chip_c = None
        self.status = DeviceStatus.RUNNING
        self.breaker_left_w = None
        self.neighbours = None
        self.stopping = False
        self.obey = True
        self.comfort = None
        self.guidance = None
        self.expected = None

    def step(self, seconds: float = 1.0):
        self.now_s += seconds
        decision = self.controller.step(
            ControlInputs(
                now_s=self.now_s,
                now=1.7e9 + self.now_s,
                settings=self.settings,
                capabilities=self.capabilities,
                telemetry=Telemetry(at_s=self.now_s, status=self.status, power_w=self.power_w, chip_c=self.chip_c),
                room=tuple(
                    None if celsius is None else TemperatureReading(celsius=celsius, age_s=age)
                    for celsius, age in zip(self.room, self.ages, strict=True)
                ),
                outdoor_c=self.outdoor_c,
                breaker_left_w=self.breaker_left_w,
                neighbours=self.neighbours,
                comfort=self.comfort,
                guidance=self.guidance,
                expected=self.expected,
                stopping=self.stopping,
                work=self.work,
            )
        )
        if self.obey:
            self.power_w = decision.power_w
        return decision

    def run(self, seconds: float, step_s: float = 10.0):
        decision = None
        for _ in range(round(seconds / step_s)):
            decision = self.step(step_s)
        return decision


@pytest.fixture
def bench():
    return Bench()


@pytest.fixture
def miner_bench():
    return Bench(MINER)
