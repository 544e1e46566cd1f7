"""What a person can say of a room without a number."""

from enum import StrEnum


class RoomResponse(StrEnum):
    """How quickly a room follows its heater, in words a person can answer."""

    BOX = "box"
    LIGHT = "light"
    ORDINARY = "ordinary"
    HEAVY = "heavy"


class Insulation(StrEnum):
    """How well the heated rooms keep their heat, in words a person can answer."""

    POOR = "poor"
    ORDINARY = "ordinary"
    GOOD = "good"


# How many K over the outdoor air the heater's maximum is assumed to hold.
RISE_K: dict[Insulation, float] = {Insulation.POOR: 25.0, Insulation.ORDINARY: 35.0, Insulation.GOOD: 50.0}
