"""The picture that a Folding@home v8 client keeps of itself: a tree told once, then changes to it."""

from collections.abc import MutableMapping, MutableSequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from .answers import GarbageError, amount, items, number, record, share, text

_APPEND, _EXTEND = -1, -2
_MOST_PARTS = 1000
_DEEPEST = 16
_KEPT = frozenset({"info", "config", "groups", "units"})


@dataclass(frozen=True, kw_only=True)
class FoldingUnit:
    """A unit of work. States: ASSIGN, DOWNLOAD, CORE, RUN, UPLOAD, DUMP, DONE."""

    state: str
    paused: bool
    project: str | None
    progress: float | None
    points_per_day: float | None
    cpus: int | None


def first(tree: Any) -> dict[str, Any]:
    """Return the tree told at the beginning. Errors: GarbageError."""
    told = record(tree)
    if not _KEPT & told.keys() or not isinstance(told.get("units", []), list):
        raise GarbageError("no Folding@home client")
    return {"units": [], **{name: part for name, part in told.items() if name in _KEPT}}


def change(tree: dict[str, Any], told: Any) -> None:
    """Take a change in: a path of names and places, then what stands there now, nothing where it is gone.

    Other parts of the tree than those that are kept, and what is no change, are passed over. Errors: GarbageError where
    the change does not fit the tree, so that the tree has to be told anew.
    """
    match told:
        case [str(top), *_, _] if top in _KEPT:
            *path, place, new = told
        case _:
            return
    if len(path) > _DEEPEST:
        raise GarbageError("a change too deep")
    try:
        part: Any = tree
        for step, following in pairwise([*path, place]):
            if isinstance(part, dict) and part.get(step) is None:
                part[step] = [] if isinstance(following, int) else {}
            part = part[step]
        _put(part, place, new)
    except (LookupError, TypeError, ValueError) as error:
        raise GarbageError("a change that does not fit") from error


def _put(part: Any, place: Any, new: Any) -> None:
    match part:
        case MutableMapping() if new is None:
            part.pop(place, None)
        case MutableMapping():
            part[place] = new
        case MutableSequence() if place == _APPEND:
            part.append(new)
        case MutableSequence() if place == _EXTEND:
            part.extend(items(new))
        case MutableSequence() if new is None:
            del part[place]
        case MutableSequence() if place == len(part):
            part.append(new)
        case MutableSequence():
            part[place] = new
        case _:
            raise ValueError("nothing can stand there")
    if len(part) > _MOST_PARTS:
        raise ValueError("too many parts")


def units(tree: dict[str, Any]) -> list[FoldingUnit]:
    """Return the units of work."""
    return [_unit(record(told)) for told in items(tree.get("units"))]


def _unit(told: dict[str, Any]) -> FoldingUnit:
    progress = share(told.get("progress"))
    cpus, project = amount(told.get("cpus")), number(record(told.get("assignment")).get("project"))
    return FoldingUnit(
        state=text(told.get("state")) or "",
        paused=bool(told.get("pause_reason")) or told.get("paused") is True,
        project=None if project is None else f"{project:.0f}",
        progress=share(told.get("wu_progress")) if progress is None else progress,
        points_per_day=amount(told.get("ppd")),
        cpus=None if cpus is None else int(cpus),
    )


def is_paused(tree: dict[str, Any], group: str) -> bool | None:
    """Return whether a person, or we, paused a group of resources; None where the client does not tell."""
    paused = record(record(record(tree.get("groups")).get(group)).get("config")).get("paused")
    return paused if isinstance(paused, bool) else None


def cpus(tree: dict[str, Any], group: str) -> int | None:
    """Return how many processors a group of resources may use; None where the client does not tell."""
    told = amount(record(record(record(tree.get("groups")).get(group)).get("config")).get("cpus"))
    return None if told is None else int(told)
