"""An emulated NerdQAxe: what its firmware kept from AxeOS, its shutdown, its one-time codes and its fan channels."""

from collections.abc import Callable, Mapping
import json
from typing import Any, override

from aiohttp import web

from .axeos import EFFICIENCY, AxeModel, AxeosEmulator

MODELS = {
    "nerdqaxe++": AxeModel(
        device="NerdQAxe++", chip="BM1370", board="", chips=4, cores=2040,
        frequencies=(500, 515, 525, 550, 575, 590, 600), voltages=(1120, 1130, 1140, 1150, 1160, 1170, 1180),
        default_mhz=600, default_mv=1150, default_w=76.0, max_w=100,
    ),
    "nerdoctaxe": AxeModel(
        device="NerdOCTAXE-\N{GREEK SMALL LETTER GAMMA}", chip="BM1370", board="", chips=8, cores=2040,
        frequencies=(500, 515, 525, 550, 575, 590, 600), voltages=(1120, 1130, 1140, 1150, 1160, 1170, 1180),
        default_mhz=600, default_mv=1150, default_w=160.0, max_w=250,
    ),
}  # fmt: skip
LEAST_W = {"nerdqaxe++": 52, "nerdoctaxe": 50}
FLAT_FAN_KEYS = {"autofanspeed": "mode", "manualFanSpeed": "manualSpeed"}


