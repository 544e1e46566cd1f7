"""Kernels: right, refused when they are not, and chosen by speed."""

import ctypes
import os
import shutil
import struct
import threading
import time

import pytest

from custom_components.hashwarm.engine.hashing import kernels, native_kernel, proving
from custom_components.hashwarm.engine.hashing.hashlib_kernel import HashlibKernel, serve, start_helper
from custom_components.hashwarm.engine.hashing.header import digest_of, header
from custom_components.hashwarm.engine.model.errors import KernelError


@pytest.fixture(scope="module")
def library(native):
    return native_kernel.open_library(str(native))


@pytest.fixture
def usable(library):
    return native_kernel.usable_kernels(library, ())


def test_every_kernel_of_this_cpu_is_proven(usable):
    names = [kernel.name for kernel in usable]
    assert {"generic", "generic_ab4"} <= set(names)
    for kernel in usable:
        assert proving.proven(kernel), kernel.name


def test_hashlib_is_proven():
    assert proving.proven(HashlibKernel())


class Wrong(HashlibKernel):
    """Says nothing, too much, or nothing ever."""

    def __init__(self, fault):
        self.fault = fault

    def scan(self, prefixes, target, nonce, count, stop):
        done, found, cpu_s = super().scan(prefixes, target, nonce, count, stop)
        match self.fault:
            case "deaf":
                found = []
            case "lying":
                found = [(0, nonce), *found]
            case "stuck":
                done = 0
        return done, found, cpu_s


@pytest.mark.parametrize("fault", ["deaf", "lying", "stuck"])
def test_a_wrong_kernel_is_not_proven(fault):
    assert not proving.proven(Wrong(fault))


@pytest.mark.parametrize("versions", [1, 2, 3, 4])
def test_any_number_of_versions(usable, stop, versions):
    prefixes = proving.versions_of(proving.random_prefix(), versions)
    target = 1 << 252
    expected = {(v, n) for v, p in enumerate(prefixes) for n in range(200) if digest_of(header(p, n)) <= target}
    for kernel in usable:
        hashes, found, _ = kernel.scan(prefixes, target, 0, 200, stop)
        assert (hashes, set(found)) == (200 * versions, expected), kernel.name


def test_the_last_nonce_of_all_is_tried(usable, stop):
    prefix = proving.random_prefix()
    for kernel in usable:
        hashes, found, _ = kernel.scan((prefix,), (1 << 256) - 1, 2**32 - 20, 20, stop)
        assert hashes == 20
        assert sorted(nonce for _, nonce in found) == list(range(2**32 - 20, 2**32))


def test_too_many_finds_return_early_and_none_is_lost(usable, stop):
    prefix = proving.random_prefix()
    for kernel in [*usable, HashlibKernel()]:
        hashes, found, _ = kernel.scan((prefix,), (1 << 256) - 1, 0, 5000, stop)
        assert 0 < hashes < 5000
        assert [nonce for _, nonce in found] == list(range(hashes))


def test_target_zero_never_finds(usable, stop):
    for kernel in usable:
        assert kernel.scan((proving.random_prefix(),), 0, 0, 1000, stop)[:2] == (1000, [])


def test_stop_interrupts_a_running_scan(usable, stop):
    kernel = next(k for k in usable if k.name == "generic")
    timer = threading.Timer(0.05, lambda: setattr(stop, "value", 1))
    timer.start()
    hashes, _, _ = kernel.scan((bytes(76),), 0, 0, 1 << 32, stop)
    timer.join()
    assert 0 < hashes < 1 << 32
    assert kernel.scan((bytes(76),), 0, 0, 1000, stop)[0] == 0
    assert HashlibKernel().scan((bytes(76),), 0, 0, 1000, stop)[0] == 0


def test_calls_that_make_no_sense_do_nothing(library, stop):
    for index, versions in ((99, 1), (0, 0), (0, 5), (4 if os.uname().machine == "x86_64" else 1, 1)):
        used = ctypes.c_uint32(7)
        found = (ctypes.c_uint32 * 512)()
        target = (ctypes.c_uint32 * 8)()
        done = library.scan(
            index, versions, bytes(76 * 5), target, 0, 100, ctypes.byref(stop), found, 256, ctypes.byref(used)
        )
        assert (done, used.value) == (0, 0)


def test_masked_kernels_are_left_out(library):
    usable = native_kernel.usable_kernels(library, ("avx512", "generic"))
    assert not {"avx512", "avx512_ab4", "generic"} & {kernel.name for kernel in usable}


def test_missing_or_tampered_objects_are_refused(native, tmp_path):
    machine = os.uname().machine
    with pytest.raises(KernelError, match="kernel_missing"):
        native_kernel.open_library(str(tmp_path))
    with pytest.raises(KernelError, match="kernel_missing"):
        native_kernel.open_library(str(native), "pdp11")
    for path in native.glob(f"{machine}.so*"):
        shutil.copy(path, tmp_path)
    native_kernel.open_library(str(tmp_path))
    with (tmp_path / f"{machine}.so").open("ab") as file:
        file.write(b"x")
    with pytest.raises(KernelError, match="kernel_tampered"):
        native_kernel.open_library(str(tmp_path))
    (tmp_path / f"{machine}.so.sha256").write_bytes(b"\xff\xfe")
    with pytest.raises(KernelError, match="kernel_tampered"):
        native_kernel.open_library(str(tmp_path))


