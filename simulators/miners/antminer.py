"""An emulated Antminer with stock firmware: CGI behind digest log-in, and cgminer's port beside it."""

from collections.abc import Callable
import copy
import hashlib
import json
import re
from typing import Any, override

from aiohttp import web

from .emulator import RpcEmulator, WebEmulator
from .machine import Hardware

NORMAL, SLEEP, HIGH, LOW = 0, 1, 2, 3
MODE_W = {LOW: 2350.0, NORMAL: 3180.0, HIGH: 3500.0}
REALM = "antMiner Configuration"
COMPILED = "Wed Jul 20 19:14:27 CST 2022"
JOULE_PER_TERAHASH = 34.0
_FIELD = re.compile(r'(\w+)="?([^",]*)"?')


class AntminerEmulator(WebEmulator):
    """One Antminer; `tells_watts` makes it one of the few that do."""

    family = "antminer"
    username = "root"

    def __init__(
        self,
        *,
        mac: str = "80:AC:7A:00:00:01",
        clock: Callable[[], float] | None = None,
        password: str = "root",  # noqa: S107 - the factory's
        model: str = "Antminer S19",
        tells_watts: bool = False,
    ) -> None:
        hardware = Hardware(idle_w=24.0, up_tau_s=60.0, down_tau_s=15.0, boot_s=150.0)
        super().__init__(hardware, target_w=MODE_W[NORMAL], mac=mac, password=password, clock=clock)
        self.model = model
        self.tells_watts = tells_watts
        self.light = False
        self.nonces: set[str] = set()
        self.conf: dict[str, Any] = {
            "pools": [
                {"url": f"stratum+tcp://pool{index}.example:3333", "user": "owner.ant", "pass": f'secret {index} é"'}
                for index in range(3)
            ],
            "api-listen": True,
            "api-network": True,
            "api-groups": "A:stats:pools:devs:summary:version",
            "api-allow": "A:0/0,W:*",
            "bitmain-fan-ctrl": False,
            "bitmain-fan-pwm": "100",
            "bitmain-use-vil": True,
            "bitmain-freq": "485",
            "bitmain-voltage": "1980",
            "bitmain-ccdelay": "0",
            "bitmain-pwth": "4",
            "bitmain-work-mode": "0",
            "bitmain-freq-level": "100",
        }

    @property
    def mode(self) -> int:
        """Return the mode that its settings name."""
        return int(self.conf["bitmain-work-mode"])

    @override
    def routes(self) -> list[web.RouteDef]:
        reads: dict[str, Callable[[], dict[str, Any]]] = {
            "get_system_info": self._system_info,
            "miner_type": lambda: {"miner_type": self.model, "subtype": "AMLCtrl_BHB42601", "fw_version": COMPILED},
            "get_miner_conf": lambda: copy.deepcopy(self.conf),
            "get_blink_status": lambda: {"blink": self.light},
            "stats": lambda: self._framed("stats", "STATS", self.stats()),
            "summary": lambda: self._framed("summary", "SUMMARY", self._summary()),
            "pools": lambda: self._framed("pools", "POOLS", self._pools()),
            "reboot": self._reboot,
        }
        return [
            web.get("/", self._answering(dict)),
            *(web.get(f"/cgi-bin/{name}.cgi", self._answering(answer)) for name, answer in reads.items()),
            web.post("/cgi-bin/set_miner_conf.cgi", self._set_miner_conf),
            web.post("/cgi-bin/blink.cgi", self._blink),
        ]

    def _answering(self, answer: Callable[[], dict[str, Any]]) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            self._let_in(request)
            return web.json_response(answer())

        return handle

    def _let_in(self, request: web.Request) -> None:
        fields = dict(_FIELD.findall(request.headers.get("Authorization", "").removeprefix("Digest ")))
        if fields.get("nonce") in self.nonces and self._proof(request.method, fields) == fields.get("response"):
            return
        nonce = self.random.randbytes(16).hex()
        self.nonces.add(nonce)
        raise web.HTTPUnauthorized(headers={"WWW-Authenticate": f'Digest realm="{REALM}", nonce="{nonce}", qop="auth"'})

    def _proof(self, method: str, fields: dict[str, str]) -> str:
        who = _md5(f"{self.username}:{REALM}:{self.password}")
        what = _md5(f"{method}:{fields.get('uri')}")
        middle = ":".join(fields.get(key, "") for key in ("nonce", "nc", "cnonce", "qop"))
        return _md5(f"{who}:{middle}:{what}") if fields.get("username") == self.username else ""

    def _framed(self, message: str, key: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "STATUS": {"STATUS": "S", "when": 1763800000, "Msg": message, "api_version": "1.0.0"},
            "INFO": {"miner_version": "49.0.1.3", "CompileTime": COMPILED, "type": self.model},
            key: rows,
        }

    def _system_info(self) -> dict[str, Any]:
        return {
            "minertype": self.model,
            "nettype": "DHCP",
            "netdevice": "eth0",
            "macaddr": self.mac,
            "hostname": "Antminer",
            "ipaddress": self.host,
            "netmask": "255.255.255.0",
            "gateway": "",
            "dnsservers": "",
            "system_mode": "GNU/Linux",
            "system_kernel_version": "Linux 4.6.0-xilinx-g03c746f7 #1 SMP PREEMPT",
            "system_filesystem_version": COMPILED,
            "firmware_type": "Release",
            "serinum": "YNAHDABBCAAAA0001",
        }

    @property
    def rate_ghs(self) -> float:
        """Return the hash rate of now."""
        work_w = self.machine.power_w - self.machine.hardware.idle_w
        return work_w / JOULE_PER_TERAHASH * 1000.0 if work_w > 1.0 else 0.0

    def stats(self) -> list[dict[str, Any]]:
        """Return the one row of stats, none while it sleeps or boots."""
        if self.mode == SLEEP or self.machine.booting:
            return []
        rate, heat = self.rate_ghs, 40.0 * min(self.machine.work_share, 1.1)
        row: dict[str, Any] = {
            "elapsed": int(self.machine.uptime_s),
            "rate_5s": rate,
            "rate_30m": rate,
            "rate_avg": rate,
            "rate_ideal": 95000.0,
            "rate_unit": "GH/s",
            "chain_num": 3,
            "fan_num": 4,
            "fan": [3480, 3480, 3600, 3600],
            "hwp_total": 0.0001,
            "miner-mode": self.mode,
            "freq-level": 100,
            "chain": [
                {
                    "index": index,
                    "freq_avg": 485,
                    "rate_ideal": 31666.0,
                    "rate_real": rate / 3,
                    "asic_num": 114,
                    "asic": " oooooooooooo" * 9,
                    "temp_pic": [30.0 + heat - 4.0] * 4,
                    "temp_pcb": [30.0 + heat] * 4,
                    "temp_chip": [35.0 + heat, 36.0 + heat, 0, 34.0 + heat],
                    "hw": 0,
                    "eeprom_loaded": True,
                    "sn": f"SN00{index}",
                }
                for index in range(3)
            ],
        }
        return [row | {"watt": round(self.machine.power_w)}] if self.tells_watts else [row]

    def _summary(self) -> list[dict[str, Any]]:
        if self.mode == SLEEP or self.machine.booting:
            return []
        status = [{"type": kind, "status": "s", "code": 0, "msg": ""} for kind in ("rate", "network", "fans", "temp")]
        rates = dict.fromkeys(("rate_5s", "rate_30m", "rate_avg"), self.rate_ghs)
        return [{"elapsed": 1, **rates, "rate_ideal": 95000.0, "rate_unit": "GH/s", "bestshare": 1, "status": status}]

    def _pools(self) -> list[dict[str, Any]]:
        shares = int(self.machine.energy_ws / 1e5)
        return [
            {
                "index": index,
                "url": pool["url"],
                "user": pool["user"],
                "status": "Alive" if index == 0 else "Dead",
                "priority": index,
                "accepted": shares if index == 0 else 0,
                "rejected": 0,
                "stale": 0,
                "diff": "65.5K",
                "diffa": shares * 65536 if index == 0 else 0,
                "diffr": 0,
                "lsdiff": 65536,
                "lstime": "0:00:05",
            }
            for index, pool in enumerate(self.conf["pools"])
        ]

    def _reboot(self) -> dict[str, Any]:
        self.writes.append(("reboot", True))
        self.machine.restart()
        return {}

    async def _set_miner_conf(self, request: web.Request) -> web.Response:
        """Take settings as the real one does: what is missing is lost, and the miner restarts."""
        self._let_in(request)
        body = await request.json()
        if not isinstance(body.get("pools"), list) or str(body.get("miner-mode")) not in {"0", "1", "2", "3"}:
            return web.json_response({"stats": "error", "code": "M001", "msg": "Invalid pool!"})
        self.writes.append(("miner-mode", int(body["miner-mode"])))
        if self.machine.obeys:
            self.conf["pools"] = [{key: pool.get(key, "") for key in ("url", "user", "pass")} for pool in body["pools"]]
            self.conf["bitmain-fan-ctrl"] = body.get("bitmain-fan-ctrl", False)
            self.conf["bitmain-fan-pwm"] = str(body.get("bitmain-fan-pwm", ""))
            self.conf["bitmain-freq-level"] = str(body.get("freq-level", ""))
            self._take_mode(int(body["miner-mode"]))
        return web.json_response({"stats": "success", "code": "M000", "msg": "OK!"})

    def _take_mode(self, mode: int) -> None:
        self.conf["bitmain-work-mode"] = str(mode)
        if mode == SLEEP:
            self.machine.pause()
            return
        self.machine.resume(boots=False)
        self.machine.set_target(MODE_W[mode], restarts=True)

    async def _blink(self, request: web.Request) -> web.Response:
        self._let_in(request)
        self.light = (await request.json())["blink"] in {True, "true"}
        self.writes.append(("blink", self.light))
        return web.json_response({"code": "B000" if self.light else "B100"})


