"""The 21energy Ofen: five power tiers and an on switch, spoken to under /21control without a log-in.

What the API answers is known from the vendor's own integration for Home Assistant, for old and new firmware alike.
"""

from collections.abc import Mapping
from typing import Any, override

import aiohttp

from ..model.capabilities import ControlKind, PowerSource
from ..model.errors import DeviceGarbageError, DeviceUnsupportedError
from ..model.telemetry import DeviceStatus, FanReading, PoolState
from .driver import Driver, Family, MinerAddress, MinerProfile, MinerReading, PowerLevel
from .family import FamilyInfo, Link
from .fields import GIGA, MEGA, at, celsius, flag, items, number, positive, scaled, text, whole
from .web import WebAnswer, WebClient, parsed

ROOT = "/21control"
SYSTEM, SUMMARY, TIER, ENABLE = (
    f"{ROOT}/status/system",
    f"{ROOT}/heater/status/summary",
    f"{ROOT}/heater/powerTarget",
    f"{ROOT}/heater/enable",
)
TIER_SHARES = (0.4, 0.55, 0.7, 0.85, 1.0)
"""A guess of what each tier draws of the highest; measured curves replace it."""
MAXIMUM_W = 3000.0
BOARDS = 3.0
"""The limits are told for as many boards as a whole miner has, and an Ofen may have one of them."""
_LOWEST_W, _HIGHEST_W, _OVER_LIMIT = 100.0, 12_000.0, 1.25
_KNOWN = ("miningDevices", "forge", "power", "realHashrate", "tunerStatus", "poolStatus")


class OfenDriver(Driver):
    """Speaks to one Ofen."""

    def __init__(self, session: aiohttp.ClientSession, address: MinerAddress) -> None:
        self._web = WebClient(session, address)

    @override
    async def identify(self) -> MinerProfile:
        return parse_profile(
            await self._web.get(SYSTEM), await self._web.get(SUMMARY), await self._web.json("GET", TIER)
        )

    @override
    async def read(self) -> MinerReading:
        return parse_reading(await self._web.get(SUMMARY), await self._web.json("GET", TIER))

    @override
    async def write(self, setting: float) -> None:
        if setting not in range(len(TIER_SHARES)):
            raise DeviceUnsupportedError(f"no tier {setting:g}")
        await self._web.tell("POST", f"{TIER}/{int(setting)}")

    @override
    async def pause(self) -> None:
        await self._web.tell("POST", ENABLE, body={"enabled": False})

    @override
    async def resume(self) -> None:
        await self._web.tell("POST", ENABLE, body={"enabled": True})


def parse_profile(system: Mapping[str, Any], summary: Mapping[str, Any], tier: Any) -> MinerProfile:
    """Return what the Ofen is. Errors: DeviceGarbageError where it names no product id."""
    serial = (text(system, "productId") or "").split()
    if not serial:
        raise DeviceGarbageError("no product id")
    maximum_w = _maximum_w(summary, tier)
    return MinerProfile(
        family=Family.OFEN,
        identity=serial[-1],
        model=text(system, "model") or "21energy Ofen",
        firmware=text(system, "version"),
        control=ControlKind.PRESETS,
        levels=tuple(
            PowerLevel(setting=index, label=f"tier_{index + 1}", power_w=round(share * maximum_w))
            for index, share in enumerate(TIER_SHARES)
        ),
        ramp_s=180.0,
        boot_s=300.0,
        write_interval_s=300.0,
        minimum_on_s=900.0,
        minimum_off_s=600.0,
        starts_per_day=24,
        can_pause=True,
        power_source=PowerSource.ESTIMATED,
    )


def parse_reading(summary: Mapping[str, Any], tier: Any) -> MinerReading:
    """Return how things stand. Errors: DeviceGarbageError where the summary has nothing that one knows."""
    if not any(name in summary for name in _KNOWN):
        raise DeviceGarbageError("a summary without a summary")
    last = at(summary, "miningDevices", "lastSummaries", 0)
    status = _status(summary)
    return MinerReading(
        status=status,
        setting=None if status is DeviceStatus.PAUSED else whole(tier, most=len(TIER_SHARES) - 1),
        power_w=_power_w(summary),
        hash_rate_hs=_hash_rate_hs(summary),
        chip_c=_first(
            celsius(summary, "miningDevices", "maxChipTemperature"),
            celsius(last, "highest_temperature", "temperature", "degree_c"),
        ),
        fans=tuple(_fan(index, fan) for index, fan in enumerate(items(last, "fans"))),
        pool=_pool(summary),
    )


