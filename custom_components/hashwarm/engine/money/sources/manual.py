"""Figures given by hand, for homes without internet; they have no age limit and come last."""

from collections.abc import Mapping
import math

from ...model.errors import InvalidValueError
from ..figures import FigureKind
from ..quantities import MAX_PRICE

NAME = "manual"


_BOUNDS = {
    FigureKind.DIFFICULTY: (1, 1e20),
    FigureKind.REWARD_SAT: (1, 1e11),
    FigureKind.BTC_PRICE: (1e-9, MAX_PRICE),
}


class Manual:
    """Figures that a person gave."""

    name = NAME

    def __init__(self, figures: Mapping[FigureKind, float]) -> None:
        """Take difficulty, reward and price within what they can be. Errors: InvalidValueError."""
        for kind, value in figures.items():
            low, high = _BOUNDS.get(kind, (math.inf, math.inf))
            if not low <= value <= high:
                raise InvalidValueError(f"{kind} cannot be {value}", value=str(value))
        self.figures = dict(figures)
