"""GPUs of AMD and the processor's own limit, on trees of files as the kernel has them."""

import errno
import os

import pytest

from custom_components.hashwarm.engine.jobs.power import sysfs as files
from custom_components.hashwarm.engine.jobs.power.cap import CapError, CapForbiddenError, CapMissingError
from custom_components.hashwarm.engine.jobs.power.rapl import LEAST_SHARE

CAP = {"power1_cap": 250_000_000, "power1_cap_min": 80_000_000, "power1_cap_max": 280_000_000}


def read(folder, name):
    return int((folder / name).read_text())


async def test_a_gpu_of_amd_is_limited_and_gets_back_what_was_found(make, add_gpu, kept, until):
    hwmon = add_gpu(0, "0000:03:00.0", power1_average=97_500_000, **CAP)
    limiter = make(gpu_index=0)
    await limiter.start()
    assert (limiter.method, limiter.problem) == ("amdgpu", None)
    await until(lambda: limiter.read_w() == 97.5)
    assert await limiter.limit(90.0) == 90.0
    assert (hwmon / "power1_cap").read_text() == "90000000\n"
    assert kept() == ["power-limit-amdgpu-0000_03_00.0.json"]
    assert await limiter.limit(10.0) == 80.0
    assert await limiter.limit(1000.0) == 250.0
    await limiter.limit(100.0)
    await limiter.stop()
    assert (read(hwmon, "power1_cap"), kept()) == (250_000_000, [])


async def test_cards_are_counted_as_the_system_does(make, add_gpu, until):
    add_gpu(10, "0000:0a:00.0", power1_input=30_000_000, **CAP)
    add_gpu(1, "0000:01:00.0", name="i915", **CAP)
    second = add_gpu(2, "0000:02:00.0", power1_average=20_000_000, **CAP)
    for index, watts in ((0, 20.0), (1, 30.0)):
        limiter = make(gpu_index=index)
        await limiter.start()
        await until(lambda limiter=limiter, watts=watts: limiter.read_w() == watts)
        await limiter.limit(100.0)
        await limiter.stop()
    assert read(second, "power1_cap") == 250_000_000
    limiter = make(gpu_index=2)
    await limiter.start()
    assert (limiter.method, limiter.problem) == ("duty_cycle", "power_limit_missing")


async def test_an_older_kernel_tells_no_least(make, add_gpu):
    add_gpu(0, "a", **(CAP | {"power1_cap_min": 0}))
    limiter = make(gpu_index=0)
    await limiter.start()
    assert await limiter.limit(0.0) == 62.5


async def test_a_gpu_without_a_limit_is_read_no_more_than_it_tells(make, add_gpu):
    add_gpu(0, "a", power1_average=15_000_000)
    limiter = make(gpu_index=0)
    await limiter.start()
    assert (limiter.method, limiter.problem) == ("duty_cycle", "power_limit_unsupported")


@pytest.mark.parametrize("cap", ["", "unknown", "-"])
async def test_a_limit_that_is_no_number_is_none(make, add_gpu, cap, until):
    hwmon = add_gpu(0, "a", power1_cap=cap)
    limiter = make(gpu_index=0)
    await limiter.start()
    assert (limiter.method, limiter.problem) == ("duty_cycle", "power_limit_failed")
    assert (hwmon / "power1_cap").read_text() == f"{cap}\n"


async def test_a_gpu_that_goes_away_is_told(make, add_gpu):
    hwmon = add_gpu(0, "a", **CAP)
    limiter = make(gpu_index=0)
    await limiter.start()
    await limiter.limit(100.0)
    (hwmon / "power1_cap").unlink()
    assert await limiter.limit(120.0) is None
    assert limiter.problem == "power_limit_missing"
    assert not (hwmon / "power1_cap").exists()


async def test_a_file_that_may_not_be_written_is_left_alone(make, add_gpu, monkeypatch):
    hwmon = add_gpu(0, "a", **CAP)

    def read_only(*_):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(files.os, "open", read_only)
    limiter = make(gpu_index=0)
    await limiter.start()
    assert (limiter.method, limiter.problem) == ("duty_cycle", "power_limit_forbidden")
    monkeypatch.undo()
    assert read(hwmon, "power1_cap") == 250_000_000


async def test_the_processor_is_limited_only_where_that_was_allowed(make, add_package):
    package = add_package(0)
    limiter = make()
    await limiter.start()
    assert limiter.method == "duty_cycle"
    allowed = make(allow_rapl=True)
    await allowed.start()
    assert (allowed.method, allowed.problem, allowed.read_w()) == ("rapl", None, None)
    assert await allowed.limit(40.0) == 40.0
    assert read(package, "constraint_0_power_limit_uw") == 40_000_000
    await allowed.stop()
    assert read(package, "constraint_0_power_limit_uw") == 65_000_000


async def test_packages_share_by_what_they_were_found_with_and_keep_what_others_need(make, add_package, kept):
    add_package(0, constraint_0_power_limit_uw=60_000_000)
    add_package(1, constraint_0_power_limit_uw=120_000_000, constraint_0_max_power_uw=4_095_000_000)
    add_package("0:0", name="core")
    limiter = make(allow_rapl=True)
    await limiter.start()
    assert await limiter.limit(90.0) == 90.0
    assert await limiter.limit(0.0) == pytest.approx(LEAST_SHARE * 180.0)
    crashed, after = limiter, make(allow_rapl=True)
    await after.start()
    assert kept() == []
    assert await after.limit(None) == 180.0
    crashed._limited = False


@pytest.mark.parametrize(
    "files",
    [{"enabled": 0}, {"constraint_0_name": "peak_power"}],
)
async def test_a_processor_whose_limit_is_off_is_not_limited(make, add_package, files):
    add_package(0, **files)
    limiter = make(allow_rapl=True)
    await limiter.start()
    assert (limiter.method, limiter.problem) == ("duty_cycle", "power_limit_unsupported")


async def test_a_processor_without_limits_is_told(make):
    limiter = make(allow_rapl=True)
    await limiter.start()
    assert (limiter.method, limiter.problem) == ("duty_cycle", "power_limit_missing")


async def test_the_next_best_is_taken_and_why_is_said(make, nvml, add_package, until):
    add_package(0)
    nvml.errors = {"nvmlDeviceSetPowerManagementLimit": nvml.NVML_ERROR_NO_PERMISSION}
    limiter = make(gpu_index=0, load=lambda: nvml, allow_rapl=True)
    await limiter.start()
    assert (limiter.method, limiter.problem) == ("rapl", "power_limit_forbidden")
    await until(lambda: limiter.read_w() == 123.456)


@pytest.mark.parametrize(
    ("code", "kind"),
    [(errno.EACCES, CapForbiddenError), (errno.EPERM, CapForbiddenError), (errno.ENODEV, CapMissingError)],
)
def test_errors_of_the_kernel_have_names(monkeypatch, tmp_path, code, kind):
    path = tmp_path / "power1_cap"
    path.write_text("5\n")

    def fail(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(files.os, "write", fail)
    with pytest.raises(kind):
        files.put(path, 1)
    monkeypatch.undo()
    with pytest.raises(CapError):
        files.put(tmp_path, 1)
    with pytest.raises(CapMissingError):
        files.put(tmp_path / "none", 1)
    assert files.text(tmp_path) is None
    assert files.number_or_none(tmp_path / "none") is None
