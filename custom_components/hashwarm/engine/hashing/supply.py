"""Deals out headers to hash: every unit has an extranonce 2 (or a second) of its own, so no hash is done twice."""

import os
from threading import Lock

from .header import header_prefix, merkle_root, rolled_version, version_rolls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .protocol import Task

MAXIMUM_NTIME_ROLL_S = 7000
"""What pools accept ahead of the work's own time."""
NONCES = 1 << 32


class Unit:
    """A header to try all nonces on, in one or more versions."""

    __slots__ = ("extranonce2", "nonce", "ntime", "prefixes", "task", "versions")

    def __init__(self, task: Task, extranonce2: bytes, ntime: int, versions: tuple[int, ...]) -> None:
        self.task = task
        self.extranonce2 = extranonce2
        self.ntime = ntime
        self.versions = versions
        self.nonce = 0
        root = merkle_root(task.coinbase1, task.extranonce1, extranonce2, task.coinbase2, task.branches)
        self.prefixes = tuple(
            header_prefix(version=version, previous_hash=task.previous_hash, root=root, ntime=ntime, nbits=task.nbits)
            for version in versions
        )


class Supply:
    """Deals units of one task to all threads. The start is random: children and reloads do not repeat each other."""

    __slots__ = ("_dealt", "_lock", "_start", "_wrapped_ntime", "task")

    def __init__(self, task: Task, start: int | None = None) -> None:
        self.task = task
        self._lock = Lock()
        self._dealt = 0
        self._start = int.from_bytes(os.urandom(8)) if start is None else start
        self._wrapped_ntime = task.ntime - 1

    def deal(self, versions: int, now_s: float) -> Unit | None:
        """Return a fresh unit, None while a tiny extranonce 2 has been used up for this second of header time."""
        task = self.task
        ntime = task.ntime + min(max(int(now_s - task.received_s), 0), MAXIMUM_NTIME_ROLL_S)
        space = 1 << 8 * task.extranonce2_size
        with self._lock:
            dealt = self._dealt
            if dealt % space == 0:
                if ntime <= self._wrapped_ntime:
                    return None
                self._wrapped_ntime = ntime
            elif space < NONCES:
                ntime = self._wrapped_ntime
            self._dealt += 1
        extranonce2 = ((self._start + dealt) % space).to_bytes(task.extranonce2_size, "big")
        rolls = version_rolls(task.version_mask)
        return Unit(
            task,
            extranonce2,
            ntime & 0xFFFFFFFF,
            tuple(
                rolled_version(task.version, task.version_mask, (dealt * versions + i) % rolls) for i in range(versions)
            ),
        )
