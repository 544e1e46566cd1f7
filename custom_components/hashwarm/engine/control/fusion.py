"""One room temperature from several sensors that are trusted."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

# With three sensors or more, one this far from the middle of them measures something else.
OUTLIER_K = 5.0
LEAST_FOR_OUTLIERS = 3


class FusionMethod(StrEnum):
    """How several sensors become one temperature."""

    FIRST = "first"
    """The first that is alive, in the order a person named them."""
    MEAN = "mean"
    COLDEST = "coldest"
    WEIGHTED = "weighted"


@dataclass(frozen=True, kw_only=True)
class Fusion:
    """A method, and for the weighted mean the weight of each sensor in the order they were named; 1 for the rest."""

    method: FusionMethod = FusionMethod.FIRST
    weights: tuple[float, ...] = ()


FIRST_ALIVE = Fusion()


@dataclass(frozen=True, kw_only=True)
class Fused:
    """The temperature to hold and the hottest one, in °C, and which sensors were left out as outliers."""

    celsius: float
    hottest_c: float
    outliers: frozenset[int] = frozenset()


def fuse(celsius: Mapping[int, float], fusion: Fusion) -> Fused:
    """Return what trusted sensors, by their rank, say together; at least one is needed."""
    if fusion.method is FusionMethod.FIRST:
        first_c = celsius[min(celsius)]
        return Fused(celsius=first_c, hottest_c=first_c)
    outliers = _outliers(celsius)
    agreed = {rank: value for rank, value in celsius.items() if rank not in outliers}
    return Fused(celsius=_combined(agreed, fusion), hottest_c=max(agreed.values()), outliers=outliers)


def _outliers(celsius: Mapping[int, float]) -> frozenset[int]:
    if len(celsius) < LEAST_FOR_OUTLIERS:
        return frozenset()
    middle_c = median(celsius.values())
    far = frozenset(rank for rank, value in celsius.items() if abs(value - middle_c) > OUTLIER_K)
    # Where they are all far apart none of them is the odd one.
    return far if len(celsius) - len(far) > len(far) else frozenset()


def _combined(celsius: Mapping[int, float], fusion: Fusion) -> float:
    if fusion.method is FusionMethod.COLDEST:
        return min(celsius.values())
    weighted = fusion.method is FusionMethod.WEIGHTED
    weights = {rank: _weight(rank, fusion) if weighted else 1.0 for rank in celsius}
    total = sum(weights.values())
    if total <= 0.0:
        return sum(celsius.values()) / len(celsius)
    return sum(weights[rank] * value for rank, value in celsius.items()) / total


def _weight(rank: int, fusion: Fusion) -> float:
    return fusion.weights[rank] if rank < len(fusion.weights) else 1.0
