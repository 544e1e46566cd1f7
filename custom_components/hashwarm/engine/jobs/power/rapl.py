"""The long-term limit of the processor, which slows down all that runs on it: only for those who chose it.

Source: the kernel's documentation of powercap (constraint_0_name, constraint_0_power_limit_uw,
constraint_0_max_power_uw, enabled), in µW.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import override

from .cap import CapMissingError, CapUnsupportedError, PowerCap
from .sysfs import number, number_or_none, put, text

POWERCAP = Path("/sys/class/powercap")
_LIMIT = "constraint_0_power_limit_uw"
_UW = 1_000_000
LEAST_SHARE = 0.3
"""Of what a package may draw at most, so that whatever else runs on it goes on."""


class RaplCap(PowerCap):
    """All packages together; each gets its part of the power by what it was found set to."""

    def __init__(self, *, powercap: Path = POWERCAP) -> None:
        self._powercap = powercap
        self._packages: list[Path] = []

    @property
    @override
    def method(self) -> str:
        return "rapl"

    @property
    @override
    def name(self) -> str:
        return "packages"

    @override
    def open(self) -> None:
        zones = sorted(self._powercap.glob("intel-rapl:*"))
        packages = [zone for zone in zones if (text(zone / "name") or "").startswith("package")]
        if not packages:
            raise CapMissingError("the processor tells of no limits")
        if not all((zone / _LIMIT).exists() and text(zone / "constraint_0_name") == "long_term" for zone in packages):
            raise CapUnsupportedError("the processor has no limit of its own")
        if any(text(zone / "enabled") == "0" for zone in packages):
            raise CapUnsupportedError("the limits of the processor are off")
        self._packages = packages

    @override
    def setting(self) -> list[int]:
        return [number(zone / _LIMIT) for zone in self._packages]

    @override
    def put(self, setting: Sequence[int]) -> None:
        for zone, limit in zip(self._packages, setting, strict=True):
            put(zone / _LIMIT, limit)

    @override
    def setting_for(self, power_w: float, found: Sequence[int]) -> list[int]:
        whole = sum(found)
        parts = (round(power_w * _UW * limit / whole) for limit in found)
        return [
            min(max(part, self._least(zone, limit)), limit)
            for zone, part, limit in zip(self._packages, parts, found, strict=True)
        ]

    @override
    def power_of(self, setting: Sequence[int]) -> float:
        return sum(setting) / _UW

    @override
    def read_w(self) -> None:
        """Return nothing: what the processor draws is not what its jobs draw."""

    @override
    def close(self) -> None:
        self._packages = []

    @staticmethod
    def _least(zone: Path, limit: int) -> int:
        """Return what a package needs; boards that lift its limit state thousands of watts."""
        most = number_or_none(zone / "constraint_0_max_power_uw") or limit
        return round(LEAST_SHARE * min(most, limit))
