"""An emulated Antminer under VNish: REST with a token, presets, from version 1.3 on a throttle, and a preset switcher.

Fields and states as in the firmware's own API description. What it draws, and how fast it changes, is ours.
"""

from collections.abc import Callable
import random
import secrets
from typing import Any, override

from aiohttp import web

from .emulator import WebEmulator
from .machine import Hardware

API = "/api/v1"
_HARDWARE = Hardware(idle_w=35.0, up_tau_s=25.0, down_tau_s=25.0, boot_s=180.0)
_PRESETS = (
    (1100, 53, "tuned"), (1500, 63, "tuned"), (1900, 73, "tuned"), (2350, 85, "untuned"), (2620, 91, "tuned"),
    (2950, 99, "tuned"), (3200, 102, "untuned"), (3750, 110, "untuned"),
)  # fmt: skip
_GHS_PER_W = 33.5
_DIFFICULTY, _SHARE_S = 131072, 20.0
_THROTTLES_FROM = (1, 3)
BOARDS = 3


class VnishEmulator(WebEmulator):
    """One miner. `miner_state`, `description`, `switcher`, `pool_alive`, `meters` may be set while it runs."""

    family = "vnish"

    def __init__(
        self,
        *,
        mac: str = "02:42:d0:00:00:01",
        clock: Callable[[], float] | None = None,
        password: str = "admin",  # noqa: S107 - the factory's
        model: str = "Antminer S19",
        version: str = "1.3.4",
        preset: str = "2950",
        manual_w: float = 2800.0,
        hardware: Hardware = _HARDWARE,
        randomness: random.Random | None = None,
    ) -> None:
        target_w = manual_w if preset == "disabled" else float(preset)
        super().__init__(hardware, target_w=target_w, mac=mac, password=password, clock=clock, randomness=randomness)
        self.model = model
        self.version = version
        self.preset = preset
        self.manual_w = manual_w
        """What it draws with a preset that was set by hand."""
        self.throttled = 100
        self.switcher: dict[str, Any] = {
            "enabled": False, "top_preset": "2950", "min_preset": "1100", "decrease_temp": 75, "rise_temp": 55,
            "check_time": 300, "autochange_top_preset": False, "ignore_fan_speed": False, "power_delta": 0,
        }  # fmt: skip
        self.miner_state: str | None = None
        """Overrules the state of the machine."""
        self.description: str | None = None
        self.pool_alive = True
        self.meters = True
        """Whether its supply tells watts."""
        self.light = False
        self.chip_c = 71
        self.pools = [{"url": "pool.example:3333", "user": "warm.s19", "pass": "x"}]
        self.restart_required = False
        self._tokens: dict[str, str | None] = {}

    @property
    def throttles(self) -> bool:
        """Return whether this version can throttle."""
        major, minor = self.version.split(".")[:2]
        return (int(major), int(minor)) >= _THROTTLES_FROM

    @override
    def routes(self) -> list[web.RouteDef]:
        open_reads: dict[str, Callable[[], Any]] = {
            "info": self._info,
            "status": self._status,
            "summary": self._summary,
            "perf-summary": self._perf,
            "chains": list,
            "chains/factory-info": lambda: {"hr_stock": None, "has_pics": None, "psu_serial": None, "chains": None},
        }
        reads: dict[str, Callable[[], Any]] = {"autotune/presets": self._presets, "settings": self._settings}
        writes: dict[str, Callable[[Any], Any]] = {
            "settings": self._save,
            "mining/start": self._start,
            "mining/stop": self._stop,
            "mining/resume": self._start,
            "mining/pause": self._stop,
            "mining/restart": self._restart,
            "find-miner": self._find,
        }
        if self.throttles:
            writes["mining/throttle"] = self._throttle
        return [
            web.get("/", self._page),
            web.post(f"{API}/unlock", self._unlock),
            *(web.get(f"{API}/{path}", self._reader(tell, needs_token=False)) for path, tell in open_reads.items()),
            *(web.get(f"{API}/{path}", self._reader(tell, needs_token=True)) for path, tell in reads.items()),
            *(web.post(f"{API}/{path}", self._writer(path, take)) for path, take in writes.items()),
        ]

    def expire_tokens(self) -> None:
        """Let every log-in run out."""
        self._tokens.clear()

    def _reader(self, tell: Callable[[], Any], *, needs_token: bool) -> Callable[[web.Request], Any]:
        async def answer(request: web.Request) -> web.Response:
            if needs_token or "Authorization" in request.headers:
                self._authorise(request)
            return web.json_response(tell())

        return answer

    def _writer(self, path: str, take: Callable[[Any], Any]) -> Callable[[web.Request], Any]:
        async def answer(request: web.Request) -> web.Response:
            self._authorise(request)
            body = await request.json() if request.can_read_body else None
            told = take(body)
            self.writes.append((path, body))
            return web.json_response(told) if told is not None else web.Response()

        return answer

    def _authorise(self, request: web.Request) -> None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self._tokens or self._tokens[token] != self.password:
            raise web.HTTPUnauthorized(text='{"err":"Unauthorized"}')

    async def _unlock(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body.get("pw") != self.password:
            raise web.HTTPForbidden(text='{"err":"Wrong password"}')
        token = secrets.token_hex(16)
        self._tokens[token] = self.password
        return web.json_response({"token": token})

    async def _page(self, _request: web.Request) -> web.Response:
        return web.Response(text="<html><title>AnthillOS</title></html>", content_type="text/html")

    def _full_w(self) -> float:
        return self.manual_w if self.preset == "disabled" else float(self.preset)

    def _state(self) -> str:
        if self.miner_state is not None:
            return self.miner_state
        if self.machine.paused:
            return "stopped"
        return "initializing" if self.machine.booting else "mining"

    def _ghs(self) -> float:
        return (self.machine.power_w - self.machine.hardware.idle_w) * _GHS_PER_W if self.pool_alive else 0.0

    def _info(self) -> dict[str, Any]:
        minutes = int(self.machine.uptime_s / 60)
        return {
            "fw_name": "Vnish",
            "fw_version": self.version,
            "platform": "xil",
            "install_type": "nand",
            "build_time": "2026-03-02 10:11:12",
            "miner": self.model,
            "model": self.model.removeprefix("Antminer ").lower().replace(" ", ""),
            "algorithm": "sha256d",
            "hr_measure": "GH/s",
            "serial": "HKYDE0000000001",
            "system": {
                "os": "GNU/Linux",
                "miner_name": f"{self.model} (Vnish {self.version})",
                "file_system_version": "x",
                "mem_total": 245760,
                "network_status": {
                    "mac": self.mac.upper(), "dhcp": True, "ip": "192.0.2.7", "netmask": "255.255.255.0",
                    "gateway": "192.0.2.1", "dns": ["192.0.2.1"], "hostname": "warm-s19",
                },
                "uptime": f"{minutes // 60}:{minutes % 60:02}",
            },
        }  # fmt: skip

    def _miner_status(self) -> dict[str, Any]:
        told: dict[str, Any] = {"miner_state": self._state(), "miner_state_time": int(self.machine.uptime_s)}
        if self.throttles:
            told["throttled"] = self.throttled
        if self.description is not None:
            told |= {"description": self.description, "failure_code": 1002}
        return told

    def _status(self) -> dict[str, Any]:
        flags = {"restart_required": self.restart_required, "reboot_required": False, "unlocked": bool(self._tokens)}
        return self._miner_status() | {"find_miner": self.light} | flags

    def _summary(self) -> dict[str, Any]:
        ghs = self._ghs()
        power_w = round(self.machine.power_w) if self.meters and not self.machine.paused else 0
        return {
            "miner": {
                "miner_status": self._miner_status(),
                "miner_type": f"{self.model} (Vnish {self.version})",
                "hr_stock": 95000.0,
                "average_hashrate": ghs / 1e3,
                "instant_hashrate": ghs / 1e3,
                "hr_realtime": ghs,
                "hr_nominal": 99000.0,
                "hr_average": ghs,
                "pcb_temp": {"min": self.chip_c - 25, "max": self.chip_c - 15},
                "chip_temp": {"min": self.chip_c - 9, "max": self.chip_c},
                "power_consumption": power_w,
                "power_usage": 29,
                "power_efficiency": 29.8,
                "hw_errors_percent": 0.01,
                "devfee_percent": 2.8,
                "pools": self._pools(),
                "cooling": {
                    "fan_num": 4,
                    "fans": [{"id": index, "rpm": 4350, "status": "ok", "max_rpm": 6000} for index in range(4)],
                    "settings": {"mode": {"name": "auto"}},
                    "fan_duty": 62,
                },
                "chains": [self._chain(index, ghs / BOARDS) for index in range(BOARDS)],
                "found_blocks": 0,
                "best_share": 123456789,
            }
        }

    def _pools(self) -> list[dict[str, Any]]:
        shares = int(self.machine.uptime_s / _SHARE_S)
        common = {"asic_boost": True, "diff": "131K", "rejected": 1, "stale": 0, "ls_time": "0:00:09", "ping": 21}
        own = [
            common | {
                "id": index, "url": pool["url"], "user": pool["user"], "pool_type": "UserPool",
                "status": "active" if self.pool_alive else "offline", "accepted": shares, "ls_diff": _DIFFICULTY,
                "diffa": float(shares * _DIFFICULTY),
            }
            for index, pool in enumerate(self.pools)
        ]  # fmt: skip
        fee = {"id": 9, "url": "DevFee", "user": "DevFee", "pool_type": "DevFee", "status": "working", "accepted": 3}
        return [*own, common | fee | {"ls_diff": 0.0, "diffa": 9.0}]

    def _chain(self, index: int, ghs: float) -> dict[str, Any]:
        return {
            "id": index + 1,
            "frequency": 525.0,
            "voltage": 13800,
            "power_consumption": round(self.machine.power_w / BOARDS),
            "hashrate_ideal": 33000.0,
            "hashrate_rt": ghs,
            "hashrate_percentage": 99.0,
            "hr_error": 0.01,
            "hw_errors": 1,
            "pcb_temp": {"min": self.chip_c - 25, "max": self.chip_c - 15 - index},
            "chip_temp": {"min": self.chip_c - 9, "max": self.chip_c - index},
            "status": {"state": "mining"},
        }

    def _perf(self) -> dict[str, Any]:
        current = next((p for p in self._presets() if p["name"] == self.preset), None)
        return {"current_preset": current, "preset_switcher": self.switcher}

    def _presets(self) -> list[dict[str, Any]]:
        by_hand = {"name": "disabled", "pretty": "Disabled", "status": "untuned", "modded_psu_required": False}
        return [
            by_hand,
            *(
                {
                    "name": str(watts),
                    "pretty": f"{watts} watt ~ {rate} TH",
                    "status": status,
                    "modded_psu_required": False,
                }
                for watts, rate, status in _PRESETS
            ),
        ]

    def _settings(self) -> dict[str, Any]:
        overclock = {"preset": self.preset, "modded_psu": False, "preset_switcher": self.switcher}
        return {"miner": {"overclock": overclock, "pools": self.pools}, "regional": {"timezone": {"current": "GMT+1"}}}

    def _save(self, body: Any) -> dict[str, Any]:
        overclock = body["miner"]["overclock"]
        if "preset" in overclock and overclock["preset"] not in {p["name"] for p in self._presets()}:
            raise web.HTTPBadRequest(text='{"err":"Unknown preset"}')
        if self.machine.obeys:
            self.preset = overclock.get("preset", self.preset)
            self.switcher = overclock.get("preset_switcher", self.switcher)
        self.restart_required = "preset" in overclock
        return {"restart_required": self.restart_required, "reboot_required": False}

    def _throttle(self, body: Any) -> dict[str, Any]:
        percent = body["percent"]
        if not isinstance(percent, int) or not 20 <= percent <= 100:
            raise web.HTTPBadRequest(text='{"err":"percent out of range"}')
        if self.machine.obeys:
            self.throttled = percent
        self.machine.set_target(self._full_w() * percent / 100.0)
        return {"restart_required": False, "reboot_required": False}

    def _start(self, _body: Any) -> None:
        self.machine.resume()

    def _stop(self, _body: Any) -> None:
        self.machine.pause()

    def _restart(self, _body: Any) -> None:
        self.restart_required = False
        self.machine.set_target(self._full_w() * self.throttled / 100.0, restarts=True)

    def _find(self, body: Any) -> dict[str, Any]:
        self.light = bool(body["on"])
        return {"on": self.light}
