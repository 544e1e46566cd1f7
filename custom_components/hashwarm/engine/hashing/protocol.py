"""The JSON lines between keeper and child; pure, and light enough for the child process.

Keeper to child: {"c": "work" | "duty" | "rate" | "beat" | "stop", ...}.
Child to keeper: {"t": "ready" | "testing" | "tuned" | "share" | "report", ...}.
"""

import json
from json import JSONDecodeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .work import HashWork

EXIT_BUSY = 75
"""Another child holds the guard (EX_TEMPFAIL)."""
LONGEST_LINE = 1 << 20
MAXIMUM_EXTRANONCE2_SIZE = 16


class LineReader:
    """Cuts a byte stream into JSON objects; garbage and lines of more than a mebibyte are dropped and counted."""

    __slots__ = ("_buffer", "_overlong", "dropped")

    def __init__(self) -> None:
        self._buffer = b""
        self._overlong = False
        self.dropped = 0

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """Take bytes in and yield the objects they complete."""
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            parsed = None if self._overlong else parse_line(line)
            self._overlong = False
            if parsed is None:
                self.dropped += 1
            else:
                yield parsed
        if len(self._buffer) > LONGEST_LINE:
            self._buffer, self._overlong = b"", True


def parse_line(line: bytes) -> dict[str, Any] | None:
    """Parse a line, None when it is no JSON object."""
    try:
        parsed = json.loads(line)
    except JSONDecodeError, UnicodeDecodeError, RecursionError, ValueError:
        return None
    return parsed if isinstance(parsed, dict) else None


def encode(message: dict[str, Any]) -> bytes:
    """Make a line of a message."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def work_message(work: HashWork | None) -> dict[str, Any]:
    """Put work into the command for the child; None takes work away."""
    if work is None:
        return {"c": "work", "work": None}
    return {
        "c": "work",
        "work": {
            "id": work.work_id,
            "version": work.version,
            "mask": work.version_mask,
            "prev": work.previous_hash.hex(),
            "cb1": work.coinbase1.hex(),
            "en1": work.extranonce1.hex(),
            "en2size": work.extranonce2_size,
            "cb2": work.coinbase2.hex(),
            "branches": [branch.hex() for branch in work.merkle_branches],
            "ntime": work.ntime,
            "nbits": work.nbits,
            "target": f"{work.target:064x}",
            "clean": work.clean,
        },
    }


class Task:
    """Work as the child knows it: HashWork without the cost of importing dataclasses, plus when it arrived."""

    __slots__ = (
        "branches", "clean", "coinbase1", "coinbase2", "extranonce1", "extranonce2_size", "nbits", "ntime",
        "previous_hash", "received_s", "target", "version", "version_mask", "work_id",
    )  # fmt: skip

    def __init__(self, fields: dict[str, Any], received_s: float) -> None:
        """Read the fields of a work command. Raises KeyError, TypeError or ValueError when they are not such."""
        self.received_s = received_s
        self.work_id = str(fields["id"])
        self.version = _uint32(fields["version"])
        self.version_mask = _uint32(fields["mask"])
        self.previous_hash = bytes.fromhex(fields["prev"])
        self.coinbase1 = bytes.fromhex(fields["cb1"])
        self.extranonce1 = bytes.fromhex(fields["en1"])
        self.extranonce2_size = int(fields["en2size"])
        self.coinbase2 = bytes.fromhex(fields["cb2"])
        self.branches = tuple(bytes.fromhex(branch) for branch in fields["branches"])
        self.ntime = _uint32(fields["ntime"])
        self.nbits = _uint32(fields["nbits"])
        self.target = int(fields["target"], 16)
        self.clean = bool(fields["clean"])
        sizes = {len(hash_bytes) for hash_bytes in (self.previous_hash, *self.branches)}
        if (
            sizes != {32}
            or not 0 <= self.target < 1 << 256
            or not 0 <= self.extranonce2_size <= MAXIMUM_EXTRANONCE2_SIZE
        ):
            raise ValueError("work is malformed")


def _uint32(value: object) -> int:
    """Check a 32-bit field. Raises ValueError."""
    if not isinstance(value, int) or not 0 <= value < 1 << 32:
        raise ValueError("not a 32-bit number")
    return value
