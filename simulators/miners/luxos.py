"""An emulated Antminer under LuxOS: cgminer's API, power profiles, sessions that exist once, and sleep.

Names and formats as in the vendor's documentation; the watts of the profiles are those of a recorded S19. What it draws
while it sleeps, and how fast it changes, is ours.
"""

from collections.abc import Callable
import json
import random
import string
from typing import Any, override

from .emulator import RpcEmulator
from .machine import Hardware

_HARDWARE = Hardware(idle_w=15.0, up_tau_s=55.0, down_tau_s=35.0, boot_s=60.0)
SESSION_S = 60.0
_LOWEST, _DEFAULT, _HIGHEST = (784, 39.2), (2794, 121.8), (4195, 163.1)
_UNDER, _OVER = 16, 8
_GHS_PER_W = 43.6
_DIFFICULTY, _SHARE_S = 16384, 12.0
_OK_CODES = {"version": 22, "logon": 316, "session": 319, "profileset": 321, "curtail": 335}
BOARDS = 3


def _between(low: tuple[int, float], high: tuple[int, float], share: float) -> tuple[int, float]:
    return round(low[0] + share * (high[0] - low[0])), round(low[1] + share * (high[1] - low[1]), 1)


def profiles() -> list[dict[str, Any]]:
    """Return the profiles of a recorded miner: sixteen below the default one, eight above."""
    under = [_between(_LOWEST, _DEFAULT, step / _UNDER) for step in range(_UNDER)]
    over = [_between(_DEFAULT, _HIGHEST, step / _OVER) for step in range(1, _OVER + 1)]
    return [
        {
            "Frequency": 545 + 25 * (index - _UNDER),
            "Hashrate": rate,
            "IsDynamic": True,
            "IsTuned": False,
            "Profile Name": "default" if index == _UNDER else f"{545 + 25 * (index - _UNDER)}MHz",
            "Step": str(index - _UNDER),
            "Voltage": round(13.4 + 0.1 * (index - _UNDER), 1),
            "Watts": watts,
        }
        for index, (watts, rate) in enumerate([*under, _DEFAULT, *over])
    ]


