"""Reads and writes the numbers in files of the kernel. Errors: CapError and its kin."""

import errno
import os
from pathlib import Path

from .cap import CapError, CapForbiddenError, CapMissingError

_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_MISSING = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENODEV})


def text(path: Path) -> str | None:
    """Return what a file says, None where it cannot be read."""
    try:
        return path.read_text().strip()
    except OSError, ValueError:
        return None


def number(path: Path) -> int:
    """Return the number in a file."""
    try:
        return int(path.read_text())
    except OSError as error:
        raise _told(path, error) from None
    except ValueError:
        raise CapError(f"{path.name} is no number") from None


def number_or_none(path: Path) -> int | None:
    """Return the number in a file, None where there is none."""
    try:
        return number(path)
    except CapError:
        return None


def put(path: Path, value: int) -> None:
    """Write a number into a file that is there."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_TRUNC)
        try:
            os.write(file, f"{value}\n".encode())
        finally:
            os.close(file)
    except OSError as error:
        raise _told(path, error) from None


def _told(path: Path, error: OSError) -> CapError:
    said = f"{path.name}: {error.strerror}"
    if error.errno in _FORBIDDEN:
        return CapForbiddenError(said)
    return CapMissingError(said) if error.errno in _MISSING else CapError(said)
