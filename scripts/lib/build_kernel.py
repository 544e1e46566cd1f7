"""Builds the hashing kernels: for both architectures with ziglang where it is installed, else for this machine with cc.

The same sources and the same ziglang give the same bytes. Without any compiler hashlib will be used, and that is said.
"""

import hashlib
from importlib.metadata import version
from importlib.util import find_spec
import os
from pathlib import Path
import platform
import shutil
import subprocess
import sys
import tempfile

NATIVE = Path(__file__).parents[2] / "custom_components" / "hashwarm" / "engine" / "hashing" / "native"
COMMON = ("kernel.c", "scalar.c", "generic.c")
SOURCES = {
    "x86_64": (*COMMON, "avx2.c", "avx512.c", "sha_ni.c"),
    "aarch64": (*COMMON, "armv8_sha2.c"),
}
FLAGS = (
    "-std=gnu11", "-O3", "-ffreestanding", "-fno-builtin", "-nostdlib", "-fvisibility=hidden", "-Wall", "-Wextra",
    "-Wno-psabi", "-shared", "-fPIC", "-s", "-Wl,--no-undefined",
)  # fmt: skip


def compiler(architecture: str) -> list[str] | None:
    """Return the command that compiles for an architecture, None when this machine has none."""
    if find_spec("ziglang") is not None:
        return [sys.executable, "-m", "ziglang", "cc", "-target", f"{architecture}-linux-none"]
    if architecture == platform.machine() and (path := shutil.which("cc")):
        return [path]
    return None


def fingerprint(native: Path, command: list[str]) -> str:
    """Sum up everything that the object depends on."""
    digest = hashlib.sha256(" ".join((*command[1:], *FLAGS)).encode())
    if "ziglang" in command:
        digest.update(version("ziglang").encode())
    for path in sorted((*native.glob("*.c"), *native.glob("*.h"))):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def build(architecture: str, command: list[str], native: Path, out: Path) -> bool:
    """Build one shared object and its checksum unless they are there already; True when it was built.

    Raises CalledProcessError when the sources do not compile.
    """
    target = out / f"{architecture}.so"
    checksum = out / f"{architecture}.so.sha256"
    wanted = fingerprint(native, command)
    if target.exists() and checksum.exists():
        digest, _, built_from = checksum.read_text().partition(" ")
        if built_from.strip() == wanted and digest == hashlib.sha256(target.read_bytes()).hexdigest():
            return False
    with tempfile.TemporaryDirectory(dir=out) as folder:
        fresh = Path(folder) / target.name
        environment = {**os.environ, "ZIG_LOCAL_CACHE_DIR": folder + "/zig"}
        subprocess.run(
            [*command, *FLAGS, "-o", str(fresh), *SOURCES[architecture]], cwd=native, env=environment, check=True
        )
        digest = hashlib.sha256(fresh.read_bytes()).hexdigest()
        fresh.chmod(0o644)
        fresh.replace(target)
    checksum.write_text(f"{digest} {wanted}\n")
    return True


def main(out: Path = NATIVE) -> int:
    """Build what can be built here and say so in one line."""
    done = []
    for architecture in SOURCES:
        if command := compiler(architecture):
            try:
                fresh = build(architecture, command, NATIVE, out)
            except subprocess.CalledProcessError as error:
                print(f"▸ the hashing kernel for {architecture} did not compile ({error})", file=sys.stderr)
                return 1
            done.append(f"{architecture} {'built' if fresh else 'unchanged'}")
    print("▸ hashing kernel: " + (", ".join(done) or "no compiler here, hashlib will be used"), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else NATIVE))