def test_objects_that_are_no_kernel_are_refused(tmp_path):
    import hashlib

    (tmp_path / "odd.so").write_bytes(b"no object at all")
    (tmp_path / "odd.so.sha256").write_text(hashlib.sha256(b"no object at all").hexdigest())
    with pytest.raises(KernelError, match="kernel_tampered"):
        native_kernel.open_library(str(tmp_path), "odd")


def test_a_kernel_of_another_abi_is_refused(native, monkeypatch):
    monkeypatch.setattr(native_kernel, "ABI", 2)
    with pytest.raises(KernelError, match="kernel_tampered"):
        native_kernel.open_library(str(native))


def test_arm_capability_comes_from_the_auxiliary_vector(tmp_path, monkeypatch):
    path = tmp_path / "auxv"
    for hwcap, usable in ((1 << 6, True), (~(1 << 6) & 0xFFFFFFFF, False)):
        path.write_bytes(struct.pack("<4Q", 3, 64, 16, hwcap) + b"odd")
        assert native_kernel.armv8_sha2_usable(str(path)) is usable
    assert not native_kernel.armv8_sha2_usable(str(tmp_path / "none"))

    class Arm:
        def caps(self):
            return 0b10001

    monkeypatch.setattr(native_kernel, "armv8_sha2_usable", lambda: False)
    assert [k.name for k in native_kernel.usable_kernels(Arm(), ())] == ["generic", "generic_ab4"]
    monkeypatch.setattr(native_kernel, "armv8_sha2_usable", lambda: True)
    assert "armv8_sha2_ab4" in [k.name for k in native_kernel.usable_kernels(Arm(), ())]


def test_the_fastest_is_chosen(native):
    announced = []
    choice = kernels.choose((), announced.append, str(native))
    assert set(announced) == set(choice.rates_hs)
    assert choice.rates_hs[choice.rolling.name] == max(choice.rates_hs.values())
    assert choice.plain.versions == 1
    assert choice.problem is None


@pytest.mark.parametrize(("masked", "problem"), [(native_kernel.NAMES, "kernel_masked"), ((), "kernel_missing")])
def test_without_kernels_hashlib_hashes(native, tmp_path, masked, problem):
    choice = kernels.choose(masked, lambda name: None, str(native if masked else tmp_path))
    assert choice.rolling.name == choice.plain.name == "hashlib"
    assert choice.problem == problem
    assert choice.rates_hs["hashlib"] > 1000


def test_kernels_that_fail_their_proof_are_not_used(native, monkeypatch):
    monkeypatch.setattr(kernels, "proven", lambda kernel: kernel.name == "generic")
    choice = kernels.choose((), lambda name: None, str(native))
    assert (choice.rolling.name, choice.problem) == ("generic", "kernel_wrong")
    monkeypatch.setattr(kernels, "proven", lambda kernel: kernel.name == "generic_ab4")
    choice = kernels.choose((), lambda name: None, str(native))
    assert (choice.rolling.name, choice.problem) == ("hashlib", "kernel_wrong")
    monkeypatch.setattr(kernels, "proven", lambda kernel: False)
    assert kernels.choose((), lambda name: None, str(native)).problem == "kernel_wrong"


def test_timing_on_a_given_clock():
    ticks = iter(range(1000))

    class Steady(HashlibKernel):
        def scan(self, prefixes, target, nonce, count, stop):
            return count, [], 0.0

    assert proving.rate_hs(Steady(), lambda: next(ticks) * 0.5) == 1024


def test_a_helper_process_hashes_and_ends_with_its_pipe(stop):
    kernel, pid = start_helper(stop, lambda: None)
    assert proving.proven(kernel)
    assert kernel.scan((bytes(76),), 0, 0, 3000, stop)[2] > 0
    kernel.close()
    assert os.waitpid(pid, 0)[1] == 0


def test_a_helper_that_died_is_noticed(stop):
    kernel, pid = start_helper(stop, lambda: None)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    with pytest.raises(BrokenPipeError):
        kernel.scan((bytes(76),), 0, 0, 1, stop)
    kernel.close()


def test_what_a_helper_does(stop):
    (requests_out, requests_in), (answers_out, answers_in) = os.pipe(), os.pipe()
    os.write(requests_in, struct.pack("<76s32sIQ", bytes(76), b"\xff" * 32, 5, 3))
    os.close(requests_in)
    serve(requests_out, answers_in, stop)
    done, cpu_s, found = struct.unpack("<QdI", os.read(answers_out, 20))
    assert (done, found) == (3, 3)
    assert cpu_s >= 0
    assert struct.unpack("<3I", os.read(answers_out, 100)) == (5, 6, 7)
    os.close(answers_out)
    os.close(answers_in)
    assert time.process_time() > 0
