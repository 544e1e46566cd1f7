"""Removes what an executor on this machine leaves behind when a person removed it. Blocking, for a thread."""

import os
from pathlib import Path
import shutil

from ..model.errors import ExecutorError
from . import sweep
from .local import LEADER, MARKER
from .ulid import is_ulid


def remove_leftovers(jobs: Path, executor_id: str) -> bool:
    """Remove the folder of an executor that is gone below that of all jobs; return whether there is none any more.

    It stays where a process of it still runs, and where it is a link or no folder of ours. Errors: ExecutorError.
    """
    folder = jobs.absolute() / executor_id
    if not is_ulid(executor_id) or folder.is_symlink():
        return False
    if not folder.exists():
        return True
    try:
        if _runs_in(folder):
            return False
        shutil.rmtree(folder)
    except OSError as error:
        raise ExecutorError(str(error)) from error
    return True


def _runs_in(folder: Path) -> bool:
    """Return whether a process of a job of it is alive, by its environment or by the note of its first process."""
    marker = os.fsencode(f"{MARKER}{folder}/")
    leaders = [sweep.read_leader(note) for note in folder.glob(f"*/{LEADER}")]
    return any(sweep.members(marker, leader) for leader in (None, *leaders))
