"""The limit of one AMD GPU, through the files of its driver.

Source: the kernel's documentation of amdgpu, "Thermal Controls" (power1_average, power1_input, power1_cap and its
_min, _max, _default, all in µW).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
import re
from typing import override

from .cap import CapMissingError, CapUnsupportedError, PowerCap
from .sysfs import number, number_or_none, put, text

SYSFS = Path("/sys")
_UW = 1_000_000
_LEAST_SHARE = 0.25
_CARD = re.compile(r"card(\d+)")


class AmdgpuCap(PowerCap):
    """The GPU of that index among those of AMD, in the order of the system's cards."""

    def __init__(self, index: int, *, sysfs: Path = SYSFS) -> None:
        self._index = index
        self._sysfs = sysfs
        self._folder = sysfs
        self._name = ""

    @property
    @override
    def method(self) -> str:
        return "amdgpu"

    @property
    @override
    def name(self) -> str:
        return self._name

    @override
    def open(self) -> None:
        for index, (device, folder) in enumerate(_gpus(self._sysfs)):
            if index == self._index:
                # The place on the bus stays; the number of a card may be another after a restart.
                self._folder, self._name = folder, device.resolve().name
                break
        else:
            raise CapMissingError(f"no GPU {self._index} of AMD")
        if not (self._folder / "power1_cap").exists():
            raise CapUnsupportedError("the GPU has no limit of its own")

    @override
    def setting(self) -> list[int]:
        return [number(self._folder / "power1_cap")]

    @override
    def put(self, setting: Sequence[int]) -> None:
        put(self._folder / "power1_cap", setting[0])

    @override
    def setting_for(self, power_w: float, found: Sequence[int]) -> list[int]:
        most = min(number_or_none(self._folder / "power1_cap_max") or found[0], found[0])
        # Older kernels tell a least of 0, and take 0 for "the default".
        least = number_or_none(self._folder / "power1_cap_min") or round(_LEAST_SHARE * most)
        return [min(max(round(power_w * _UW), least), most)]

    @override
    def power_of(self, setting: Sequence[int]) -> float:
        return setting[0] / _UW

    @override
    def read_w(self) -> float | None:
        figures = (number_or_none(self._folder / name) for name in ("power1_average", "power1_input"))
        return next((figure / _UW for figure in figures if figure is not None), None)

    @override
    def close(self) -> None:
        self._folder = self._sysfs


def _gpus(sysfs: Path) -> Iterator[tuple[Path, Path]]:
    """Yield the device of each GPU and the folder of its sensors."""
    found = {int(match[1]): card for card in sysfs.glob("class/drm/card*") if (match := _CARD.fullmatch(card.name))}
    for _, card in sorted(found.items()):
        for folder in sorted(card.glob("device/hwmon/hwmon*")):
            if text(folder / "name") == "amdgpu":
                yield card / "device", folder
