"""The contract of drivers lies in the model, for adapters fulfil it too; here for the drivers' convenience."""

from ..model.driver import (
    Driver,
    Family,
    Feature,
    MinerAddress,
    MinerProfile,
    MinerReading,
    OnReading,
    PowerLevel,
)

__all__ = [
    "Driver",
    "Family",
    "Feature",
    "MinerAddress",
    "MinerProfile",
    "MinerReading",
    "OnReading",
    "PowerLevel",
]
