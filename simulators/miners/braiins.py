"""An emulated Antminer under Braiins OS: REST with a token, a power target, a tuner, and power scaling of its own.

Names, types and numbers of states as in the vendor's bos-plus-api. What it draws, and how fast it changes, is ours.
"""

from collections.abc import Callable
import json
import random
import secrets
from typing import Any, override

from aiohttp import web

from .emulator import WebEmulator
from .machine import Hardware

API = "/api/v1"
_HARDWARE = Hardware(idle_w=40.0, up_tau_s=90.0, down_tau_s=50.0, boot_s=120.0)
_STATS_AV = ("last_5s", "last_15s", "last_30s", "last_1m", "last_5m", "last_15m", "last_30m", "last_1h", "last_24h")
_GHS_PER_W = 34.0
_DIFFICULTY, _SHARE_S = 8192, 10.0
_NOT_STARTED, _NORMAL, _PAUSED = 1, 2, 3
BOARDS = 3


class BraiinsEmulator(WebEmulator):
    """One miner. `dps_enabled`, `tuner_state`, `status`, `pool_alive`, `in_power_mode` may be set while it runs."""

    family = "braiins"
    username = "root"

    def __init__(
        self,
        *,
        mac: str = "02:42:b0:00:00:01",
        clock: Callable[[], float] | None = None,
        password: str = "root",  # noqa: S107 - the factory's
        model: str = "Antminer S19J Pro",
        version: str = "26.04",
        minimum_w: int = 1000,
        default_w: int = 3050,
        maximum_w: int = 3600,
        hardware: Hardware = _HARDWARE,
        randomness: random.Random | None = None,
    ) -> None:
        super().__init__(
            hardware, target_w=float(default_w), mac=mac, password=password, clock=clock, randomness=randomness
        )
        self.model = model
        self.version = version
        self.limits = {"min": minimum_w, "default": default_w, "max": maximum_w}
        self.target = default_w
        self.dps_enabled = False
        self.tuner_state = 2
        self.status: int | None = None
        """Overrules the state of the machine."""
        self.in_power_mode = True
        self.pool_alive = True
        self.light = False
        self.chip_c = 68.5
        self.pools = [{"url": "stratum+tcp://pool.example:3333", "user": "warm.s19", "password": "x"}]
        self._tokens: dict[str, str | None] = {}

    @override
    def routes(self) -> list[web.RouteDef]:
        reads: dict[str, Callable[[], Any]] = {
            "miner/details": self._details,
            "miner/stats": self._stats,
            "miner/hw/hashboards": self._hashboards,
            "miner/errors": lambda: {"errors": []},
            "performance/tuner-state": self._tuner,
            "performance/mode": lambda: {"tunermode": {"target": self._mode("powertarget", "power_target")}},
            "cooling/state": self._cooling,
            "configuration/constraints": self._constraints,
            "configuration/miner": self._configuration,
            "network/": lambda: {"hostname": "warm-s19", "mac_address": self.mac.upper()},
            "network": lambda: {"hostname": "warm-s19", "mac_address": self.mac.upper()},
            "pools/": self._pools,
            "pools": self._pools,
            "actions/locate": lambda: self.light,
        }
        writes: dict[str, Callable[[Any], Any]] = {
            "performance/power-target": self._set_target,
            "performance/dps": self._set_dps,
            "actions/pause": self._pause,
            "actions/resume": self._resume,
            "actions/restart": self._restart,
            "actions/reboot": self._restart,
            "actions/locate": self._locate,
        }
        return [
            web.get("/", self._page),
            web.post("/graphql", self._graphql),
            web.get(f"{API}/version", self._version),
            web.get(f"{API}/version/", self._version),
            web.post(f"{API}/auth/login", self._log_in),
            *(web.get(f"{API}/{path}", self._reader(tell)) for path, tell in reads.items()),
            *(web.put(f"{API}/{path}", self._writer(path, take)) for path, take in writes.items()),
        ]

    def expire_tokens(self) -> None:
        """Let every log-in run out."""
        self._tokens.clear()

    def _reader(self, tell: Callable[[], Any]) -> Callable[[web.Request], Any]:
        async def answer(request: web.Request) -> web.Response:
            self._authorise(request)
            return web.json_response(tell())

        return answer

    def _writer(self, path: str, take: Callable[[Any], Any]) -> Callable[[web.Request], Any]:
        async def answer(request: web.Request) -> web.Response:
            self._authorise(request)
            raw = await request.text()
            body = json.loads(raw) if raw else None
            told = take(body)
            self.writes.append((path, body))
            return web.json_response(told)

        return answer

    def _authorise(self, request: web.Request) -> None:
        token = request.headers.get("Authorization", "")
        if token not in self._tokens or self._tokens[token] != self.password:
            raise web.HTTPUnauthorized(text="Unauthorized")

    async def _log_in(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body.get("username") != self.username or body.get("password") != self.password:
            raise web.HTTPUnauthorized(text="Invalid credentials")
        token = secrets.token_hex(8)
        self._tokens[token] = self.password
        return web.json_response({"token": token, "timeout_s": 3600})

    async def _version(self, _request: web.Request) -> web.Response:
        return web.json_response({"major": 1, "minor": 11, "patch": 0})

    async def _page(self, _request: web.Request) -> web.Response:
        return web.Response(text="<html><title>Braiins OS</title></html>", content_type="text/html")

    async def _graphql(self, _request: web.Request) -> web.Response:
        full = f"2026-04-21-0-8e0dd4de-{self.version}-plus"
        return web.json_response(
            {
                "data": {
                    "bosminer": {"info": {"modelName": f"Bitmain {self.model}"}},
                    "bos": {"info": {"version": {"full": full}}},
                }
            }
        )

    def _state(self) -> int:
        if self.status is not None:
            return self.status
        if self.machine.paused:
            return _PAUSED
        return _NOT_STARTED if self.machine.booting else _NORMAL

    def _ghs(self) -> float:
        return (self.machine.power_w - self.machine.hardware.idle_w) * _GHS_PER_W if self.pool_alive else 0.0

    def _details(self) -> dict[str, Any]:
        return {
            "uid": "gKvbTpX0",
            "miner_identity": {"brand": 1, "model": 0, "name": self.model, "miner_model": self.model},
            "platform": 3,
            "bos_mode": 4,
            "bos_version": {
                "current": f"2026-04-21-0-8e0dd4de-{self.version}-plus",
                "major": f"2026-04-21-0-8e0dd4de-{self.version}-plus",
                "bos_plus": True,
            },
            "hostname": "warm-s19",
            "mac_address": self.mac.upper(),
            "system_uptime": int(self.machine.uptime_s),
            "sticker_hashrate": {"gigahash_per_second": 104000.0},
            "bosminer_uptime_s": int(self.machine.uptime_s),
            "system_uptime_s": int(self.machine.uptime_s),
            "status": self._state(),
            "kernel_version": "5.15.0",
            "psu_info": {"version": 67, "model_name": "APW121215b"},
            "control_board_soc_family": 2,
            "serial_number": "JYZZ0000000000001",
        }

    def _stats(self) -> dict[str, Any]:
        return {
            "pool_stats": self._shares(),
            "miner_stats": self._rates(1.0) | {"found_blocks": 0, "best_share": 152_000_000},
            "power_stats": {
                "approximated_consumption": {"watt": round(self.machine.power_w)},
                "efficiency": {"joule_per_terahash": 29.4},
            },
        }

    def _shares(self) -> dict[str, Any]:
        accepted = int(self.machine.uptime_s / _SHARE_S)
        return {
            "accepted_shares": accepted,
            "rejected_shares": accepted // 100,
            "stale_shares": 0,
            "last_difficulty": _DIFFICULTY,
            "best_share": 152_000_000,
            "generated_work": accepted * _DIFFICULTY,
        }

    def _rates(self, share: float) -> dict[str, Any]:
        rate = {"gigahash_per_second": round(self._ghs() * share, 2)}
        return {
            "real_hashrate": dict.fromkeys((*_STATS_AV, "since_restart"), rate),
            "nominal_hashrate": {"gigahash_per_second": 104000.0 * share},
            "error_hashrate": {"megahash_per_second": 12.5},
        }

    def _hashboards(self) -> dict[str, Any]:
        return {"hashboards": [self._hashboard(index) for index in range(BOARDS)]}

    def _hashboard(self, index: int) -> dict[str, Any]:
        return {
            "id": str(index + 1),
            "enabled": True,
            "chips_count": 126,
            "current_voltage": {"volt": 13.2},
            "current_frequency": {"hertz": 545_000_000.0},
            "highest_chip_temp": {"id": 1, "location": 1, "temperature": {"degree_c": self.chip_c - index}},
            "board_temp": {"degree_c": self.chip_c - 13.0},
            "stats": self._rates(1.0 / BOARDS),
        }

    def _mode(self, outer: str, inner: str) -> dict[str, Any]:
        return {outer: {inner: {"watt": self.target}}}

    def _tuner(self) -> dict[str, Any]:
        power = {"powertargetmodestate": {"current_target": {"watt": self.target}, "profile": None}}
        hashes = {"hashratetargetmodestate": {"current_target": {"terahash_per_second": 90.0}, "profile": None}}
        return {"overall_tuner_state": self.tuner_state, "mode_state": power if self.in_power_mode else hashes}

    def _cooling(self) -> dict[str, Any]:
        return {
            "fans": [{"position": index, "rpm": 4200 + index, "target_speed_ratio": 0.55} for index in range(4)],
            "highest_temperature": {"id": 7, "location": 1, "temperature": {"degree_c": self.chip_c}},
        }

    def _constraints(self) -> dict[str, Any]:
        return {
            "tuner_constraints": {
                "power_target": {name: {"watt": watts} for name, watts in self.limits.items()},
                "hashrate_target": {"min": {"terahash_per_second": 20.0}, "max": {"terahash_per_second": 140.0}},
                "enabled": {"default": True},
                "default_mode": 1,
            },
            "dps_constraints": {"power_step": {"min": {"watt": 100}, "max": {"watt": 1000}}},
            "hashboards_constraints": {"hashboard_ids": ["1", "2", "3"]},
        }

    def _configuration(self) -> dict[str, Any]:
        groups = [{"uid": "g1", "name": "Default", "quota": {"value": 1}, "pools": self.pools}]
        return {
            "pool_groups": groups,
            "temperature": {"auto": {"target_temperature": {"degree_c": 60.0}}},
            "tuner": {"enabled": True, "tuner_mode": 1, "power_target": {"watt": self.target}},
            "dps": {"enabled": self.dps_enabled, "power_step": {"watt": 300}, "mode": 1},
            "hashboard_config": {"quick_ramping_time_up_s": int(self.machine.hardware.boot_s), "hashboards": []},
        }

    def _pools(self) -> list[dict[str, Any]]:
        pools = [
            {
                "uid": f"p{index}",
                "url": pool["url"],
                "user": pool["user"],
                "enabled": True,
                "alive": self.pool_alive,
                "active": self.pool_alive and index == 0,
                "stats": self._shares(),
            }
            for index, pool in enumerate(self.pools)
        ]
        return [{"name": "Default", "quota": {"value": 1}, "pools": pools}]

    def _set_target(self, body: Any) -> dict[str, Any]:
        watts = body.get("watt") if isinstance(body, dict) else None
        if not isinstance(watts, int) or not self.limits["min"] <= watts <= self.limits["max"]:
            raise web.HTTPBadRequest(text="power target out of range")
        if not self.in_power_mode:
            raise web.HTTPBadRequest(text="tuner is not in power target mode")
        if self.machine.obeys:
            self.target = watts
        self.machine.set_target(float(watts))
        return {"watt": watts}

    def _set_dps(self, body: Any) -> dict[str, Any]:
        if self.machine.obeys:
            self.dps_enabled = bool(body["enable"])
        return {"enabled": self.dps_enabled, "mode": 1}

    def _pause(self, _body: Any) -> bool:
        changed = not self.machine.paused
        self.machine.pause()
        return changed

    def _resume(self, _body: Any) -> bool:
        changed = self.machine.paused
        self.machine.resume()
        return changed

    def _restart(self, _body: Any) -> bool:
        self.machine.restart()
        return True

    def _locate(self, body: Any) -> bool:
        self.light = bool(body)
        return self.light
