"""What a learned room should be by now at the least, by the watts really drawn; needs numpy."""

from collections.abc import Sequence
from itertools import pairwise

from ..model.planning import Expectation
from .history import LOOK_S, PastSlot
from .house import House
from .mass_filter import latest, replay, walked_c

# A little less than the watch of the heater's effect looks back, so that all of the way is what it saw itself.
WAY_SLOTS = 33
# The filter needs some hours without holes, windows and jumps to know the mass; a wrong one would foretell too much.
SEEN_BEFORE_SLOTS = 72
# No shut room moves this far in five minutes: its sensor was moved or replaced, or a window was open.
JUMP_K = 1.2


def expectation(slots: Sequence[PastSlot], house: House, maximum_w: float, rmse_k: float) -> Expectation | None:
    """Return what is expected of the room after the last slot, None where the hours before were not seen whole."""
    seen = list(slots[-(WAY_SLOTS + SEEN_BEFORE_SLOTS) :])
    if len(seen) < WAY_SLOTS + SEEN_BEFORE_SLOTS or not _whole(seen):
        return None
    replayed = replay(list(slots[:-WAY_SLOTS]), house, maximum_w)
    if replayed is None:
        return None
    room_c = walked_c(latest(replayed), seen[-WAY_SLOTS:], house)
    return Expectation(at=seen[-1].at + LOOK_S, room_c=room_c, unsure_k=rmse_k)


def _whole(slots: list[PastSlot]) -> bool:
    """Return whether nothing is missing, nothing was disturbed, and the sensor never jumped."""
    known = all(
        slot.room_c is not None and slot.outdoor_c is not None and slot.power_w is not None and not slot.disturbed
        for slot in slots
    )
    return known and all(_follows(before, after) for before, after in pairwise(slots))


def _follows(before: PastSlot, after: PastSlot) -> bool:
    assert before.room_c is not None
    assert after.room_c is not None
    return after.at - before.at == LOOK_S and abs(after.room_c - before.room_c) <= JUMP_K
