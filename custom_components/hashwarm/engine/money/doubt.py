"""What a market figure is checked by: itself a little earlier, and another source."""

from dataclasses import dataclass

from .figures import Figure, FigureKind
from .patience import PERIOD_S

CHECK_EVERY_S = 12 * 3600.0
RECHECK_EVERY_S = 3600.0
"""While two sources disagree."""
COMPARED = (FigureKind.DIFFICULTY, FigureKind.REWARD_SAT, FigureKind.BTC_PRICE)
_TOLERANCE = 1.1
_JUMP = 5.0
_DAY_S = 86_400.0
_SLACK = 0.9


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """Two sources that differ by more than 10 %."""

    ours: Figure
    """The one in use."""
    theirs: Figure

    @property
    def ratio(self) -> float:
        """Theirs in parts of ours."""
        return self.theirs.value / self.ours.value


def differ(one: Figure, other: Figure, factor: float = _TOLERANCE) -> bool:
    """Tell whether one value is more than so many times the other; values that are not positive always differ."""
    low, high = sorted((one.value, other.value))
    return low <= 0 or high > low * factor


class JumpGuard:
    """Holds back a price that jumped by more than a factor of five within a day until it is told again."""

    def __init__(self) -> None:
        self.doubted: Figure | None = None
        """The price held back, None when none is."""

    def believes(self, told: Figure, last: Figure | None) -> bool:
        """Judge a price; one that jumped is believed once another source, or a look ten minutes later, agrees."""
        jumped = last is not None and last.age_s(told.at) <= _DAY_S and differ(told, last, _JUMP)
        if jumped and not self._is_confirmed(told):
            self.doubted = self.doubted if self._is_told_again(told) else told
            return False
        self.doubted = None
        return True

    def _is_told_again(self, told: Figure) -> bool:
        """Tell whether this is the price that was held back."""
        return self.doubted is not None and not differ(told, self.doubted)

    def _is_confirmed(self, told: Figure) -> bool:
        """Tell whether the price held back is told by another source, or still."""
        before = self.doubted
        if before is None or not self._is_told_again(told):
            return False
        return told.source != before.source or (told.at - before.at).total_seconds() >= _SLACK * PERIOD_S


class CrossCheck:
    """Remembers when each figure is to be compared with another source, and which ones disagree."""

    def __init__(self) -> None:
        self.disagreements: dict[FigureKind, Disagreement] = {}
        self._due_s: dict[FigureKind, float] = {}

    def is_due(self, kind: FigureKind, now_s: float) -> bool:
        """Tell whether it is time; never at once, so that a start asks no more than it must."""
        return now_s >= self._due_s.setdefault(kind, now_s + PERIOD_S)

    def compare(self, kind: FigureKind, ours: Figure, theirs: Figure, now_s: float) -> None:
        """Note what two sources told at about the same time."""
        if differ(ours, theirs):
            self.disagreements[kind] = Disagreement(ours=ours, theirs=theirs)
        else:
            self.disagreements.pop(kind, None)
        self._due_s[kind] = now_s + (RECHECK_EVERY_S if kind in self.disagreements else CHECK_EVERY_S)
