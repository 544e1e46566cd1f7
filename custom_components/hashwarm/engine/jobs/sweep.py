"""Finds and ends what an earlier life left running, frozen or not. Linux, blocking; for a thread.

A job's processes are known by the session that its launcher opened and by the checkpoint folder in their environment,
which no other process has; a number that the system gave out again is told by its start time and the boot.
"""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import asdict, dataclass
import json
import os
from pathlib import Path
import signal
import time

from .processes import Process, boot_id, carries, processes, stat

_POLL_S = 0.02
_KILL_MOST_S = 10.0


@dataclass(frozen=True)
class Leader:
    """The first process of a run; its number is that of its session too."""

    pid: int
    start: int
    """In ticks since the boot."""
    boot: str


def leader_of(pid: int) -> Leader | None:
    """Return a process as the first of a run, None where there is none."""
    found = stat(pid)
    return None if found is None else Leader(pid, found.start, boot_id())


def write_leader(path: Path, pid: int) -> None:
    """Note the first process of a run. Raises OSError."""
    leader = leader_of(pid)
    if leader is not None:
        path.write_text(json.dumps(asdict(leader)))


def read_leader(path: Path) -> Leader | None:
    """Return the process noted, None where none is, or where the note is damaged."""
    try:
        fields = json.loads(path.read_text())
        return Leader(int(fields["pid"]), int(fields["start"]), str(fields["boot"]))
    except OSError, ValueError, KeyError, TypeError:
        return None


def members(marker: bytes, leader: Leader | None = None) -> list[int]:
    """Return the living processes of a run, or of all runs whose checkpoint folders begin like that."""
    return [process.pid for process in family(marker, leader)]


def family(marker: bytes, leader: Leader | None = None, known: Collection[Process] = ()) -> list[Process]:
    """Return the living processes of a run, with what descends from them or from those `known` to be of it.

    A descendant is found though it left the session and wrote over its environment, as long as its parent is there.
    """
    here = leader if leader is not None and leader.boot == boot_id() else None
    known_as = {(process.pid, process.start) for process in known}
    living = list(processes())
    found = {
        process.pid: process
        for process in living
        if (process.pid, process.start) in known_as or _belongs(process, marker, here)
    }
    before = -1
    while before != len(found):
        before = len(found)
        found |= {process.pid: process for process in living if process.parent in found}
    return list(found.values())


def end_all(marker: bytes, leaders: list[Leader], grace_s: float) -> int:
    """Tell every survivor to save and end, thawed, and end it for good after the grace; return how many there were.

    Raises TimeoutError, which is an OSError, where one cannot be ended.
    """
    found = _all(marker, leaders)
    for number in (signal.SIGCONT, signal.SIGTERM):
        _signal(found, number)
    ends_s = time.monotonic() + grace_s
    left = found
    while left and time.monotonic() < ends_s:
        time.sleep(_POLL_S)
        left = _all(marker, leaders)
    ends_s = time.monotonic() + _KILL_MOST_S
    while left:
        if time.monotonic() > ends_s:
            raise TimeoutError(f"processes {left} cannot be ended")
        _signal(left, signal.SIGKILL)
        time.sleep(_POLL_S)
        left = [pid for pid in _all(marker, leaders) if _is_ours(pid)]
    return len(found)


def _all(marker: bytes, leaders: list[Leader]) -> list[int]:
    pids = set(members(marker))
    for leader in leaders:
        pids.update(members(marker, leader))
    return sorted(pids)


def _belongs(process: Process, marker: bytes, leader: Leader | None) -> bool:
    if leader is None:
        return carries(process.pid, marker)
    return process.start >= leader.start and (_is_of(process, leader) or carries(process.pid, marker))


def _is_of(process: Process, leader: Leader) -> bool:
    """Tell whether a process is the leader or a later one of its session."""
    if process.pid == leader.pid:
        return process.start == leader.start
    head = stat(leader.pid)
    is_head = head is None or head.start == leader.start
    return process.session == leader.pid and process.start >= leader.start and is_head


def _is_ours(pid: int) -> bool:
    """Tell whether a signal reaches a process; one that another user took over is not to be waited for."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(OSError):
            os.kill(pid, number)
