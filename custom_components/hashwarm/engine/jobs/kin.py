"""The processes that one run has beside its first: children, and what left their group to be on its own."""

import signal

from . import sweep
from .processes import Process, send


class Kin:
    """Knows them as last looked at. Looking is for a thread; signalling takes no longer than there are of them."""

    def __init__(self, marker: bytes, pid: int) -> None:
        """`pid` is the first process, which lives; `marker` is what no other run has in its environment."""
        self._marker = marker
        self._pid = pid
        self._leader = sweep.leader_of(pid)
        self.known: tuple[Process, ...] = ()

    def look(self) -> list[Process]:
        """Look for all of them; return those that were not known, or not as apart, before. Blocking. Raises OSError."""
        before = {(process.pid, process.start, process.group) for process in self.known}
        found = sweep.family(self._marker, self._leader, self.known)
        self.known = tuple(process for process in found if process.pid != self._pid)
        return [process for process in self.known if (process.pid, process.start, process.group) not in before]

    def is_apart(self, process: Process) -> bool:
        """Tell whether a signal to the group of the first process passes it by."""
        return process.group != self._pid

    def tell(self, number: signal.Signals, *, all_of_them: bool) -> None:
        """Signal all, or those that a signal to the group passes by."""
        for process in self.known:
            if all_of_them or self.is_apart(process):
                send(process, number)
