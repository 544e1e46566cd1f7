"""A backend without a child: it draws what it is told, hashes a million per watt, and fails on demand."""

from typing import Any

from custom_components.hashwarm.engine.model.capabilities import Capabilities, ControlKind, PowerSource
from custom_components.hashwarm.engine.model.errors import BackendError, DeviceUnreachableError
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus, PoolState, Telemetry

MAXIMUM_W = 100.0
HASHES_PER_WATT = 1e6
POOL = PoolState(
    connected=True,
    name="pool.test:3333",
    difficulty=0.5,
    shares_accepted=7,
    shares_rejected=1,
    share_work=7 << 31,
    best_share=12.5,
    message="bc1qsecret says hello",
    version_rolling=True,
    share_interval_s=21.0,
    reject_reasons=(("stale", 1),),
)


class FakeWorker:
    """Stands where the hashing worker would be; `said` overrides what it says of itself."""

    def __init__(self, options: Any, *, clock: Any, randomness: Any) -> None:
        self.options = options
        self.clock = clock
        self.commanded_w = 0.0
        self.commands: list[float] = []
        self.beats = 0
        self.started = 0
        self.stopped = 0
        self.start_error: BackendError | None = None
        self.silent = False
        self.said: dict[str, Any] = {"pool": POOL} if options.pools else {}

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            control=ControlKind.CONTINUOUS_WATTS,
            floor_w=2.0,
            maximum_w=MAXIMUM_W,
            power_source=PowerSource.ESTIMATED,
        )

    async def start(self) -> None:
        self.started += 1
        if self.start_error is not None:
            raise self.start_error

    async def stop(self) -> None:
        self.stopped += 1

    async def command(self, power_w: float) -> None:
        self.commanded_w = power_w
        self.commands.append(power_w)

    def beat(self) -> None:
        self.beats += 1

    async def read(self) -> Telemetry:
        if self.silent:
            raise DeviceUnreachableError("it is gone")
        told: dict[str, Any] = {
            "status": DeviceStatus.RUNNING if self.commanded_w else DeviceStatus.PAUSED,
            "power_w": self.commanded_w,
            "power_source": PowerSource.ESTIMATED,
            "hash_rate_hs": self.commanded_w * HASHES_PER_WATT,
            "hashes": 1000,
            "chip_c": 55.0,
            "kernel": "generic",
        }
        return Telemetry(at_s=self.clock(), **{**told, **self.said})
