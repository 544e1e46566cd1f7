"""One NVIDIA GPU: limited, read, and left as it was found."""

import sys
import threading

import pytest

from custom_components.hashwarm.engine.jobs.power import limiter as limiter_module
from custom_components.hashwarm.engine.jobs.power.cap import CapError, CapMissingError
from custom_components.hashwarm.engine.jobs.power.nvml import NvmlCap, load_nvml


@pytest.fixture
def on(make, nvml):
    def build(**more):
        return make(**{"gpu_index": 0, "load": lambda: nvml, **more})

    return build


async def test_a_gpu_is_limited_and_gets_back_what_was_found(on, nvml, kept, until):
    nvml.limits = [300_000]
    limiter = on()
    assert (limiter.method, limiter.problem, limiter.read_w()) == ("none", None, None)
    await limiter.start()
    assert (limiter.method, limiter.problem) == ("nvml", None)
    assert nvml.written == [300_000]
    await until(lambda: limiter.read_w() == 123.456)
    assert await limiter.limit(200.0) == 200.0
    assert kept() == ["power-limit-nvml-GPU-7f_0.json"]
    assert await limiter.limit(200.0) == 200.0
    assert nvml.written == [300_000, 200_000]
    assert await limiter.limit(None) == 300.0
    assert kept() == []
    await limiter.limit(150.0)
    await limiter.stop()
    assert (nvml.limits, nvml.opened, kept()) == ([300_000], 0, [])
    assert (limiter.method, limiter.read_w(), await limiter.limit(100.0)) == ("none", None, None)
    await limiter.start()
    assert limiter.method == "nvml"


async def test_no_limit_is_beyond_what_the_gpu_can_or_was_found_with(on, nvml):
    limiter = on()
    await limiter.start()
    assert await limiter.limit(20.0) == 100.0
    assert await limiter.limit(1000.0) == 350.0


async def test_nothing_of_it_happens_in_the_loop(on, nvml, until):
    limiter = on()
    await limiter.start()
    thread = limiter._thread
    await limiter.start()
    assert limiter._thread is thread
    await limiter.limit(200.0)
    await until(lambda: limiter.read_w() is not None)
    await limiter.stop()
    assert len(nvml.threads) == 1
    assert threading.current_thread() not in nvml.threads


async def test_what_a_crash_left_limited_is_put_back(on, nvml, kept, make):
    crashed = on()
    await crashed.start()
    await crashed.limit(150.0)
    assert (nvml.limits, len(kept())) == ([150_000], 1)
    after = on()
    await after.start()
    assert (nvml.limits, kept()) == ([350_000], [])
    assert await after.limit(300.0) == 300.0
    await after.stop()
    assert nvml.limits == [350_000]
    crashed._limited = False


@pytest.mark.parametrize("nonsense", ["[]", '{"setting": "350"}', '{"setting": [1, 2]}', '{"setting": [true]}', "{"])
async def test_nonsense_that_was_kept_is_passed_over(on, nvml, tmp_path, nonsense):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "power-limit-nvml-GPU-7f_0.json").write_text(nonsense)
    limiter = on()
    await limiter.start()
    assert (limiter.method, nvml.limits) == ("nvml", [350_000])


@pytest.mark.parametrize(
    ("code", "problem"),
    [(4, "power_limit_forbidden"), (3, "power_limit_unsupported"), (15, "power_limit_failed")],
)
async def test_a_gpu_that_may_not_be_limited_is_still_read(on, nvml, until, code, problem):
    nvml.errors = {"nvmlDeviceSetPowerManagementLimit": code}
    limiter = on()
    await limiter.start()
    assert (limiter.method, limiter.problem) == ("duty_cycle", problem)
    assert await limiter.limit(200.0) is None
    await until(lambda: limiter.read_w() == 123.456)
    await limiter.stop()
    assert (nvml.limits, nvml.opened) == ([350_000], 0)


@pytest.mark.parametrize(
    ("errors", "problem"),
    [
        ({"nvmlInit": 9}, "power_limit_missing"),
        ({"nvmlDeviceGetHandleByIndex": 2}, "power_limit_missing"),
        ({"nvmlDeviceGetHandleByIndex": 4}, "power_limit_forbidden"),
        ({"nvmlDeviceGetPowerManagementLimit": 3}, "power_limit_unsupported"),
        ({"nvmlDeviceGetUUID": KeyError("a library gone mad")}, "power_limit_failed"),
        ({"nvmlDeviceGetHandleByIndex": 2, "nvmlShutdown": 2}, "power_limit_failed"),
    ],
)
async def test_a_gpu_that_cannot_be_found_is_told(on, nvml, errors, problem):
    nvml.errors = errors
    limiter = on()
    await limiter.start()
    assert (limiter.method, limiter.problem, await limiter.limit(200.0)) == ("duty_cycle", problem, None)
    await limiter.stop()


