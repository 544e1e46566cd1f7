"""Who told the market figures behind a value, and when."""

from collections.abc import Iterable
from typing import Any

from .engine.home import MANUAL, Figure, FigureKind

NETWORK = (FigureKind.DIFFICULTY, FigureKind.REWARD_SAT)
VALUE = (*NETWORK, FigureKind.BTC_PRICE)


def provenance(figures: Iterable[Figure | None]) -> dict[str, Any]:
    """Return the sources, and the time of the oldest figure; one given by hand is of no time."""
    known = [figure for figure in figures if figure is not None]
    if not known:
        return {}
    told_at = [figure.at for figure in known if figure.source != MANUAL]
    return {
        "source": ", ".join(sorted({figure.source for figure in known})),
        "as_of": min(told_at).isoformat(timespec="seconds") if told_at else None,
    }
