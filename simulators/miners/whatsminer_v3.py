"""An emulated Whatsminer of API 3: length-prefixed JSON, signed writes, percents as text."""

import asyncio
import base64
from collections.abc import Callable
import hashlib
import json
from typing import Any, override

from .emulator import RpcEmulator
from .machine import Hardware

LIMIT_W = 3600.0
JOULE_PER_TERAHASH = 18.5


class WhatsminerV3Emulator(RpcEmulator):
    """One Whatsminer."""

    family = "whatsminer_v3"
    username = "super"

    def __init__(
        self,
        *,
        mac: str = "CE:02:01:00:00:01",
        clock: Callable[[], float] | None = None,
        password: str = "heat-my-home",  # noqa: S107 - of a machine that does not exist
        model: str = "M60S_VK40",
        fast_boot: bool = True,
        firmware: str = "20251209.16.Rel2",
    ) -> None:
        hardware = Hardware(idle_w=35.0, up_tau_s=120.0, down_tau_s=60.0, boot_s=240.0)
        super().__init__(hardware, target_w=LIMIT_W, mac=mac, password=password, clock=clock)
        self.model = model
        self.firmware = firmware
        self.fast_boot = fast_boot
        self.api_on = True
        self.percent = 100
        self.limit_w = LIMIT_W
        self.light = "auto"
        self.salt = "5QAHiKMb"
        self.pools = [
            {"url": f"stratum+tcp://pool{index}.example:3333", "user": "owner.whats", "pass": f"secret {index}"}
            for index in range(3)
        ]

    @override
    async def read_request(self, reader: asyncio.StreamReader) -> bytes:
        return await reader.readexactly(int.from_bytes(await reader.readexactly(4), "little"))

    @override
    async def answer(self, request: bytes) -> bytes:
        try:
            asked = json.loads(request)
        except ValueError:
            asked = None
        asked = asked if isinstance(asked, dict) else {}
        command = str(asked.get("cmd"))
        self.requests[command] += 1
        code, said = self._answer(command, asked)
        body = json.dumps({"code": code, "when": 1763800000, "msg": said, "desc": command}).encode()
        return len(body).to_bytes(4, "little") + body

    def _answer(self, command: str, asked: dict[str, Any]) -> tuple[int, Any]:
        if command == "get.device.info":
            return self._device_info(asked.get("param"))
        if command == "get.miner.status":
            return self._miner_status(asked.get("param"))
        if command.startswith("set."):
            return self._order(command, asked)
        return -2, "invalid command"

    def _device_info(self, section: str | None) -> tuple[int, Any]:
        sections: dict[str, Any] = {
            "network": {"ip": self.host, "proto": "dhcp", "mac": self.mac, "hostname": "WhatsMiner"},
            "miner": {
                "working": "false" if self.machine.paused else "true",
                "type": self.model,
                "hash-board": "K40",
                "cointype": "BTC",
                "pool-strategy": "FAILOVER",
                "heatmode": "",
                "hash-percent": "0",
                "fast-boot": "enable" if self.fast_boot else "disable",
                "board-num": "3",
                "miner-sn": "HTM60S0001",
                "power-limit-set": "",
            },
            "system": {
                "api": "3.0.2",
                "platform": "H616",
                "fwversion": self.firmware,
                "control-board-version": "CB6V5",
                "apiswitch": "1" if self.api_on else "0",
                "ledstatus": self.light,
            },
            "power": {"type": "P566Z", "pin": round(self.machine.power_w), "fanspeed": 6000, "temp0": 55.0},
            "salt": self.salt,
            "error-code": [],
        }
        if section is None:
            return 0, sections
        return (0, {section: sections[section]}) if section in sections else (-2, f"invalid param: {section}")

    def _miner_status(self, parameter: object) -> tuple[int, Any]:
        if not parameter:
            return -3, "param item is null"
        parts = {"summary": self._summary, "pools": self._pools, "edevs": self._edevs}
        asked = str(parameter).split("+")
        if any(part not in parts for part in asked):
            return -2, f"invalid param: {parameter}"
        return 0, {part: parts[part]() for part in asked}

    @property
    def rate_ths(self) -> float:
        """Return the hash rate of now."""
        work_w = self.machine.power_w - self.machine.hardware.idle_w
        return work_w / JOULE_PER_TERAHASH if work_w > 1.0 else 0.0

    def _summary(self) -> dict[str, Any]:
        rate, share = self.rate_ths, min(self.machine.work_share, 1.1)
        return {
            "elapsed": int(self.machine.uptime_s),
            "bootup-time": int(self.machine.uptime_s),
            "freq-avg": 650,
            "target-freq": 660,
            "factory-hash": 194.0,
            **dict.fromkeys(("hash-average", "hash-1min", "hash-15min", "hash-realtime"), rate),
            "power-rate": JOULE_PER_TERAHASH,
            "power-5min": round(self.machine.power_w),
            "power-realtime": round(self.machine.power_w),
            "environment-temperature": 22.5,
            "board-temperature": [25.0 + 45.0 * share] * 3,
            "chip-temp-min": 30.0 + 40.0 * share,
            "chip-temp-avg": 32.0 + 45.0 * share,
            "chip-temp-max": 35.0 + 55.0 * share,
            "power-limit": round(self.limit_w),
            "up-freq-finish": 0 if self.machine.booting or share < 0.8 else 1,
            "fan-speed-in": 4980,
            "fan-speed-out": 5070,
        }

    def _pools(self) -> list[dict[str, Any]]:
        return [
            {
                "id": index + 1,
                "url": pool["url"],
                "status": "alive",
                "account": pool["user"],
                "stratum-active": index == 0,
                "reject-rate": 0,
                "last-share-time": 1763800000,
            }
            for index, pool in enumerate(self.pools)
        ]

    def _edevs(self) -> list[dict[str, Any]]:
        return [
            {
                "id": slot,
                "slot": slot,
                "hash-average": self.rate_ths / 3,
                "factory-hash": 64.0,
                "freq": 650,
                "effective-chips": 156,
                "chip-temp-min": 66.0,
                "chip-temp-avg": 76.0,
                "chip-temp-max": 84.0,
            }
            for slot in range(3)
        ]

    def _order(self, command: str, asked: dict[str, Any]) -> tuple[int, Any]:
        signed = f"{command}{self.password}{self.salt}{asked.get('ts')}".encode()
        proof = base64.b64encode(hashlib.sha256(signed).digest()).decode()[:8]
        if not self.api_on:
            return -4, "no permission"
        if asked.get("account") != self.username or asked.get("token") != proof:
            return -1, "check token error"
        orders: dict[str, Callable[[Any], bool]] = {
            "set.miner.power_percent": self._set_percent,
            "set.miner.power_limit": self._set_limit,
            "set.miner.service": self._service,
            "set.system.reboot": self._reboot,
            "set.system.led": self._set_led,
        }
        if command not in orders:
            return -2, "invalid command"
        self.writes.append((command, asked.get("param")))
        return (0, "ok") if orders[command](asked.get("param")) else (-1, "fail")

    def _set_percent(self, parameter: Any) -> bool:
        percent = parameter.get("percent") if isinstance(parameter, dict) else None
        if not isinstance(percent, str) or not percent.isdigit() or int(percent) > 100:
            return False
        if self.machine.obeys:
            self.percent = int(percent)
            self.machine.set_target(self.limit_w * self.percent / 100.0, restarts=not self.fast_boot)
        return True

    def _set_limit(self, parameter: Any) -> bool:
        if not isinstance(parameter, int | float) or not 0 < parameter <= LIMIT_W:
            return False
        if self.machine.obeys:
            self.limit_w = float(parameter)
            self.machine.set_target(self.limit_w, restarts=True)
        return True

    def _service(self, parameter: Any) -> bool:
        if parameter == "stop":
            self.machine.pause()
        elif parameter == "start":
            self.machine.resume()
        return parameter in {"stop", "start"}

    def _reboot(self, _: Any) -> bool:
        self.percent = 100
        self.machine.set_target(self.limit_w, restarts=True)
        return True

    def _set_led(self, parameter: Any) -> bool:
        self.light = "auto" if parameter == "auto" else "manual"
        return True