async def test_without_the_library_jobs_are_slowed_down_by_duty_cycle(make):
    limiter = make(gpu_index=0)
    await limiter.start()
    assert (limiter.method, limiter.problem, limiter.read_w()) == ("duty_cycle", "power_limit_missing", None)


async def test_no_gpu_is_touched_that_was_not_named(make, nvml):
    limiter = make(load=lambda: nvml)
    await limiter.start()
    assert (limiter.method, limiter.problem, nvml.threads) == ("duty_cycle", None, set())


async def test_a_limit_that_fails_falls_back_and_comes_back(on, nvml):
    limiter = on()
    await limiter.start()
    nvml.errors = {"nvmlDeviceSetPowerManagementLimit": 15}
    for _ in range(2):
        assert await limiter.limit(200.0) is None
        assert (limiter.method, limiter.problem) == ("duty_cycle", "power_limit_failed")
    nvml.errors = {}
    assert await limiter.limit(200.0) == 200.0
    assert (limiter.method, limiter.problem) == ("nvml", None)


async def test_a_limit_that_is_not_taken_is_no_limit(on, nvml):
    limiter = on()
    await limiter.start()
    nvml.ignores = True
    assert await limiter.limit(200.0) is None
    assert (limiter.method, limiter.problem) == ("duty_cycle", "power_limit_unsupported")


async def test_a_default_that_cannot_be_put_back_stays_kept(on, nvml, kept, caplog):
    limiter = on()
    await limiter.start()
    await limiter.limit(200.0)
    nvml.errors = {"nvmlDeviceSetPowerManagementLimit": 15, "nvmlShutdown": 1}
    await limiter.stop()
    await limiter.stop()
    assert caplog.text.count("could not be put back") == 1
    assert (len(kept()), nvml.opened) == (1, 0)


async def test_nothing_is_limited_that_could_not_be_put_back(on, nvml, tmp_path):
    (tmp_path / "kept").write_text("a file where the folder should be")
    limiter = on()
    await limiter.start()
    assert await limiter.limit(200.0) is None
    assert (limiter.problem, nvml.limits) == ("power_limit_failed", [350_000])


async def test_a_reading_stands_for_a_while(on, nvml, clock, until):
    limiter = on()
    await limiter.start()
    await until(lambda: limiter.read_w() is not None)
    nvml.errors = {"nvmlDeviceGetPowerUsage": 15}
    await until(lambda: limiter.read_w() is None)
    nvml.errors = {}
    await until(lambda: limiter.read_w() is not None)
    nvml.hangs = "nvmlDeviceGetPowerUsage"
    clock.seconds += 60
    assert limiter.read_w() is None


async def test_a_driver_that_hangs_holds_up_nobody(on, nvml, monkeypatch, until):
    monkeypatch.setattr(limiter_module, "_ANSWER_S", 0.05)
    monkeypatch.setitem(limiter_module.HardwareLimiter._in_thread.__kwdefaults__, "answer_s", 0.05)
    limiter = on()
    await limiter.start()
    nvml.hangs = "nvmlDeviceSetPowerManagementLimit"
    assert await limiter.limit(200.0) is None
    assert limiter.problem == "power_limit_failed"
    assert await limiter.limit(200.0) is None
    nvml.hangs = None
    nvml.go_on.set()
    await until(limiter._calling.done)
    assert await limiter.limit(250.0) == 250.0


async def test_what_is_being_read_does_not_keep_the_default_from_being_put_back(on, nvml, until):
    limiter = on()
    await limiter.start()
    await limiter.limit(200.0)
    nvml.go_on.clear()
    nvml.hangs = "nvmlDeviceGetPowerUsage"
    await until(lambda: limiter._calling is not None and not limiter._calling.done())
    threading.Timer(0.1, nvml.go_on.set).start()
    await limiter.stop()
    assert nvml.limits == [350_000]


def test_what_is_not_open_tells_nothing(nvml):
    cap = NvmlCap(0, load=lambda: nvml)
    with pytest.raises(CapError):
        cap.setting()
    cap.close()
    cap.open()
    assert (cap.range_mw(), cap.default_mw()) == ((100_000, 400_000), 350_000)
    cap.close()
    assert nvml.opened == 0


def test_the_library_is_loaded_when_it_is_needed(monkeypatch, nvml):
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    assert load_nvml() is nvml
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with pytest.raises(CapMissingError):
        NvmlCap(0).open()
