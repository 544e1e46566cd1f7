"""The kernels in C, through ctypes. Loaded in the child process only: a crash here must not take the house down."""

import ctypes
from hashlib import sha256
from io import FileIO
import os
import struct

from ..model.errors import KernelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

ABI = 1
NAMES = ("generic", "avx2", "avx512", "sha_ni", "armv8_sha2")
"""In the order of the bits of caps()."""
BOOSTED_VERSIONS = 4
NATIVE = f"{__file__.rpartition('/')[0]}/native"
_MOST_FOUND = 256
_AT_HWCAP = 16
_HWCAP_SHA2 = 1 << 6
_ARMV8_SHA2 = 1 << NAMES.index("armv8_sha2")


class NativeKernel:
    """One kernel for one number of versions; safe to use from several threads."""

    __slots__ = ("_index", "_library", "base_name", "name", "versions")

    def __init__(self, library: ctypes.CDLL, index: int, versions: int) -> None:
        self._library = library
        self._index = index
        self.base_name = NAMES[index]
        self.name = self.base_name if versions == 1 else f"{self.base_name}_ab{versions}"
        self.versions = versions

    def scan(
        self, prefixes: Sequence[bytes], target: int, nonce: int, count: int, stop: ctypes.c_int32
    ) -> tuple[int, list[tuple[int, int]], float]:
        """Try `count` nonces in each header; return hashes done, (version index, nonce) found, extra CPU s (none)."""
        found = (ctypes.c_uint32 * (2 * _MOST_FOUND))()
        used = ctypes.c_uint32()
        nonces = self._library.scan(
            self._index,
            len(prefixes),
            b"".join(prefixes),
            (ctypes.c_uint32 * 8)(*struct.unpack("<8I", target.to_bytes(32, "little"))),
            nonce,
            count,
            ctypes.byref(stop),
            found,
            _MOST_FOUND,
            ctypes.byref(used),
        )
        pairs = [(found[2 * i], found[2 * i + 1]) for i in range(used.value)]
        return nonces * len(prefixes), pairs, 0.0


def open_library(folder: str = NATIVE, machine: str | None = None) -> ctypes.CDLL:
    """Load the kernels of this machine. Raises KernelError, its message kernel_missing or kernel_tampered."""
    path = f"{folder}/{machine or os.uname().machine}.so"
    try:
        with FileIO(path) as file, FileIO(path + ".sha256") as record:
            digest, recorded = sha256(file.readall()).hexdigest(), record.read(64)
    except OSError as error:
        raise KernelError("kernel_missing") from error
    if digest.encode() != recorded:
        raise KernelError("kernel_tampered")
    try:
        library = ctypes.CDLL(path)
        if library.abi() != ABI:
            raise KernelError("kernel_tampered")
    except (OSError, AttributeError) as error:
        raise KernelError("kernel_tampered") from error
    pointer = ctypes.c_void_p
    library.scan.restype = ctypes.c_uint64
    library.scan.argtypes = [
        ctypes.c_uint32, ctypes.c_uint32, ctypes.c_char_p, pointer, ctypes.c_uint32, ctypes.c_uint64,
        pointer, pointer, ctypes.c_uint32, pointer,
    ]  # fmt: skip
    return library


def armv8_sha2_usable(auxv: str = "/proc/self/auxv") -> bool:
    """Whether the kernel of an ARM system says that the SHA2 instructions are there."""
    try:
        with FileIO(auxv) as file:
            words = file.readall()
    except OSError:
        return False
    pairs = struct.iter_unpack("<QQ", words[: len(words) // 16 * 16])
    return any(key == _AT_HWCAP and value & _HWCAP_SHA2 for key, value in pairs)


def usable_kernels(library: ctypes.CDLL, masked: Sequence[str]) -> list[NativeKernel]:
    """List the kernels that this CPU can run and that are not masked, each plain and with several versions."""
    caps = library.caps()
    if caps & _ARMV8_SHA2 and not armv8_sha2_usable():
        caps &= ~_ARMV8_SHA2
    return [
        NativeKernel(library, index, versions)
        for index, name in enumerate(NAMES)
        if caps >> index & 1 and name not in masked
        for versions in (1, BOOSTED_VERSIONS)
    ]
