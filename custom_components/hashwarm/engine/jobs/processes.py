"""Looks at the processes of this machine. Linux, blocking; a look at all of them is for a thread."""

from collections.abc import Iterator
from contextlib import suppress
import ctypes
from dataclasses import dataclass
import os
from pathlib import Path
import signal

PROC = Path("/proc")
_STATE = 0
_PARENT = 1
_GROUP = 2
_SESSION = 3
_START = 19


@dataclass(frozen=True)
class Process:
    """A process as it stood when it was looked at; the start tells it from another that got its number later."""

    pid: int
    state: str
    parent: int
    group: int
    session: int
    start: int
    """In ticks since the boot."""

    @property
    def alive(self) -> bool:
        """Whether it had not ended."""
        return self.state not in "ZX"


def stat(pid: int) -> Process | None:
    """Return how a process stands, None where there is none."""
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    parent, group, session, start = (int(fields[index]) for index in (_PARENT, _GROUP, _SESSION, _START))
    return Process(pid, fields[_STATE], parent, group, session, start)


def processes() -> Iterator[Process]:
    """Return those that have not ended, but for our own."""
    for entry in os.listdir(PROC):  # noqa: PTH208 - thousands of Path objects are not wanted
        if entry.isdigit() and (found := stat(int(entry))) is not None and found.alive and found.pid != os.getpid():
            yield found


def boot_id() -> str:
    """Return what tells this boot from any other, nothing where the system does not say."""
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def carries(pid: int, marker: bytes) -> bool:
    """Tell whether a process was started with that in its environment."""
    return any(entry.startswith(marker) for entry in _environment(PROC / str(pid)).split(b"\0"))


def send(process: Process, number: signal.Signals) -> None:
    """Signal a process, unless its number is another's by now."""
    found = stat(process.pid)
    if found is not None and found.start == process.start:
        with suppress(OSError):
            os.kill(process.pid, number)


def _environment(place: Path) -> bytes:
    try:
        return (place / "environ").read_bytes()
    except PermissionError:
        return _environment_as_owner(place)
    except OSError:
        return b""


def _environment_as_owner(place: Path) -> bytes:
    """Read as whoever a process runs as: root of a container may not read what is nobody's, nobody may.

    The file system's user is that of a thread alone, and goes back with the return.
    """
    libc = ctypes.CDLL(None)
    try:
        owner = place.stat()
    except OSError:
        return b""
    group, user = libc.setfsgid(owner.st_gid), libc.setfsuid(owner.st_uid)
    try:
        return (place / "environ").read_bytes()
    except OSError:
        return b""
    finally:
        libc.setfsuid(user)
        libc.setfsgid(group)
