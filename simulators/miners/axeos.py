"""An emulated Bitaxe: AxeOS over HTTP and its live feed, with flash, overheating and pools that can be lost."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
import json
from typing import Any, override

from aiohttp import WSCloseCode, web

from .emulator import WebEmulator
from .machine import Hardware

EFFICIENCY = 0.9
"""Of the mains adapter: the machine's watts are those at the wall, the board tells those behind it."""
WITH_PAUSE = (2, 14)
GIGA_PER_CORE_MHZ = 1e-3


@dataclass(frozen=True, kw_only=True)
class AxeModel:
    """One board; watts are DC at the default frequency and voltage."""

    device: str
    chip: str
    board: str
    chips: int
    cores: int
    frequencies: tuple[int, ...]
    voltages: tuple[int, ...]
    default_mhz: int
    default_mv: int
    default_w: float
    max_w: int


MODELS = {
    "gamma": AxeModel(
        device="Gamma", chip="BM1370", board="601", chips=1, cores=2040,
        frequencies=(400, 490, 525, 550, 600, 625), voltages=(1000, 1060, 1100, 1150, 1200, 1250),
        default_mhz=525, default_mv=1150, default_w=18.0, max_w=40,
    ),
    "supra": AxeModel(
        device="Supra", chip="BM1368", board="401", chips=1, cores=1276,
        frequencies=(400, 425, 450, 475, 485, 490, 500, 525, 550, 575), voltages=(1100, 1150, 1166, 1200, 1250, 1300),
        default_mhz=490, default_mv=1166, default_w=14.0, max_w=40,
    ),
    "hex": AxeModel(
        device="Hex", chip="BM1366", board="302", chips=6, cores=894,
        frequencies=(400, 425, 450, 475, 485, 500, 525, 550, 575), voltages=(1100, 1150, 1200, 1250, 1300),
        default_mhz=485, default_mv=1200, default_w=70.0, max_w=90,
    ),
}  # fmt: skip


