"""What a power limit in hardware is to its owner, whoever makes the hardware."""

from collections.abc import Sequence
from typing import Protocol

from ...model.errors import HashwarmError


class CapError(HashwarmError):
    """The limit failed; shown as why nothing better limits the watts, and never leaves this room."""

    key = "power_limit_failed"


class CapMissingError(CapError):
    """There is no such hardware here, or no driver for it."""

    key = "power_limit_missing"


class CapUnsupportedError(CapError):
    """The hardware is there and has no such limit."""

    key = "power_limit_unsupported"


class CapForbiddenError(CapError):
    """The limit is there, and we may not change it."""

    key = "power_limit_forbidden"


class PowerCap(Protocol):
    """One limit. All calls block and are for a thread. A setting is in the hardware's own unit, one figure per part.

    Errors: CapError and its kin.
    """

    @property
    def method(self) -> str:
        """Of what kind it is: nvml, amdgpu or rapl."""
        ...

    @property
    def name(self) -> str:
        """What tells it from any other, the same after a restart; known once it is open."""
        ...

    def open(self) -> None:
        """Find it; nothing is changed."""
        ...

    def setting(self) -> list[int]:
        """Return what is set."""
        ...

    def put(self, setting: Sequence[int]) -> None:
        """Set it."""
        ...

    def setting_for(self, power_w: float, found: Sequence[int]) -> list[int]:
        """Return what would come closest to that power: no less than can be, and no more than was found set."""
        ...

    def power_of(self, setting: Sequence[int]) -> float:
        """Return the power in W that a setting stands for."""
        ...

    def read_w(self) -> float | None:
        """Return what the hardware draws, None where it does not tell, or not of its jobs alone."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...