class AntminerRpc(RpcEmulator):
    """Cgminer's port of the same Antminer, which other clients read."""

    family = "antminer"

    def __init__(self, antminer: AntminerEmulator) -> None:
        super().__init__(antminer.machine.hardware, target_w=0.0, mac=antminer.mac, clock=antminer.clock)
        self._antminer = antminer

    @override
    async def answer(self, request: bytes) -> bytes:
        try:
            asked = json.loads(request)
        except ValueError:
            asked = {}
        command = asked.get("command") if isinstance(asked, dict) else None
        self.requests[str(command)] += 1
        return json.dumps(self._answer(command)).encode() + b"\0"

    def _answer(self, command: object) -> dict[str, Any]:
        status = {"STATUS": "S", "When": 1763800000, "Code": 70, "Msg": "CGMiner stats", "Description": "cgminer 1.0.0"}
        version = {
            "BMMiner": "2.0.0 rwglr", "API": "3.1", "Miner": "49.0.1.3", "CompileTime": COMPILED,
            "Type": self._antminer.model,
        }  # fmt: skip
        rate = self._antminer.rate_ghs
        if command == "version":
            return {"STATUS": [status], "VERSION": [version], "id": 1}
        if command == "stats":
            return {"STATUS": [status], "STATS": [version, *map(_older, self._antminer.stats())], "id": 1}
        if command == "summary":
            return {"STATUS": [status], "SUMMARY": [{"Elapsed": 1, "GHS 5s": rate, "GHS av": rate}], "id": 1}
        return {"STATUS": [status | {"STATUS": "E", "Code": 14, "Msg": "Invalid command"}], "id": 1}


def _older(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of stats as cgminer's port tells it: numbered fields, lists as text."""
    told: dict[str, Any] = {"Elapsed": row["elapsed"], "GHS 5s": row["rate_5s"], "GHS av": row["rate_avg"]}
    told |= {f"fan{index}": rpm for index, rpm in enumerate(row["fan"], 1)}
    for index, chain in enumerate(row["chain"], 1):
        told |= {
            f"chain_acn{index}": chain["asic_num"],
            f"chain_rate{index}": str(chain["rate_real"]),
            f"temp_chip{index}": "-".join(f"{value:.0f}" for value in chain["temp_chip"]),
            f"temp_pcb{index}": "-".join(f"{value:.0f}" for value in chain["temp_pcb"]),
        }
    return told | {"fan_num": 4, "total_rateideal": row["rate_ideal"], "rate_unit": "GH", "miner_count": 3}


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
