"""The kernel of last resort: Python's hashlib, in a helper process per thread since it holds the interpreter lock."""

from hashlib import sha256
import os
import struct
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from ctypes import c_int32

_POLL_NONCES = 256
_REQUEST = struct.Struct("<76s32sIQ")
_ANSWER = struct.Struct("<QdI")
_MOST_FOUND = 256


class HashlibKernel:
    """Hashes with hashlib in the calling thread."""

    name = "hashlib"
    versions = 1

    def scan(
        self, prefixes: Sequence[bytes], target: int, nonce: int, count: int, stop: c_int32
    ) -> tuple[int, list[tuple[int, int]], float]:
        """Try `count` nonces from `nonce` on; return the hashes done, (version index, nonce) found and extra CPU s."""
        (prefix,) = prefixes
        midstate, tail = sha256(prefix[:64]), prefix[64:]
        most = target.to_bytes(32, "big")
        zeros = bytes(32 - (target.bit_length() + 7) // 8)
        found: list[tuple[int, int]] = []
        done = 0
        while done < count and not stop.value and len(found) < _MOST_FOUND:
            for candidate in range(nonce + done, nonce + min(done + _POLL_NONCES, count)):
                inner = midstate.copy()
                inner.update(tail + candidate.to_bytes(4, "little"))
                digest = sha256(inner.digest()).digest()
                if digest.endswith(zeros) and digest[::-1] <= most:
                    found.append((0, candidate))
            done = min(done + _POLL_NONCES, count)
        return done, found, 0.0


class HelperKernel:
    """Passes scans on to a helper process over a pair of pipes."""

    name = "hashlib"
    versions = 1

    def __init__(self, requests: int, answers: int) -> None:
        self._requests = requests
        self._answers = os.fdopen(answers, "rb")

    def scan(
        self, prefixes: Sequence[bytes], target: int, nonce: int, count: int, stop: c_int32
    ) -> tuple[int, list[tuple[int, int]], float]:
        """As HashlibKernel.scan; `stop` is memory that the helper shares. Raises OSError when the helper is gone."""
        del stop
        os.write(self._requests, _REQUEST.pack(prefixes[0], target.to_bytes(32, "big"), nonce, count))
        head = self._answers.read(_ANSWER.size)
        if len(head) < _ANSWER.size:
            raise BrokenPipeError("a hashing helper ended")
        done, cpu_s, found = _ANSWER.unpack(head)
        nonces = struct.unpack(f"<{found}I", self._answers.read(4 * found))
        return done, [(0, found_nonce) for found_nonce in nonces], cpu_s

    def close(self) -> None:
        """Let the helper end."""
        os.close(self._requests)
        self._answers.close()


def serve(requests: int, answers: int, stop: c_int32) -> None:
    """Answer requests until their pipe closes; what a helper process does all its life."""
    kernel = HashlibKernel()
    with os.fdopen(requests, "rb") as source:
        while len(request := source.read(_REQUEST.size)) == _REQUEST.size:
            prefix, target, nonce, count = _REQUEST.unpack(request)
            began = time.process_time()
            done, found, _ = kernel.scan((prefix,), int.from_bytes(target, "big"), nonce, count, stop)
            answer = _ANSWER.pack(done, time.process_time() - began, len(found))
            os.write(answers, answer + struct.pack(f"<{len(found)}I", *(found_nonce for _, found_nonce in found)))


def start_helper(stop: c_int32, prepare: Callable[[], None]) -> tuple[HelperKernel, int]:
    """Fork a helper; must run on the main thread and before any other. Returns the kernel and the process id."""
    (requests_out, requests_in), (answers_out, answers_in) = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(requests_in)
            os.close(answers_out)
            prepare()
            serve(requests_out, answers_in, stop)
        finally:
            os._exit(0)
    os.close(requests_out)
    os.close(answers_in)
    return HelperKernel(requests_in, answers_out), pid
