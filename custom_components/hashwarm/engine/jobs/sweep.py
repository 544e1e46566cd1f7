"""Finds and ends what an earlier life left running, frozen or not. Linux, blocking; for a thread.

A job's processes are known by the session that its launcher opened and by the checkpoint folder in their environment,
which no other process has; a number that the system gave out again is told by its start time and the boot.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
import json
import os
from pathlib import Path
import signal
import time

PROC = Path("/proc")
_POLL_S = 0.02
_KILL_MOST_S = 10.0
_STATE = 0
_SESSION = 3
_START = 19


@dataclass(frozen=True)
class Leader:
    """The first process of a run; its number is that of its session too."""

    pid: int
    start: int
    """In ticks since the boot."""
    boot: str


@dataclass(frozen=True)
class _Stat:
    pid: int
    state: str
    session: int
    start: int


def stat(pid: int) -> _Stat | None:
    """Return how a process stands, None where there is none."""
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return _Stat(pid, fields[_STATE], int(fields[_SESSION]), int(fields[_START]))


def boot_id() -> str:
    """Return what tells this boot from any other, nothing where the system does not say."""
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def write_leader(path: Path, pid: int) -> None:
    """Note the first process of a run. Raises OSError."""
    found = stat(pid)
    if found is not None:
        path.write_text(json.dumps({"pid": pid, "start": found.start, "boot": boot_id()}))


def read_leader(path: Path) -> Leader | None:
    """Return the process noted, None where none is, or where the note is damaged."""
    try:
        fields = json.loads(path.read_text())
        return Leader(int(fields["pid"]), int(fields["start"]), str(fields["boot"]))
    except OSError, ValueError, KeyError, TypeError:
        return None


def members(marker: bytes, leader: Leader | None = None) -> list[int]:
    """Return the living processes of a run, or of all runs whose checkpoint folders begin like that."""
    here = leader is not None and leader.boot == boot_id()
    return [
        process.pid
        for process in _processes()
        if process.state not in "ZX"
        and process.pid != os.getpid()
        and ((here and leader is not None and _is_of(process, leader)) or _carries(process.pid, marker))
    ]


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


def _processes() -> Iterator[_Stat]:
    for entry in os.listdir(PROC):  # noqa: PTH208 - thousands of Path objects are not wanted
        if entry.isdigit() and (found := stat(int(entry))) is not None:
            yield found


def _is_of(process: _Stat, leader: Leader) -> bool:
    """Tell whether a process is the leader or a later one of its session."""
    if process.pid == leader.pid:
        return process.start == leader.start
    head = stat(leader.pid)
    is_head = head is None or head.start == leader.start
    return process.session == leader.pid and process.start >= leader.start and is_head


def _carries(pid: int, marker: bytes) -> bool:
    """Tell whether a process was started with that in its environment."""
    try:
        environment = (PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return False
    return any(entry.startswith(marker) for entry in environment.split(b"\0"))


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