def knows(answer: WebAnswer) -> bool:
    """Judge the answer to a GET of `SYSTEM`."""
    try:
        system = parsed(answer.raw) if answer.status == 200 else None  # noqa: PLR2004 - the HTTP status of a yes
    except DeviceGarbageError:
        return False
    return text(system, "productId") is not None and at(system, "isPaired") is not None


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


def _power_w(summary: Mapping[str, Any]) -> float | None:
    return _first(
        positive(
            at(summary, "miningDevices", "lastSummaries", 0), "power_stats", "approximated_consumption", "watt",
            most=_HIGHEST_W,
        ),
        positive(summary, "miningDevices", "powerConsumptionW", most=_HIGHEST_W),
        positive(summary, "power", "approxConsumptionW", most=_HIGHEST_W),
    )  # fmt: skip


def _hash_rate_hs(summary: Mapping[str, Any]) -> float | None:
    """Read GH/s of new firmware, MH/s of old."""
    real = at(summary, "miningDevices", "lastSummaries", 0, "miner_stats", "real_hashrate")
    return _first(
        scaled(positive(real, "last_1m", "gigahash_per_second"), GIGA),
        scaled(positive(summary, "miningDevices", "hashRate"), GIGA),
        scaled(positive(summary, "realHashrate", "mhs1M"), MEGA),
        scaled(positive(summary, "realHashrate", "mhsAv"), MEGA),
    )


def _status(summary: Mapping[str, Any]) -> DeviceStatus:
    enabled = flag(summary, "miningDevices", "enabled")
    if enabled is None:
        # Old firmware shows a tuner only while it is switched on.
        enabled = "tunerStatus" in summary or bool(_hash_rate_hs(summary))
    if not enabled:
        return DeviceStatus.PAUSED
    return DeviceStatus.RUNNING if _hash_rate_hs(summary) else DeviceStatus.STARTING


def _fan(index: int, fan: Any) -> FanReading:
    ratio = number(fan, "target_speed_ratio", least=0.0, most=1.0)
    return FanReading(index=index, rpm=positive(fan, "rpm", most=50_000.0), percent=scaled(ratio, 100.0))


def _pool(summary: Mapping[str, Any]) -> PoolState | None:
    stats = at(summary, "miningDevices", "lastSummaries", 0, "pool_stats")
    if not isinstance(stats, Mapping):
        return None
    difficulty = positive(stats, "last_difficulty")
    return PoolState(
        # Which pool it is and whether it is there is told by no answer that is asked for; work from it is.
        connected=bool(difficulty),
        difficulty=difficulty,
        shares_accepted=whole(stats, "accepted_shares") or 0,
        shares_rejected=whole(stats, "rejected_shares") or 0,
        shares_stale=whole(stats, "stale_shares") or 0,
        best_share=positive(stats, "best_share"),
    )


def _maximum_w(summary: Mapping[str, Any], tier: Any) -> float:
    """Return the highest tier's watts, told from the limit of the tier in force where that makes sense.

    The vendor's integration divides the limit by three; the watts drawn decide whether that is right for this one.
    """
    index = whole(tier, most=len(TIER_SHARES) - 1)
    drawn_w = _power_w(summary)
    limit_w = _first(
        positive(summary, "miningDevices", "powerTargetW", most=_HIGHEST_W),
        positive(summary, "power", "limitW", most=_HIGHEST_W),
    )
    if index is None or drawn_w is None or limit_w is None or drawn_w < _LOWEST_W:
        return MAXIMUM_W
    per_board_w = limit_w / BOARDS
    highest_w = (per_board_w if drawn_w <= per_board_w * _OVER_LIMIT else limit_w) / TIER_SHARES[index]
    return highest_w if _LOWEST_W <= highest_w <= _HIGHEST_W else MAXIMUM_W


def _driver(link: Link, address: MinerAddress) -> Driver:
    return OfenDriver(link.session, address)


OFEN = FamilyInfo(
    family=Family.OFEN,
    title="21energy Ofen",
    port=80,
    driver=_driver,
    probe_path=SYSTEM,
    knows_web=knows,
    tells_work=False,
)
