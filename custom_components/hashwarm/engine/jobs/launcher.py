"""Becomes a job: gives up what a job must not have, then executes its command. Run as `python -I -S launcher.py JSON`.

It imports the standard library only and nothing of ours, and leaves nothing of itself behind but what it was told to
set. Exit status: 126 where it could not make the job harmless, 127 where there is no such command.
"""

from contextlib import suppress
import ctypes
from io import FileIO
import json
import os
from pathlib import Path
import resource
import signal
import sys
from typing import Any

EXIT_UNSAFE = 126
EXIT_NO_COMMAND = 127
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_MS_NOSUID_NODEV_NOEXEC = 2 | 4 | 8
_MS_BIND = 4096
_MS_REC = 16384
_MS_PRIVATE = 1 << 18
_LIMITS = {
    "memory_bytes": resource.RLIMIT_AS,
    "cpu_s": resource.RLIMIT_CPU,
    "files": resource.RLIMIT_NOFILE,
    "core_bytes": resource.RLIMIT_CORE,
}


class UnsafeError(Exception):
    """The job would have more than it may have."""


def be_humble(nice: int, oom_score_adj: int) -> None:
    """Give way in CPU time, and be killed for memory before Home Assistant is; what is not allowed is left."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, nice)
    with suppress(OSError), FileIO("/proc/self/oom_score_adj", "w") as file:
        file.write(str(oom_score_adj).encode())


def hide(paths: list[str]) -> None:
    """Cover folders and files with emptiness, for this process and its children alone. Raises OSError."""
    present = [path for path in paths if Path(path).exists()]
    if not present:
        return
    os.unshare(os.CLONE_NEWNS)
    _mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None)
    for path in present:
        if Path(path).is_dir():
            _mount(b"none", os.fsencode(path), b"tmpfs", _MS_NOSUID_NODEV_NOEXEC, b"size=4k,mode=0000")
        else:
            _mount(b"/dev/null", os.fsencode(path), None, _MS_BIND, None)


def _mount(source: bytes, target: bytes, kind: bytes | None, flags: int, data: bytes | None) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(source, target, kind, ctypes.c_ulong(flags), data) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), os.fsdecode(target))


def become(uid: int, gid: int) -> None:
    """Become another user for good, with no groups beside the one. Raises OSError."""
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def gain_nothing() -> None:
    """Never get more rights by executing anything. Raises UnsafeError."""
    if ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise UnsafeError("no_new_privs is not to be had")


def keep_the_family_together() -> None:
    """Be the parent of whatever a child leaves behind, so that all processes of the job can be found; or do without."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_with_parent(parent_pid: int) -> None:
    """Be told to save and end when the parent ends. Raises UnsafeError where it has ended already.

    After the change of user, which takes such an agreement back.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent_pid:
        raise UnsafeError("the parent ended first")


def limit(limits: dict[str, int]) -> None:
    """Set limits, never above those in force. Raises UnsafeError where one is not to be had."""
    for name, value in limits.items():
        _, hard = resource.getrlimit(_LIMITS[name])
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(_LIMITS[name], (most, most))
        except (OSError, ValueError) as error:
            raise UnsafeError(f"limit of {name}: {error}") from error


def require_unreadable(paths: list[str]) -> None:
    """Make sure of what was hidden. Raises UnsafeError."""
    for path in paths:
        if Path(path).is_dir() and os.access(path, os.R_OK | os.X_OK) and next(Path(path).iterdir(), None) is not None:
            raise UnsafeError(f"the job could read {path}")
        if Path(path).is_file() and os.access(path, os.R_OK):
            raise UnsafeError(f"the job could read {path}")


def prepare(settings: dict[str, Any]) -> None:
    """Give up everything. Raises OSError and UnsafeError."""
    be_humble(settings["nice"], settings["oom_score_adj"])
    uid = settings["uid"]
    if uid is not None:
        # Where mounting is not allowed the user's own rights must do; that is looked at below.
        with suppress(OSError):
            hide(settings["hidden"])
        become(uid, settings["gid"])
    gain_nothing()
    keep_the_family_together()
    end_with_parent(settings["parent_pid"])
    if uid is not None:
        require_unreadable(settings["hidden"])
    os.chdir(settings["folder"])
    os.umask(0o077)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    limit(settings["limits"])


def main(text: str) -> int:
    """Become the job; returns an exit status only where that fails."""
    settings = json.loads(text)
    try:
        prepare(settings)
    except (OSError, UnsafeError) as error:
        sys.stderr.write(f"The job was not started: {error}\n")
        return EXIT_UNSAFE
    command: list[str] = settings["command"]
    try:
        os.execvp(command[0], command)  # noqa: S606 - no shell is what is wanted
    except OSError as error:
        sys.stderr.write(f"The command cannot be executed: {error}\n")
        return EXIT_NO_COMMAND


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