class LuxosEmulator(RpcEmulator):
    """One miner. `atm_enabled`, `tuning`, `pool_alive`, `joins` may be set while it runs; `commands` counts by name."""

    family = "luxos"

    def __init__(
        self,
        *,
        mac: str = "02:42:c0:00:00:01",
        clock: Callable[[], float] | None = None,
        password: str | None = None,
        model: str = "Antminer S19K Pro",
        version: str = "2025.4.8.220305",
        joins: bool = True,
        hardware: Hardware = _HARDWARE,
        randomness: random.Random | None = None,
    ) -> None:
        super().__init__(
            hardware, target_w=float(_DEFAULT[0]), mac=mac, password=password, clock=clock, randomness=randomness
        )
        self.model = model
        self.version = version
        self.joins = joins
        """Whether it takes several commands joined by a plus, as cgminer does."""
        self.profiles = profiles()
        self.profile = "default"
        self.atm_enabled = False
        self.tuning = False
        self.pool_alive = True
        self.light = "auto"
        self.board_c = 58.5
        self.pools = [{"url": "stratum+tcp://pool.example:3333", "user": "warm.s19k", "password": "x"}]
        self.commands: dict[str, int] = {}
        self._session: str | None = None
        self._session_used_s = 0.0
        self._tells: dict[str, Callable[[], dict[str, Any]]] = {
            "version": self._version,
            "config": self._config,
            "summary": self._summary,
            "power": lambda: {"POWER": [{"PSU": True, "Watts": round(self.machine.power_w)}]},
            "profiles": lambda: {"PROFILES": self.profiles},
            "temps": self._temps,
            "fans": self._fans,
            "pools": self._pools,
            "devs": self._devs,
            "stats": self._stats,
            "atm": lambda: {"ATM": [{"Enabled": self.atm_enabled, "StartupMinutes": 15}]},
            "groups": lambda: {"GROUPS": [{"GROUP": 0, "Name": "default", "Quota": 1.0}]},
            "session": lambda: {"SESSION": [{"SessionID": self._live_session() or ""}]},
            "logon": self._logon,
            "healthchipget": lambda: {"CHIPS": []},
            "voltageget": lambda: {"VOLTAGE": [{"Voltage": 13.4}]},
        }
        self._takes: dict[str, Callable[[list[str]], dict[str, Any]]] = {
            "profileset": self._profileset,
            "curtail": self._curtail,
            "atmset": self._atmset,
            "ledset": self._ledset,
            "rebootdevice": self._reboot,
            "logoff": self._logoff,
        }

    @override
    async def answer(self, request: bytes) -> bytes | None:
        asked = json.loads(request)
        command, parameter = str(asked.get("command")), asked.get("parameter")
        if "+" in command and self.joins:
            told: dict[str, Any] = {part: [self._run(part, parameter)] for part in command.split("+")} | {"id": 1}
        else:
            told = self._run(command, parameter)
        return json.dumps(told).encode() + b"\0"

    def _run(self, command: str, parameter: Any) -> dict[str, Any]:
        self.commands[command] = self.commands.get(command, 0) + 1
        try:
            told = self._told(command, parameter)
        except ValueError as error:
            return self._signed("E", str(error), 14)
        return told | self._signed("S", f"LUXminer {command}", _OK_CODES.get(command, 9))

    def _told(self, command: str, parameter: Any) -> dict[str, Any]:
        if command in self._tells:
            return self._tells[command]()
        if command in self._takes:
            return self._take(command, str(parameter or ""))
        raise ValueError("Invalid command")

    def _signed(self, status: str, message: str, code: int) -> dict[str, Any]:
        state = {
            "Code": code,
            "Description": f"LUXminer {self.version}-ef17c0c4",
            "Msg": message,
            "STATUS": status,
            "When": 1_795_000_000 + int(self.clock()),
        }
        return {"STATUS": [state], "id": 1}

    def _live_session(self) -> str | None:
        if self._session is not None and self.clock() - self._session_used_s > SESSION_S:
            self._session = None
        return self._session

    def _logon(self) -> dict[str, Any]:
        if self._live_session() is not None:
            raise ValueError("Another session is active")
        self._session = "".join(self.random.choices(string.ascii_letters + string.digits, k=8))
        self._session_used_s = self.clock()
        return {"SESSION": [{"SessionID": self._session}]}

    def _take(self, command: str, parameter: str) -> dict[str, Any]:
        session, *arguments = parameter.split(",")
        if self._live_session() is None or session != self._session:
            raise ValueError("Invalid session ID")
        self._session_used_s = self.clock()
        told = self._takes[command](arguments)
        self.writes.append((command, ",".join(arguments)))
        return told

    def _logoff(self, _arguments: list[str]) -> dict[str, Any]:
        self._session = None
        return {}

    def _profileset(self, arguments: list[str]) -> dict[str, Any]:
        chosen = self._chosen(arguments[0])
        if self.machine.obeys:
            self.profile = chosen["Profile Name"]
        self.machine.set_target(float(chosen["Watts"]))
        return {"PROFILE": [{"Board": 0, "FrequencyStep": 5, "Profile": chosen["Profile Name"], "VoltageStep": 0.05}]}

    def _chosen(self, selector: str) -> dict[str, Any]:
        for profile in self.profiles:
            if selector in {profile["Profile Name"], f"{profile['Watts']}W"}:
                return profile
        raise ValueError("Profile not found")

    def _curtail(self, arguments: list[str]) -> dict[str, Any]:
        asleep = arguments[0] == "sleep"
        if asleep == self.machine.paused:
            raise ValueError(f"Miner is already {'sleeping' if asleep else 'awake'}")
        if asleep:
            self.machine.pause()
        else:
            self.machine.resume()
        return {"CURTAIL": [{"Action": "sleep mode" if asleep else "wake up"}]}

    def _atmset(self, arguments: list[str]) -> dict[str, Any]:
        if self.machine.obeys:
            self.atm_enabled = dict(argument.split("=") for argument in arguments)["enabled"] == "true"
        return {"ATM": [{"Enabled": self.atm_enabled}]}

    def _ledset(self, arguments: list[str]) -> dict[str, Any]:
        self.light = arguments[1]
        return {"LED": [{"Color": arguments[0], "State": arguments[1]}]}

    def _reboot(self, _arguments: list[str]) -> dict[str, Any]:
        self.machine.restart()
        self._session = None
        return {"REBOOTDEVICE": [{"REBOOT": "OK"}]}

    def _ghs(self) -> float:
        return round((self.machine.power_w - self.machine.hardware.idle_w) * _GHS_PER_W, 2) if self.pool_alive else 0.0

    def _version(self) -> dict[str, Any]:
        told = {
            "API": "3.7",
            "CompileTime": "Tue Apr 08 22:03:05 UTC 2025",
            "LUXminer": f"{self.version}-ef17c0c4",
            "Miner": self.version,
            "Type": self.model,
        }
        return {"VERSION": [told]}

    def _config(self) -> dict[str, Any]:
        told = {
            "ASC Count": BOARDS,
            "ControlBoardType": "CVITek",
            "CurtailMode": "Sleep" if self.machine.paused else "None",
            "GreenLed": "auto",
            "Hostname": "warm-s19k",
            "IsAtmEnabled": self.atm_enabled,
            "IsPowerSupplyOn": not self.machine.paused,
            "IsPowerTargetSupported": False,
            "IsTuning": self.tuning,
            "MACAddr": self.mac,
            "Model": self.model,
            "NameplateTHS": _DEFAULT[1],
            "OS": "LuxOS",
            "PowerLimit": 0,
            "Profile": self.profile,
            "ProfileStep": next(p["Step"] for p in self.profiles if p["Profile Name"] == self.profile),
            "RedLed": self.light,
            "SerialNumber": "JYZZB0UBDJABF0001",
            "SystemStatus": "Mining" if self.machine.work_share > 0.0 else "Initializing",
        }
        return {"CONFIG": [told]}

    def _shares(self) -> int:
        return int(self.machine.uptime_s / _SHARE_S)

    def _summary(self) -> dict[str, Any]:
        told = {
            "Accepted": self._shares(),
            "Best Share": 5_120_000,
            "Difficulty Accepted": self._shares() * _DIFFICULTY,
            "Difficulty Rejected": 0,
            "Elapsed": int(self.machine.uptime_s),
            "GHS 30m": self._ghs(),
            "GHS 5s": self._ghs(),
            "GHS av": self._ghs(),
            "Hardware Errors": 3,
            "Rejected": 1,
            "Stale": 0,
            "Total MH": 0,
        }
        return {"SUMMARY": [told]}

    def _temps(self) -> dict[str, Any]:
        boards = [
            {
                "BottomLeft": self.board_c - 6.0,
                "BottomRight": 0,
                "ID": index,
                "TEMP": index,
                "TopLeft": self.board_c - index,
                "TopRight": self.board_c - 8.0,
            }
            for index in range(BOARDS)
        ]
        return {"METADATA": [{"Label": "Board Exhaust", "TopLeft": "x"}], "TEMPS": boards}

    def _fans(self) -> dict[str, Any]:
        return {
            "FANS": [
                {"Connector": f"J{index}", "FAN": index, "ID": index, "RPM": 3900, "Speed": 60} for index in range(4)
            ]
        }

    def _pools(self) -> dict[str, Any]:
        pools = [
            {
                "Accepted": self._shares(),
                "Difficulty Accepted": self._shares() * _DIFFICULTY,
                "GROUP": 0,
                "POOL": index,
                "Rejected": 1,
                "Status": "Alive" if self.pool_alive else "Dead",
                "Stratum Active": self.pool_alive and index == 0,
                "Stratum Difficulty": _DIFFICULTY,
                "URL": pool["url"],
                "User": pool["user"],
            }
            for index, pool in enumerate(self.pools)
        ]
        return {"POOLS": pools}

    def _devs(self) -> dict[str, Any]:
        boards = [
            {
                "ASC": index,
                "ID": index,
                "IsRamping": self.machine.booting,
                "MHS 5s": self._ghs() / BOARDS * 1e3,
                "Nominal MHS": _DEFAULT[1] / BOARDS * 1e6,
                "SerialNumber": f"BOARD{index}",
                "Status": "Alive",
                "Temperature": self.board_c - index,
            }
            for index in range(BOARDS)
        ]
        return {"DEVS": boards}

    def _stats(self) -> dict[str, Any]:
        boards = {f"chain_rate{index + 1}": round(self._ghs() / BOARDS, 2) for index in range(BOARDS)}
        return {
            "STATS": [
                {"Type": self.model, "Miner": "uart_trans.1.3"},
                {"STATS": 0, "ID": "BTM_SOC0", "Elapsed": int(self.machine.uptime_s), "GHS 5s": self._ghs()} | boards,
            ]
        }
