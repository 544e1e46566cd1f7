"""The limit of one NVIDIA GPU, by its index, through NVML (nvidia-ml-py, which is installed on demand only).

Limits are in mW, need administrator's rights and are gone after a reboot or once the driver is unloaded
(nvmlDeviceSetPowerManagementLimit).
"""

from collections.abc import Callable, Sequence
import importlib
from types import ModuleType
from typing import Any, override

from .cap import CapError, CapForbiddenError, CapMissingError, CapUnsupportedError, PowerCap

REQUIREMENT = "nvidia-ml-py==13.615.71"
_MW = 1000


def load_nvml() -> ModuleType:
    """Return the library. Errors: ImportError."""
    return importlib.import_module("pynvml")


class NvmlCap(PowerCap):
    """One GPU. `load` returns the library, or raises ImportError."""

    def __init__(self, index: int, *, load: Callable[[], Any] = load_nvml) -> None:
        self._index = index
        self._load = load
        self._library: Any = None
        self._gpu: Any = None
        self._uuid = ""

    @property
    @override
    def method(self) -> str:
        return "nvml"

    @property
    @override
    def name(self) -> str:
        return self._uuid

    @override
    def open(self) -> None:
        try:
            self._library = self._load()
        except ImportError:
            raise CapMissingError(f"{REQUIREMENT} is not installed") from None
        try:
            self._ask("nvmlInit")
        except CapError as error:
            self._library = None
            raise CapMissingError(f"no NVIDIA driver: {error}") from None
        try:
            self._gpu = self._ask("nvmlDeviceGetHandleByIndex", self._index)
            self._uuid = str(self._ask("nvmlDeviceGetUUID", self._gpu))
        except CapForbiddenError:
            self.close()
            raise
        except CapError as error:
            self.close()
            raise CapMissingError(f"no GPU {self._index}: {error}") from None

    @override
    def setting(self) -> list[int]:
        return [int(self._ask("nvmlDeviceGetPowerManagementLimit", self._gpu))]

    @override
    def put(self, setting: Sequence[int]) -> None:
        self._ask("nvmlDeviceSetPowerManagementLimit", self._gpu, setting[0])

    @override
    def setting_for(self, power_w: float, found: Sequence[int]) -> list[int]:
        least, most = self.range_mw()
        return [min(max(round(power_w * _MW), least), most, found[0])]

    @override
    def power_of(self, setting: Sequence[int]) -> float:
        return setting[0] / _MW

    @override
    def read_w(self) -> float | None:
        return int(self._ask("nvmlDeviceGetPowerUsage", self._gpu)) / _MW

    @override
    def close(self) -> None:
        library, self._library = self._library, None
        if library is not None:
            try:
                library.nvmlShutdown()
            except library.NVMLError as error:
                raise CapError(str(error)) from None

    def range_mw(self) -> tuple[int, int]:
        """Return the least and the most that may be set."""
        least, most = self._ask("nvmlDeviceGetPowerManagementLimitConstraints", self._gpu)
        return int(least), int(most)

    def default_mw(self) -> int:
        """Return what the GPU boots with."""
        return int(self._ask("nvmlDeviceGetPowerManagementDefaultLimit", self._gpu))

    def _ask(self, function: str, *values: Any) -> Any:
        library = self._library
        if library is None:
            raise CapError("not open")
        try:
            return getattr(library, function)(*values)
        except library.NVMLError as error:
            said = f"{function}: {error}"
            match getattr(error, "value", None):
                case library.NVML_ERROR_NO_PERMISSION:
                    raise CapForbiddenError(said) from None
                case library.NVML_ERROR_NOT_SUPPORTED:
                    raise CapUnsupportedError(said) from None
                case _:
                    raise CapError(said) from None
