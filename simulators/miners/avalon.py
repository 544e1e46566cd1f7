"""An emulated Avalon Nano 3S, Mini 3 or Q: cgminer's API as these devices speak it, with their odd statistics."""

from collections.abc import Callable
from dataclasses import dataclass
import json
import time
from typing import Any, override

from .emulator import RpcEmulator
from .machine import Hardware

STALE_IDLE_W = 146
VERSION = {"CGMiner": "4.11.1", "API": "3.7"}


@dataclass(frozen=True, kw_only=True)
class Avalon:
    """One model; `watts` and `rates_ghs` by the level it is set to."""

    product: str
    model: str
    hardware: str
    key: str
    watts: dict[int, float]
    rates_ghs: dict[int, float]
    fans: int


MODELS = {
    "nano3s": Avalon(
        product="Avalon Nano3s", model="Nano3s", hardware="N_MM1v1_X1", key="workmode", fans=1,
        watts={0: 66.0, 1: 101.0, 2: 133.0}, rates_ghs={0: 3200.0, 1: 4900.0, 2: 6600.0},
    ),
    "mini3": Avalon(
        product="Avalon Mini3", model="Mini3", hardware="M_MM1v1_X1", key="worklevel", fans=1,
        watts={-1: 450.0, 0: 850.0}, rates_ghs={-1: 24000.0, 0: 40000.0},
    ),
    "q": Avalon(
        product="Avalon Q", model="Q", hardware="Q_MM1v1_X1", key="workmode", fans=4,
        watts={0: 800.0, 1: 1300.0, 2: 1674.0}, rates_ghs={0: 55000.0, 1: 80000.0, 2: 90000.0},
    ),
}  # fmt: skip


