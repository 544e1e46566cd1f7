"""An emulated Whatsminer of API 2: plain reads, encrypted writes, percents, and an API that must be switched on."""

from collections.abc import Callable
import json
from typing import Any, override

from .emulator import RpcEmulator
from .machine import Hardware
from .whatsminer_secrets import NEW_SALT, SALT, TIME, Secrets

LIMIT_W = 3400.0
JOULE_PER_TERAHASH = 38.0
TOKEN_S = 1800.0
WHEN = 1763800000


class WhatsminerV2Emulator(RpcEmulator):
    """One Whatsminer; `old` firmware lacks the smooth form of setting percents."""

    family = "whatsminer_v2"
    username = "admin"

    def __init__(
        self,
        *,
        mac: str = "C6:07:20:00:00:01",
        clock: Callable[[], float] | None = None,
        password: str = "heat-my-home",  # noqa: S107 - of a machine that does not exist
        model: str = "M30S_V10",
        fast_boot: bool = True,
        old: bool = False,
        firmware: str = "20230922.13.REL",
    ) -> None:
        hardware = Hardware(idle_w=30.0, up_tau_s=120.0, down_tau_s=60.0, boot_s=240.0)
        super().__init__(hardware, target_w=LIMIT_W, mac=mac, password=password, clock=clock)
        self.model = model
        self.firmware = firmware
        self.fast_boot = fast_boot
        self.old = old
        self.api_on = True
        self.percent = 100
        self.limit_w = LIMIT_W
        self.light = "auto"
        self.pools = [
            {"url": f"stratum+tcp://pool{index}.example:3333", "user": "owner.whats", "pass": f"secret {index}"}
            for index in range(3)
        ]
        self._tokens: dict[str, float] = {}

    @override
    async def answer(self, request: bytes) -> bytes:
        try:
            asked = json.loads(request)
        except ValueError:
            asked = None
        if not isinstance(asked, dict):
            return _json(self._no(23, "invalid json"))
        if asked.get("enc") == 1:
            return self._answer_secret(str(asked.get("data")))
        return _json(self._answer_plain(asked))

    def _answer_secret(self, data: str) -> bytes:
        secrets = Secrets(self.password or "")
        try:
            asked = json.loads(secrets.unseal(data))
        except ValueError:
            self.requests["enc"] += 1
            return _json(self._no(23, "enc json load err"))
        answer = self._answer_order(asked)
        return _json({"enc": secrets.seal(json.dumps(answer).encode())})

    def _answer_plain(self, asked: dict[str, Any]) -> dict[str, Any]:
        command = str(asked.get("cmd") or asked.get("command"))
        self.requests[command] += 1
        reads: dict[str, Callable[[], dict[str, Any]]] = {
            "summary": self._summary,
            "pools": self._pools,
            "devs": self._devs,
            "edevs": self._devs,
            "devdetails": self._devdetails,
            "status": self._status,
            "get_version": self._version,
            "get_miner_info": self._info,
            "get_psu": lambda: self._yes({"name": "P221B", "model": "P221B", "fan_speed": "7120", "vin": "23000"}),
            "get_error_code": lambda: self._yes({"error_code": []}),
            "get_token": self._get_token,
        }
        answer = reads.get(command)
        return answer() if answer is not None else self._no(14, "invalid cmd")

    def _answer_order(self, asked: dict[str, Any]) -> dict[str, Any]:
        command = str(asked.get("cmd") or asked.get("command"))
        self.requests[command] += 1
        if command == "status":
            return self._status()
        if not self.api_on or self.password == "admin":  # noqa: S105 - the factory's
            return self._no(45, "permission denied")
        if self._tokens.get(str(asked.get("token")), -1.0) < self.clock():
            return self._no(135, "check token error")
        return self._obey(command, asked)

    def _obey(self, command: str, asked: dict[str, Any]) -> dict[str, Any]:
        orders: dict[str, Callable[[dict[str, Any]], bool]] = {
            "set_power_pct": self._set_percent,
            "adjust_power_limit": self._set_limit,
            "power_off": self._power_off,
            "power_on": self._power_on,
            "reboot": self._reboot,
            "set_led": self._set_led,
        }
        if not self.old:
            orders["set_power_pct_v2"] = self._set_percent
        order = orders.get(command)
        if order is None:
            return self._no(14, "invalid cmd")
        self.writes.append(
            (command, {key: value for key, value in asked.items() if key not in {"token", "cmd", "command"}})
        )
        return self._yes("API command OK") if order(asked) else self._no(132, "API command ERROR")

    def _set_percent(self, asked: dict[str, Any]) -> bool:
        percent = asked.get("percent")
        if not isinstance(percent, str) or not percent.isdigit() or not 0 <= int(percent) <= 100:
            return False
        if self.machine.obeys:
            self.percent = int(percent)
            self.machine.set_target(self.limit_w * self.percent / 100.0, restarts=not self.fast_boot)
        return True

    def _set_limit(self, asked: dict[str, Any]) -> bool:
        limit = str(asked.get("power_limit"))
        if not limit.isdigit() or int(limit) > LIMIT_W:
            return False
        if self.machine.obeys:
            self.limit_w = float(limit)
            self.machine.set_target(self.limit_w, restarts=True)
        return True

    def _power_off(self, asked: dict[str, Any]) -> bool:
        self.machine.pause()
        return asked.get("respbefore") in {None, "true", "false"}

    def _power_on(self, _: dict[str, Any]) -> bool:
        self.machine.resume()
        return True

    def _reboot(self, _: dict[str, Any]) -> bool:
        self.percent = 100
        self.machine.set_target(self.limit_w, restarts=True)
        return True

    def _set_led(self, asked: dict[str, Any]) -> bool:
        self.light = "auto" if asked.get("param") == "auto" else "manual"
        return True

    def _get_token(self) -> dict[str, Any]:
        if not self.api_on:
            return self._no(45, "can't access write cmd")
        self._tokens = {Secrets(self.password or "").sign: self.clock() + TOKEN_S}
        said = {"time": TIME, "salt": SALT, "newsalt": NEW_SALT}
        return self._yes(said, code=134)

    def _yes(self, said: Any, *, code: int = 131) -> dict[str, Any]:
        return {"STATUS": "S", "When": WHEN, "Code": code, "Msg": said, "Description": ""}

    def _no(self, code: int, said: str) -> dict[str, Any]:
        return {"STATUS": "E", "When": WHEN, "Code": code, "Msg": said, "Description": "whatsminer v1.1"}

    @property
    def rate_mhs(self) -> float:
        """Return the hash rate of now."""
        work_w = self.machine.power_w - self.machine.hardware.idle_w
        return work_w / JOULE_PER_TERAHASH * 1e6 if work_w > 1.0 else 0.0

    def _summary(self) -> dict[str, Any]:
        rate, share = self.rate_mhs, min(self.machine.work_share, 1.1)
        shares = int(self.machine.energy_ws / 1e5)
        row = {
            "Elapsed": int(self.machine.uptime_s),
            **dict.fromkeys(("MHS av", "MHS 5s", "MHS 1m", "MHS 5m", "MHS 15m", "HS RT"), rate),
            "Found Blocks": 0,
            "Accepted": shares,
            "Rejected": 1,
            "Stale": 0,
            "Difficulty Accepted": shares * 65536.0,
            "Best Share": 123456789,
            "Temperature": 25.0 + 50.0 * share,
            "freq_avg": 650,
            "Fan Speed In": 4200,
            "Fan Speed Out": 4260,
            "Power": round(self.machine.power_w),
            "Device Hardware%": 0.0,
            "Uptime": int(self.machine.uptime_s),
            "Target Freq": 660,
            "Env Temp": 22.5,
            "Power Mode": "Normal",
            "Factory GHS": 88000,
            "Power Limit": round(self.limit_w),
            "Chip Temp Min": 30.0 + 40.0 * share,
            "Chip Temp Max": 35.0 + 55.0 * share,
            "Chip Temp Avg": 32.0 + 45.0 * share,
            "Btminer Fast Boot": "enable" if self.fast_boot else "disable",
            "Upfreq Complete": 0 if self.machine.booting or share < 0.8 else 1,
            "Firmware Version": f"'{self.firmware}'",
            "MAC": self.mac,
        }
        return {"STATUS": [{"STATUS": "S", "Msg": "Summary"}], "SUMMARY": [row], "id": 1}

    def _pools(self) -> dict[str, Any]:
        rows = [
            {
                "POOL": index + 1,
                "URL": pool["url"],
                "Status": "Alive",
                "Priority": index,
                "Quota": 1,
                "User": pool["user"],
                "Accepted": 5,
                "Rejected": 0,
                "Stratum Active": index == 0,
                "Stratum URL": pool["url"].partition("://")[2].partition(":")[0],
            }
            for index, pool in enumerate(self.pools)
        ]
        return {"STATUS": [{"STATUS": "S", "Msg": "3 Pool(s)"}], "POOLS": rows, "id": 1}

    def _devs(self) -> dict[str, Any]:
        rows = [
            {
                "ASC": slot,
                "Slot": slot,
                "Enabled": "Y",
                "Status": "Alive",
                "Temperature": 70.0,
                "MHS av": self.rate_mhs / 3,
                "Factory GHS": 29333,
                "Chip Temp Max": 84.0,
                "Chip Temp Min": 66.0,
                "Chip Temp Avg": 76.0,
                "Effective Chips": 148,
                "PCB SN": f"PCB00{slot}",
            }
            for slot in range(3)
        ]
        return {"STATUS": [{"STATUS": "S", "Msg": "3 ASC(s)"}], "DEVS": rows, "id": 1}

    def _devdetails(self) -> dict[str, Any]:
        rows = [
            {"DEVDETAILS": slot, "Name": "SM", "ID": slot, "Driver": "bitmicro", "Kernel": "", "Model": self.model}
            for slot in range(3)
        ]
        return {"STATUS": [{"STATUS": "S", "Msg": "Device Details"}], "DEVDETAILS": rows, "id": 1}

    def _status(self) -> dict[str, Any]:
        off = "true" if self.machine.paused else "false"
        return self._yes({"btmineroff": off, "mineroff": off, "Firmware Version": f"'{self.firmware}'"})

    def _version(self) -> dict[str, Any]:
        said = {
            "api_ver": "2.0.5",
            "fw_ver": self.firmware,
            "platform": "H6OS",
            "chip": "K34",
            "miner_type": self.model,
        }
        return self._yes(said)

    def _info(self) -> dict[str, Any]:
        return self._yes(
            {
                "ip": self.host,
                "proto": "dhcp",
                "netmask": "255.255.255.0",
                "gateway": "192.168.1.1",
                "dns": "192.168.1.1",
                "hostname": "WhatsMiner",
                "mac": self.mac,
                "ledstat": self.light,
                "minersn": "HTM30S0001",
            }
        )


def _json(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer).encode()