class NerdqaxeEmulator(AxeosEmulator):
    """One NerdQAxe; `otp` turns its one-time codes on, which no program can give."""

    family = "nerdqaxe"
    models = MODELS
    standby_w = 6.0
    boot_s = 20.0

    def __init__(
        self,
        *,
        mac: str = "AA:BB:CC:0A:0E:02",
        clock: Callable[[], float] | None = None,
        password: str | None = None,
        model: str = "nerdqaxe++",
        firmware: str = "v1.0.36",
        otp: bool = False,
        fan_channels: int = 2,
    ) -> None:
        super().__init__(mac=mac, clock=clock, password=password, model=model, firmware=firmware)
        self.least_w = LEAST_W[model]
        self.otp = otp
        self.tells_shutdown = True
        self.board_error = 0
        self.channels = [{"mode": 2, "manualSpeed": 100} for _ in range(fan_channels)]

    @override
    def factory_settings(self) -> dict[str, Any]:
        return super().factory_settings() | {"hostname": "nerdqaxe", "stratumUser": "bc1qexample.nerd"}

    @property
    @override
    def idle(self) -> bool:
        return self._paused or not self._pools_reachable

    @override
    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self._page),
            web.get("/api/system/info", self._info),
            web.get("/api/system/asic", self._asic),
            web.get("/api/v2/identify", self._identity),
            web.patch("/api/system", self._patch),
            web.post("/api/system/restart", self._act),
            *([web.post("/api/system/shutdown", self._act)] if self.tells_shutdown else []),
        ]

    @override
    def guard(self, request: web.Request) -> None:
        super().guard(request)
        if request.method != "GET" and self.otp and "X-TOTP" not in request.headers:
            raise web.HTTPUnauthorized(text="TOTP missing or invalid")

    @override
    async def _page(self, _request: web.Request) -> web.Response:
        return web.Response(
            text="<!doctype html><title>NerdQAxe</title><app-root></app-root>", content_type="text/html"
        )

    async def _identity(self, _request: web.Request) -> web.Response:
        return web.json_response({"deviceModel": self.model.device, "defaultTheme": "cosmic", "otp": self.otp})

    @override
    async def _act(self, request: web.Request) -> web.Response:
        self.guard(request)
        action = request.path.rpartition("/")[2]
        self.writes.append((action, True))
        if action == "restart":
            self.reboot()
        elif self.machine.obeys:
            self._paused = True
            self._settle()
        return web.Response(text=f"System will {action} shortly.", content_type="text/html")

    @override
    def applied(self, changes: Mapping[str, Any]) -> None:
        super().applied(changes)
        for channel, change in zip(self.channels, changes.get("fans", []), strict=False):
            channel.update(change)
        flat = {name: changes[key] for key, name in FLAT_FAN_KEYS.items() if key in changes}
        if self.channels:
            self.channels[0].update(flat)

    @override
    def asic(self) -> dict[str, Any]:
        return super().asic() | {
            "absMaxFrequency": 800,
            "absMaxVoltage": 1300,
            "ecoFrequency": 450,
            "ecoVoltage": 1100,
        }

    @override
    def info(self) -> dict[str, Any]:
        ours, theirs = self._own(), super().info()
        kept = (
            "smallCoreCount", "macAddr", "wifiRSSI", "power", "vrTemp", "hashRate", "hashRate_1m", "hashRate_10m",
            "hashRate_1h", "coreVoltage", "coreVoltageActual", "poolDifficulty", "sharesAccepted", "sharesRejected",
            "bestDiff", "bestSessionDiff", "hostname", "ssid", "stratumURL", "stratumPort", "stratumUser",
            "fallbackStratumURL", "fallbackStratumPort", "fallbackStratumUser", "frequency", "ASICModel",
            "uptimeSeconds", "wifiStatus", "freeHeap", "version", "runningPartition",
        )  # fmt: skip
        answer = {key: theirs[key] for key in kept} | ours
        if not self.tells_shutdown:
            del answer["shutdown"]
        return answer

    def _own(self) -> dict[str, Any]:
        share = min(self.machine.work_share, 1.2)
        current_ma = self.machine.power_w * EFFICIENCY / 12.0 * 1000.0
        chip_c = 30.0 + 28.0 * share
        first = self.channels[0] if self.channels else {"mode": 2, "manualSpeed": 100}
        fan_percent = float(first["manualSpeed"]) if first["mode"] == 0 else round(30.0 + 40.0 * share, 1)
        return {
            "asicCount": self.model.chips,
            "deviceModel": self.model.device,
            "hostip": self.host,
            "maxPower": self.model.max_w,
            "minPower": self.least_w,
            "maxVoltage": 13.0,
            "minVoltage": 11.0,
            "voltage": 12000.0,
            "current": round(current_ma, 1),
            "currentA": round(current_ma / 1000.0, 3),
            "temp": round(chip_c, 2),
            "vrTempInt": round(35.0 + 25.0 * share, 1),
            "asicTemps": [round(chip_c - place, 2) for place in range(self.model.chips)],
            "fanspeed": fan_percent,
            "manualFanSpeed": first["manualSpeed"],
            "autofanspeed": first["mode"],
            "fanrpm": 2600,
            "fanrpm2": 2500 if len(self.channels) > 1 else 0,
            "fanCount": max(len(self.channels), 1),
            "fans": [
                {"label": f"fan {place}", "rpm": 2600 - 100 * place, "speedPerc": fan_percent, **channel}
                for place, channel in enumerate(self.channels)
            ],
            "lastpingrtt": 21.4,
            "shutdown": self._paused,
            "boardError": self.board_error,
            "stratum": {
                "poolMode": 0,
                "activePoolMode": 0,
                "usingFallback": False,
                "totalBestDiff": 4292734826,
                "pools": [
                    {
                        "connected": self._pools_reachable,
                        "poolDifficulty": 1000,
                        "poolDiffErr": False,
                        "pingRtt": 21.4,
                        "pingLoss": 0,
                    }
                ],
            },
            "pidTargetTemp": 55,
            "overheat_temp": 70,
            "defaultFrequency": self.model.default_mhz,
            "defaultCoreVoltage": self.model.default_mv,
            "jobInterval": 500,
            "otp": self.otp,
            "lastResetReason": "POWERON",
            "defaultTheme": "cosmic",
        }

    @override
    async def _patch(self, request: web.Request) -> web.Response:
        self.guard(request)
        try:
            json.loads(await request.text())
        except ValueError:
            raise web.HTTPBadRequest(text="Invalid JSON") from None
        return await super()._patch(request)
