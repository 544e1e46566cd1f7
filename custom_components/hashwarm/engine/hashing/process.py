"""What makes the child a good guest: lowest priority, first to be killed for memory, gone with its parent, alone."""

from contextlib import suppress
import ctypes
from io import FileIO
import os
import signal
import socket

_PR_SET_PDEATHSIG = 1
_NICE = 19
_OOM_SCORE_ADJ = b"900"


class GuardHeldError(Exception):
    """Another child holds the guard."""


def be_humble() -> None:
    """Give way to everything else in CPU time and memory; what the system does not allow is left."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, _NICE)
    with suppress(OSError), FileIO("/proc/self/oom_score_adj", "w") as file:
        file.write(_OOM_SCORE_ADJ)


def die_with_parent(parent_pid: int) -> None:
    """Ask to be killed when the parent ends. Raises ProcessLookupError when it already has."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        raise ProcessLookupError("the parent ended first")


def take_guard(name: str) -> socket.socket:
    """Hold the host-wide guard of that name until the socket closes or the process dies. Raises GuardHeldError."""
    guard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        guard.bind("\0" + name)
    except OSError as error:
        guard.close()
        raise GuardHeldError(name) from error
    return guard
