"""What was changed in other programs and devices and has to be put back, kept where a crash does not reach it."""

import json
import os
from pathlib import Path
from typing import Any

from ..model.errors import ExecutorError


class Keepsake:
    """A small JSON file, there only while something has to be put back. Blocking; for a thread."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, Any]:
        """Return what is kept, nothing where the file is missing or makes no sense."""
        try:
            kept = json.loads(self._path.read_bytes())
        except OSError, ValueError:
            return {}
        return kept if isinstance(kept, dict) else {}

    def write(self, kept: dict[str, Any]) -> None:
        """Keep this instead, whole or not at all; an empty dictionary removes the file. Errors: ExecutorError."""
        try:
            if kept:
                self._replace(json.dumps(kept).encode())
            else:
                self._path.unlink(missing_ok=True)
        except OSError as error:
            raise ExecutorError(f"what has to be put back cannot be written down: {error}") from error

    def _replace(self, raw: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".new")
        with draft.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