class AxeosEmulator(WebEmulator):
    """One Bitaxe. `settings` is its flash, `flash_writes` counts what was committed to it."""

    family = "axeos"
    models = MODELS
    standby_w = 4.0
    boot_s = 2.5

    def __init__(
        self,
        *,
        mac: str = "AA:BB:CC:0A:0E:01",
        clock: Callable[[], float] | None = None,
        password: str | None = None,
        model: str = "gamma",
        firmware: str = "v2.15.0",
    ) -> None:
        self.model = self.models[model]
        self.firmware = firmware
        self.settings: dict[str, Any] = self.factory_settings()
        hardware = Hardware(idle_w=self.standby_w / EFFICIENCY, up_tau_s=3.0, down_tau_s=1.5, boot_s=self.boot_s)
        super().__init__(hardware, target_w=self._target_w(), mac=mac, password=password, clock=clock)
        self.flash_writes = 0
        self.push_s = 0.5
        self.overheated = False
        self.hardware_fault = ""
        self.power_fault = ""
        self.identified = 0
        self._paused = False
        self._pools_reachable = True
        self._sockets: set[web.WebSocketResponse] = set()

    def factory_settings(self) -> dict[str, Any]:
        """Return what stands in the flash of a device that somebody set up."""
        return {
            "frequency": self.model.default_mhz,
            "coreVoltage": self.model.default_mv,
            "autofanspeed": 1,
            "manualFanSpeed": 100,
            "temptarget": 60,
            "hostname": "bitaxe",
            "ssid": "home",
            "wifiPass": "a secret of the house",
            "stratumURL": "public-pool.io",
            "stratumPort": 21496,
            "stratumUser": "bc1qexample.bitaxe",
            "stratumPassword": "x",
            "fallbackStratumURL": "solo.ckpool.org",
            "fallbackStratumPort": 3333,
            "fallbackStratumUser": "bc1qexample.bitaxe",
            "fallbackStratumPassword": "x",
        }

    def _target_w(self) -> float:
        strain = (self.settings["coreVoltage"] / self.model.default_mv) ** 2
        work_w = (self.model.default_w - self.standby_w) * self.settings["frequency"] / self.model.default_mhz * strain
        return float(self.standby_w + work_w) / EFFICIENCY

    @property
    def pauses(self) -> bool:
        """Return whether this firmware can pause."""
        major, minor = self.firmware.lstrip("v").split(".")[:2]
        return (int(major), int(minor)) >= WITH_PAUSE

    @property
    def pools_reachable(self) -> bool:
        """Return whether any pool answers."""
        return self._pools_reachable

    @pools_reachable.setter
    def pools_reachable(self, reachable: bool) -> None:
        self._pools_reachable = reachable
        self._settle()

    @property
    def idle(self) -> bool:
        """Return whether the chips have no power; without a pool they lose it since 2.14."""
        return self._paused or bool(self.hardware_fault) or (self.pauses and not self._pools_reachable)

    def _settle(self) -> None:
        if self.idle:
            self.machine.pause()
        else:
            self.machine.resume()

    def overheat(self) -> None:
        """Get too hot: the firmware lowers frequency and voltage in its flash for good."""
        self.overheated = True
        self.settings["frequency"] -= 100
        self.settings["coreVoltage"] -= 100
        self.settings |= {"autofanspeed": 0, "manualFanSpeed": 100}
        self.machine.set_target(self._target_w())

    @override
    async def put_plug_back(self) -> None:
        self._paused = False
        self._settle()
        await super().put_plug_back()

    @override
    def routes(self) -> list[web.RouteDef]:
        actions = [web.post(f"/api/system/{name}", self._act) for name in ("restart", "identify")]
        newer = [
            web.post("/api/system/pause", self._act),
            web.post("/api/system/resume", self._act),
            web.get("/api/ws/live", self._feed),
        ]
        return [
            web.get("/", self._page),
            web.get("/api/system/info", self._info),
            web.get("/api/system/asic", self._asic),
            web.patch("/api/system", self._patch),
            *actions,
            *(newer if self.pauses else []),
        ]

    def guard(self, request: web.Request) -> None:
        """Turn away pages of other origins, as the firmware does."""
        if "Origin" in request.headers:
            raise web.HTTPUnauthorized(text="Unauthorized")

    async def _page(self, _request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>AxeOS</title><app-root></app-root>", content_type="text/html")

    async def _info(self, request: web.Request) -> web.Response:
        self.guard(request)
        return web.json_response(self.info())

    async def _asic(self, request: web.Request) -> web.Response:
        self.guard(request)
        return web.json_response(self.asic())

    async def _patch(self, request: web.Request) -> web.Response:
        self.guard(request)
        try:
            changes = json.loads(await request.text())
        except ValueError:
            raise web.HTTPInternalServerError(text="Invalid JSON") from None
        self.writes += list(changes.items())
        if self.machine.obeys:
            self.settings |= {key: value for key, value in changes.items() if key in self.settings}
            self.flash_writes += len(changes)
            self.applied(changes)
        return web.Response()

    def applied(self, changes: Mapping[str, Any]) -> None:
        """Put what was written into force, without a restart."""
        if {"frequency", "coreVoltage"} & changes.keys():
            self.machine.set_target(self._target_w())

    async def _act(self, request: web.Request) -> web.Response:
        self.guard(request)
        action = request.path.rpartition("/")[2]
        self.writes.append((action, True))
        if action == "identify":
            self.identified += 1
        elif action == "restart":
            self.reboot()
        elif self.machine.obeys:
            self._paused = action == "pause"
            self._settle()
        return web.Response(text=f"{action}: done", content_type="text/html")

    def reboot(self) -> None:
        """Restart; a pause is forgotten."""
        self._paused = False
        self._settle()
        self.machine.restart()

    @property
    def rate_ghs(self) -> float:
        """Return the hash rate now, GH/s."""
        return self.expected_ghs * self.machine.work_share if not self.idle else 0.0

    @property
    def expected_ghs(self) -> float:
        """Return what the frequency in force should bring, GH/s."""
        return float(self.settings["frequency"]) * self.model.cores * self.model.chips * GIGA_PER_CORE_MHZ

    def asic(self) -> dict[str, Any]:
        """Return what the chips can do."""
        return {
            "ASICModel": self.model.chip,
            "deviceModel": self.model.device,
            "swarmColor": "green",
            "asicCount": self.model.chips,
            "defaultFrequency": self.model.default_mhz,
            "frequencyOptions": list(self.model.frequencies),
            "defaultVoltage": self.model.default_mv,
            "voltageOptions": list(self.model.voltages),
        }

    def info(self) -> dict[str, Any]:
        """Return everything it tells, as the firmware spells it."""
        power_w, share = self.machine.power_w * EFFICIENCY, min(self.machine.work_share, 1.2)
        rate = self.rate_ghs
        shares = int(self.machine.energy_ws / 200.0)
        secret = {"wifiPass", "stratumPassword", "fallbackStratumPassword"}
        answer = {
            "power": round(power_w, 4),
            "voltage": 5143.75,
            "current": round(power_w / 5.14375 * 1000.0, 2),
            "temp": round(31.0 + 29.0 * share, 3),
            "temp2": -1,
            "vrTemp": round(34.0 + 20.0 * share, 1),
            "coreVoltageActual": round(self.settings["coreVoltage"] * 0.995, 1) if not self.idle else 0,
            "actualFrequency": round(self.settings["frequency"] * min(share, 1.0), 2) if not self.idle else 0,
            "expectedHashrate": self.expected_ghs,
            "fanspeed": self.settings["manualFanSpeed"] if not self.settings["autofanspeed"] else 30 + 20 * share,
            "fanrpm": 4200,
            "fan2rpm": 0,
            "hashRate": rate,
            "hashRate_1m": rate,
            "hashRate_10m": rate,
            "hashRate_1h": rate,
            "errorPercentage": 0.12,
            "sharesAccepted": shares,
            "sharesRejected": 1,
            "sharesRejectedReasons": [{"message": "Above target", "count": 1}],
            "bestDiff": 4292734826,
            "bestSessionDiff": 3828108,
            "poolDifficulty": 1000,
            "responseTime": 31.2,
            "freeHeap": 178368,
            "uptimeSeconds": int(self.machine.uptime_s),
            "miningPaused": self._paused,
            "overheat_mode": int(self.overheated),
            "wifiStatus": "Connected!",
            "wifiRSSI": -44,
            "version": self.firmware,
            "axeOSVersion": self.firmware,
            "idfVersion": "v5.5.1",
            "boardVersion": self.model.board,
            "maxPower": self.model.max_w,
            "nominalVoltage": 5,
            "smallCoreCount": self.model.cores,
            "ASICModel": self.model.chip,
            "isPSRAMAvailable": 1,
            "runningPartition": "ota_0",
            "macAddr": self.mac.upper(),
            "ipv4": self.host,
            "apEnabled": 0,
            "poolConnectionInfo": "IPv4" if self._pools_reachable else "Not Connected",
            "isUsingFallbackStratum": 0,
            "overclockEnabled": 0,
            "hashrateMonitor": {
                "asics": [{"total": rate / self.model.chips, "errorCount": 0}] * self.model.chips,
            },
            **{key: value for key, value in self.settings.items() if key not in secret},
        }
        if not self.pauses:
            del answer["miningPaused"]
        faults = {"hardware_fault": self.hardware_fault, "power_fault": self.power_fault}
        return answer | {key: said for key, said in faults.items() if said}

    async def _feed(self, request: web.Request) -> web.WebSocketResponse:
        self.guard(request)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.add(socket)
        last: dict[str, Any] = {}
        try:
            with suppress(ConnectionError):
                while not socket.closed:
                    state = self.info()
                    changes = {key: value for key, value in state.items() if last.get(key) != value}
                    await socket.send_str(json.dumps({"event": "update", "data": changes}))
                    last = state
                    await asyncio.sleep(self.push_s)
        finally:
            self._sockets.discard(socket)
        return socket

    @override
    async def _close(self) -> None:
        for socket in tuple(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY, drain=False)
        await super()._close()
