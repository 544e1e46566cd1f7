"""Figures given by hand, for homes without internet; they have no age limit and come last."""

from collections.abc import Mapping
import math

from ...model.errors import InvalidValueError
from ..figures import FigureKind

NAME = "manual"


class Manual:
    """Figures that a person gave."""

    name = NAME

    def __init__(self, figures: Mapping[FigureKind, float]) -> None:
        """Take positive figures. Errors: InvalidValueError."""
        for kind, value in figures.items():
            if not math.isfinite(value) or value <= 0:
                raise InvalidValueError(f"{kind} must be a positive number", value=str(value))
        self.figures = dict(figures)
