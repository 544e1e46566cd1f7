"""Keeps a profile where JSON is kept, so that a heater is whole while its miner is off."""

from collections.abc import Mapping
from dataclasses import asdict
from itertools import pairwise
from math import isfinite
from typing import Any

from ..model.capabilities import ControlKind, PowerSource
from ..model.errors import InvalidValueError
from .driver import Family, Feature, MinerProfile, PowerLevel


def profile_as_dict(profile: MinerProfile) -> dict[str, Any]:
    """Return a form that JSON can hold."""
    kept = asdict(profile)
    kept["levels"] = [asdict(level) for level in profile.levels]
    kept["features"] = sorted(profile.features)
    return kept


def profile_from_dict(stored: Mapping[str, Any]) -> MinerProfile:
    """Read what `profile_as_dict` wrote. Errors: InvalidValueError."""
    try:
        power_source = stored["power_source"]
        profile = MinerProfile(
            **{
                **stored,
                "family": Family(stored["family"]),
                "control": ControlKind(stored["control"]),
                "levels": tuple(PowerLevel(**level) for level in stored["levels"]),
                "features": frozenset(Feature(feature) for feature in stored["features"]),
                "power_source": None if power_source is None else PowerSource(power_source),
            }
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidValueError(f"no profile of a miner: {error}") from None
    if not _sound(profile):
        raise InvalidValueError("no profile of a miner: figures that are none")
    return profile


def _sound(profile: MinerProfile) -> bool:
    """Return whether the figures can be reckoned with."""
    times = (profile.ramp_s, profile.boot_s, profile.write_interval_s, profile.minimum_on_s, profile.minimum_off_s)
    figures = (*times, *(level.power_w for level in profile.levels), *(level.setting for level in profile.levels))
    if not profile.levels or not all(map(_is_number, figures)):
        return False
    rising = all(lower.power_w <= higher.power_w for lower, higher in pairwise(profile.levels))
    return rising and profile.levels[0].power_w >= 0.0 and (profile.step is None or profile.step > 0.0)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and isfinite(value)
