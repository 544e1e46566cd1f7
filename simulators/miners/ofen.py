"""An emulated 21energy Ofen with the summary of new firmware, or of old on request."""

from collections.abc import Callable
from typing import Any, override

from aiohttp import web

from .emulator import WebEmulator
from .machine import Hardware

TIER_W = (1150.0, 1600.0, 2050.0, 2500.0, 2900.0)
JOULE_PER_TERAHASH = 24.0
PREFIX = "/21control"


class OfenEmulator(WebEmulator):
    """One Ofen; `old` answers as firmware before 0.4."""

    family = "ofen"

    def __init__(
        self,
        *,
        mac: str = "2a:21:00:00:00:01",
        clock: Callable[[], float] | None = None,
        password: str | None = None,
        model: str = "Ofen 2",
        old: bool = False,
    ) -> None:
        hardware = Hardware(idle_w=18.0, up_tau_s=45.0, down_tau_s=30.0, boot_s=120.0)
        super().__init__(hardware, target_w=TIER_W[2], mac=mac, password=password, clock=clock)
        self.model = model
        self.serial = f"OFEN-{mac.replace(':', '').upper()}"
        self.old = old
        self.tier = 2
        self.pools = {"url1": "stratum+tcp://pool.example:3333", "user1": "owner.ofen", "url2": "", "user2": ""}

    @override
    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(f"{PREFIX}/status/system", self._system),
            web.get(f"{PREFIX}/heater/status/summary", self._summary),
            web.get(f"{PREFIX}/heater/powerTarget", self._power_target),
            web.get(f"{PREFIX}/heater/powerTarget/watt", self._power_target_watt),
            web.post(f"{PREFIX}/heater/powerTarget/{{tier}}", self._set_power_target),
            web.post(f"{PREFIX}/heater/enable", self._enable),
            web.get(f"{PREFIX}/heater/poolConfig", self._pool_config),
        ]

    async def _system(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                "model": self.model,
                "productId": f"21energy {self.serial}",
                "version": "0.3.9" if self.old else "0.4.6",
                "isPaired": True,
            }
        )

    async def _summary(self, _: web.Request) -> web.Response:
        return web.json_response(self._old_summary() if self.old else self._new_summary())

    def _hash_rate_ghs(self) -> float:
        work_w = self.machine.power_w - self.machine.hardware.idle_w
        return max(work_w, 0.0) / JOULE_PER_TERAHASH * 1000.0 if work_w > 1.0 else 0.0

    def _old_summary(self) -> dict[str, Any]:
        rate_mhs = self._hash_rate_ghs() * 1000.0
        summary: dict[str, Any] = {
            "foundBlocks": 0,
            "poolStatus": "active",
            "power": {"limitW": TIER_W[self.tier] * 3, "approxConsumptionW": round(self.machine.power_w)},
            "realHashrate": dict.fromkeys(("mhs5S", "mhs1M", "mhs5M", "mhs15M", "mhs24H", "mhsAv"), rate_mhs),
        }
        return summary if self.machine.paused else summary | {"tunerStatus": "stable"}

    def _new_summary(self) -> dict[str, Any]:
        rate_ghs = self._hash_rate_ghs()
        chip_c = 25.0 + 40.0 * min(self.machine.work_share, 1.1)
        window = {"gigahash_per_second": rate_ghs}
        last = {
            "id": "device-0",
            "pool_stats": {
                "accepted_shares": int(self.machine.energy_ws / 1e5),
                "rejected_shares": 1,
                "stale_shares": 0,
                "last_difficulty": 65536,
                "best_share": 812345678,
                "generated_work": 4711,
                "last_share_time": {"seconds": 1763800000, "nanos": 5},
            },
            "miner_stats": {
                "found_blocks": 0,
                "real_hashrate": dict.fromkeys(
                    ("last_5s", "last_1m", "last_5m", "last_15m", "last_24h", "since_restart"), window
                ),
            },
            "power_stats": {
                "approximated_consumption": {"watt": round(self.machine.power_w)},
                "efficiency": {"joule_per_terahash": JOULE_PER_TERAHASH},
            },
            "fans": [{"position": 0, "rpm": 1480, "target_speed_ratio": 0.35}],
            "highest_temperature": {"location": 1, "temperature": {"degree_c": chip_c}},
        }
        return {
            "forge": {"version": "1.2"},
            "miningDevices": {
                "enabled": 0 if self.machine.paused else 1,
                "powerTargetW": TIER_W[self.tier] * 3,
                "powerConsumptionW": round(self.machine.power_w),
                "hashRate": rate_ghs,
                "maxChipTemperature": chip_c,
                "minChipTemperature": chip_c - 6.0,
                "lastSummaries": [last],
            },
        }

    async def _power_target(self, _: web.Request) -> web.Response:
        return web.json_response(self.tier)

    async def _power_target_watt(self, _: web.Request) -> web.Response:
        return web.Response(text=f"{TIER_W[self.tier] * 3:g}W")

    async def _set_power_target(self, request: web.Request) -> web.Response:
        tier = request.match_info["tier"]
        if tier not in {"0", "1", "2", "3", "4"}:
            raise web.HTTPBadRequest(text="power target out of range")
        self.writes.append(("powerTarget", int(tier)))
        if self.machine.obeys:
            self.tier = int(tier)
            self.machine.set_target(TIER_W[self.tier])
        return web.Response(text="OK")

    async def _enable(self, request: web.Request) -> web.Response:
        enabled = (await request.json())["enabled"]
        self.writes.append(("enable", enabled))
        if enabled:
            self.machine.resume()
        else:
            self.machine.pause()
        return web.Response(text="OK")

    async def _pool_config(self, _: web.Request) -> web.Response:
        return web.json_response(self.pools)