class AvalonEmulator(RpcEmulator):
    """One Avalon. `lies_idle` has it tell stale watts at rest; its time of day begins at ours and follows its clock."""

    family = "avalon"

    def __init__(
        self,
        *,
        mac: str = "e0:e1:a9:3e:d5:89",
        clock: Callable[[], float] | None = None,
        password: str | None = None,
        model: str = "q",
    ) -> None:
        self.model = MODELS[model]
        self.workmode = 1 if model == "mini3" else 2
        self.worklevel = 0
        hardware = Hardware(idle_w=4.0 if model == "nano3s" else 12.0, up_tau_s=45.0, down_tau_s=30.0, boot_s=180.0)
        super().__init__(hardware, target_w=self.level_w, mac=mac, password=password, clock=clock)
        self.pools = [
            {"URL": "stratum+tcp://public-pool.io:21496", "User": "bc1qexample.avalon", "Pass": "x"},
            {"URL": "stratum+tcp://solo.ckpool.org:3333", "User": "bc1qexample.avalon", "Pass": "x"},
        ]
        self.fan_speed = -1
        self.fan_error = 0
        self.supply_error = 0
        self.lies_idle = False
        self.hangs_up_on_wake = True
        self._offset_s = time.time() - self.clock()
        self._soft_off = False
        self._due: tuple[int, bool] | None = None

    def wall(self) -> float:
        """Return the device's time of day, Unix time in s."""
        return self._offset_s + self.clock()

    @property
    def level(self) -> int:
        """Return the level it is set to, by the key its model uses."""
        return self.workmode if self.model.key == "workmode" else self.worklevel

    @property
    def level_w(self) -> float:
        """Return what the level in force draws."""
        return self.model.watts[self.level]

    @property
    def work(self) -> str:
        """Return what it says it is at."""
        if self._soft_off:
            return "In Idle"
        return "In Init" if self.machine.booting else "In Work"

    @override
    async def answer(self, request: bytes) -> bytes | None:
        self._look_at_the_clock()
        try:
            asked = json.loads(request)
            command, parameter = str(asked["command"]), str(asked.get("parameter", ""))
        except ValueError, KeyError, TypeError:
            return self._framed("E", 23, "Invalid JSON")
        self.requests[command] += 1
        if command == "ascset":
            return self._ascset(parameter)
        told = {
            "version": self.version,
            "summary": self.summary,
            "estats": self.stats,
            "stats": self.stats,
            "litestats": self.stats,
            "devs": self.devs,
            "pools": self.pool_list,
        }.get(command)
        return self._framed("E", 14, "Invalid command") if told is None else self._framed("S", 70, command, **told())

    def _framed(self, status: str, code: int, said: str, **told: Any) -> bytes:
        head = {"STATUS": status, "When": int(self.wall()), "Code": code, "Msg": said}
        answer = {"STATUS": [head | {"Description": "cgminer 4.11.1"}], **told, "id": 1}
        return json.dumps(answer).encode() + b"\0"

    def _ascset(self, parameter: str) -> bytes | None:
        _, _, rest = parameter.partition(",")
        what, _, value = rest.partition(",")
        value = value.removeprefix("set,")
        self.writes.append((what, value))
        if self.machine.obeys and not self._obey(what, value):
            return self._framed("E", 120, f"ASC 0 set failed: {what}")
        if what in {"softon", "reboot"} and self.hangs_up_on_wake:
            return None
        return self._framed("S", 119, "ASC 0 set OK")

    def _obey(self, what: str, value: str) -> bool:
        try:
            step = int(value.rpartition(":")[2])
        except ValueError:
            return False
        if what in {"softoff", "softon"}:
            self._due = (step, what == "softoff")
        elif what == "reboot":
            self._soft_off = False
            self.machine.paused = False
            self.machine.restart()
        elif what == "fan-spd" and (step == -1 or 25 <= step <= 100):
            self.fan_speed = step
        else:
            return self._set_level(what, step)
        self._look_at_the_clock()
        return True

    def _set_level(self, what: str, step: int) -> bool:
        """Take a work mode or level; the Mini 3 knows both, and its watts follow the level."""
        known = set(self.model.watts) if what == self.model.key else {0, 1, 2}
        if what not in {"workmode", "worklevel"} or step not in known:
            return False
        setattr(self, what, step)
        self.machine.set_target(self.level_w)
        return True

    def _look_at_the_clock(self) -> None:
        """Do what was ordered for a time that has come."""
        if self._due is None or self.wall() < self._due[0]:
            return
        self._soft_off, self._due = self._due[1], None
        if self._soft_off:
            self.machine.pause()
        else:
            self.machine.resume()

    @override
    async def put_plug_back(self) -> None:
        self._soft_off, self._due = False, None
        self.machine.paused = False
        await super().put_plug_back()

    @property
    def rate_ghs(self) -> float:
        """Return the hash rate now, GH/s."""
        return self.model.rates_ghs[self.level] * self.machine.work_share if self.work == "In Work" else 0.0

    def version(self) -> dict[str, Any]:
        """Return the answer to `version`."""
        facts = {
            "PROD": self.model.product,
            "MODEL": self.model.model,
            "HWTYPE": self.model.hardware,
            "SWTYPE": "MM319",
            "LVERSION": "25052801_14a19a2",
            "BVERSION": "25052801_14a19a2",
            "CGVERSION": "25052801_14a19a2",
            "DNA": "0201000046d3803b",
            "MAC": self.mac.replace(":", "").lower(),
            "UPAPI": "2",
        }
        return {"VERSION": [VERSION | facts]}

    def stats(self) -> dict[str, Any]:
        """Return the answer to `estats`: a text in a field, once bare and once dressed as an object."""
        head = {"STATS": 0, "ID": "AVA100", "Elapsed": int(self.machine.uptime_s), "Calls": 0, "Wait": 0.0}
        line = " ".join(f"{key}[{value}]" for key, value in self._pairs().items())
        dressed = self.model.model != "Nano3s"
        told = {"MM ID0:Summary": f"'STATS':{{{line}}}"} if dressed else {"MM ID0": line}
        boards = {"HBinfo": f"'HB0':{{{self._board()}}}"} if dressed else {}
        return {"STATS": [head | told | boards | {"MM Count": 1, "Smart Speed": 1, "Nonce Mask": 25}]}

    def _board(self) -> str:
        share = min(self.machine.work_share, 1.2)
        chips = " ".join(str(int(30 + 45 * share) + place % 3) for place in range(12))
        return f"Core[A3197S] PVT_T0[ {chips}] PVT_V0[299 303 301 303 300 301 306 301 297 296 303 305] MW0[321 338 337]"

    def _supply(self) -> str:
        """Return PS[...]: error, commanded and given V x100, A, DC watts, commanded V x100, and at last wall watts."""
        wall_w = self.machine.power_w
        if self.model.model == "Nano3s":
            return f"{self.supply_error} 0 27541 4 0 3756 {wall_w:.0f}"
        if self._soft_off:
            return f"{self.supply_error} 1222 4 0 0 2245 {STALE_IDLE_W if self.lies_idle else round(wall_w)}"
        dc_w = wall_w * 0.94
        return f"{self.supply_error} 1221 2250 {dc_w / 22.5:.0f} {dc_w:.0f} 2245 {wall_w:.0f}"

    def _pairs(self) -> dict[str, object]:
        model, share = self.model, min(self.machine.work_share, 1.2)
        works = self.work == "In Work"
        warm = int(24 + 20 * share)
        fan_percent = self.fan_speed if self.fan_speed >= 0 else int(20 + 40 * share)
        rate = self.rate_ghs
        temperatures: dict[str, object] = (
            {"ITemp": -273, "OTemp": warm} if model.fans == 1 else {"ITemp": 24, "HBITemp": warm - 3, "HBOTemp": warm}
        )
        return {
            "Ver": f"{model.model}-25052801_14a19a2",
            "LVer": "25052801_14a19a2",
            "BVer": "25052801_14a19a2",
            "FW": "Release",
            "LED": "0-0",
            "DNA": "0201000046d3803b",
            "MEMFREE": 67892,
            "NETFAIL": "0 0 0 0 0 0 0 0",
            "SYSTEMSTATU": f"Work: {self.work}, Hash Board: 1",
            "Elapsed": int(self.machine.uptime_s),
            "HW": 0,
            "DH": "2.449%",
            **temperatures,
            "TMax": int(30 + 50 * share) if works else 0,
            "TAvg": int(28 + 46 * share) if works else 0,
            "TarT": 80,
            **{f"Fan{place + 1}": int(fan_percent * 40) if works else 0 for place in range(model.fans)},
            "FanR": f"{fan_percent if works else 0}%",
            "FanErr": self.fan_error,
            "PS": self._supply(),
            "GHSspd": f"{rate:.2f}",
            "DHspd": "0.000%",
            "GHSmm": f"{model.rates_ghs[self.level]:.2f}",
            "GHSavg": f"{model.rates_ghs[self.level] * 0.98:.2f}",
            "WU": "621649.53",
            "Freq": "282.86",
            "MGHS": f"{model.rates_ghs[self.level] * 0.98:.2f}",
            "Core": "A3197S",
            "PING": 17,
            "SoftOFF": 4 if self._soft_off else 0,
            "ECHU": 0,
            "ECMM": 0,
            "LcdOnoff": 1,
            "Activation": 0,
            "WORKMODE": self.workmode,
            "WORKLEVEL": self.worklevel,
            "MPO": round(self.level_w),
            "CALIALL": 7,
            "ADJ": 1,
        }

    def summary(self) -> dict[str, Any]:
        """Return the answer to `summary`, MH/s."""
        rate, shares = self.rate_ghs * 1000.0, int(self.machine.energy_ws / 2000.0)
        rates = {f"MHS {span}": rate for span in ("av", "5s", "1m", "5m", "15m")}
        facts = {"Accepted": shares, "Rejected": 2, "Stale": 1, "Best Share": 224199508}
        return {"SUMMARY": [{"Elapsed": int(self.machine.uptime_s)} | rates | facts]}

    def devs(self) -> dict[str, Any]:
        """Return the answer to `devs`."""
        rate = self.rate_ghs * 1000.0
        return {"DEVS": [{"ASC": 0, "Name": "AVA10", "ID": 0, "Enabled": "Y", "Status": "Alive", "MHS 1m": rate}]}

    def pool_list(self) -> dict[str, Any]:
        """Return the answer to `pools`, without passwords."""
        return {
            "POOLS": [
                {
                    "POOL": place,
                    "URL": pool["URL"],
                    "Status": "Alive",
                    "Priority": place,
                    "Accepted": 0,
                    "Rejected": 0,
                    "User": pool["User"],
                    "Stratum Active": place == 0,
                }
                for place, pool in enumerate(self.pools)
            ]
        }
