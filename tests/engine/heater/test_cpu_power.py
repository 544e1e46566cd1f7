from hypothesis import given, strategies as st
import pytest

from custom_components.hashwarm.engine.heater.cpu_power import (
    CpuModel,
    PackageMeter,
    PackageReading,
    default_full_w,
    read_limits_w,
    read_packages,
    worker_share_w,
)
from custom_components.hashwarm.engine.model.capabilities import PowerSource

MODEL = CpuModel(full_w=65.0, cpus=4)


def package(root, name, energy, top=262143328850, limit=None, most=None, zone="package-0"):
    folder = root / name
    folder.mkdir()
    (folder / "name").write_text(f"{zone}\n")
    if most is not None:
        (folder / "constraint_0_max_power_uw").write_text(f"{most}\n")
    (folder / "energy_uj").write_text(f"{energy}\n")
    (folder / "max_energy_range_uj").write_text(f"{top}\n")
    if limit is not None:
        (folder / "constraint_0_power_limit_uw").write_text(str(limit))


def test_all_threads_busy_add_everything_above_idle():
    assert MODEL.maximum_w(4) == pytest.approx(65.0 * 0.85)
    assert MODEL.share_w(cpu_s=4.0, elapsed_s=1.0) == pytest.approx(MODEL.maximum_w(4))


def test_more_threads_than_cpus_add_no_more():
    assert MODEL.maximum_w(9) == MODEL.maximum_w(4)


@given(st.floats(0, 100), st.floats(0.1, 10))
def test_the_share_stays_within_what_the_cpu_can_draw(cpu_s, elapsed_s):
    assert 0.0 <= MODEL.share_w(cpu_s, elapsed_s) <= 65.0


def test_packages_are_read_and_their_parts_are_not_counted_twice(tmp_path):
    package(tmp_path, "intel-rapl:0", 1000)
    package(tmp_path, "intel-rapl:1", 2000, zone="package-1")
    package(tmp_path, "intel-rapl:0:0", 500, zone="core")
    package(tmp_path, "intel-rapl:2", 9000, zone="psys")
    package(tmp_path, "intel-rapl:3", 700)
    (tmp_path / "intel-rapl:3" / "name").unlink()
    assert read_packages(tmp_path) == {
        "intel-rapl:0": PackageReading(1000, 262143328850),
        "intel-rapl:1": PackageReading(2000, 262143328850),
    }


def test_a_counter_that_cannot_be_read_is_none(tmp_path):
    (tmp_path / "intel-rapl:0").mkdir()
    package(tmp_path, "intel-rapl:1", "nonsense")
    assert read_packages(tmp_path) == {}
    assert read_packages(tmp_path / "missing") == {}


def test_limits_are_read_where_stated(tmp_path):
    package(tmp_path, "intel-rapl:0", 1, limit=65000000)
    package(tmp_path, "intel-rapl:1", 1)
    package(tmp_path, "intel-rapl:2", 1, limit=0)
    package(tmp_path, "intel-rapl:0:0", 1, limit=65000000, zone="core")
    package(tmp_path, "intel-rapl:3", 1, limit=200000000, zone="psys")
    assert read_limits_w(tmp_path) == [65.0]


@pytest.mark.parametrize(
    ("limit", "most", "limits_w"),
    [
        (4095875000, 125000000, [125.0]),
        (253000000, 125000000, [125.0]),
        (35000000, 65000000, [35.0]),
        (65000000, 0, [65.0]),
        (4095875000, 0, []),
        (4095875000, None, []),
        (-1, "nonsense", []),
        (1000, 0, []),
    ],
)
def test_a_limit_beyond_belief_is_none(tmp_path, limit, most, limits_w):
    package(tmp_path, "intel-rapl:0", 1, limit=limit, most=most)
    assert read_limits_w(tmp_path) == limits_w


def test_the_default_is_modest():
    assert default_full_w(4, [65.0, 65.0]) == 130.0
    assert default_full_w(1, []) == 10.0
    assert default_full_w(8, []) == 64.0
    assert default_full_w(128, []) == 250.0


def test_the_package_meter_is_wrap_safe():
    meter = PackageMeter()
    assert meter.power_w(0.0, {"a": PackageReading(90_000_000, 100_000_000)}) is None
    assert meter.power_w(1.0, {"a": PackageReading(10_000_000, 100_000_000)}) == pytest.approx(20.0)


def test_the_package_meter_says_nothing_when_a_package_comes_or_goes():
    meter = PackageMeter()
    meter.power_w(0.0, {"a": PackageReading(0, 100)})
    assert meter.power_w(1.0, {"a": PackageReading(0, 100), "b": PackageReading(0, 100)}) is None
    assert meter.power_w(1.0, {"a": PackageReading(0, 100), "b": PackageReading(0, 100)}) is None
    assert meter.power_w(2.0, {}) is None


def test_the_worker_answers_for_its_share_of_what_is_measured():
    watts, source = worker_share_w(50.0, MODEL, worker_cpu_s=2.0, host_cpu_s=4.0, elapsed_s=1.0)
    assert source is PowerSource.MEASURED
    assert watts == pytest.approx(50.0 * 0.85 / 2)


@pytest.mark.parametrize("stated_w", [15.0, 65.0, 250.0, 4095.0])
def test_what_is_measured_does_not_depend_on_what_is_stated(stated_w):
    model = CpuModel(full_w=stated_w, cpus=4)
    watts, _ = worker_share_w(30.0, model, worker_cpu_s=4.0, host_cpu_s=4.0, elapsed_s=1.0)
    assert watts == pytest.approx(30.0 * 0.85)


@given(st.floats(0.01, 4.0))
def test_a_host_that_fits_the_model_measures_what_the_model_says(busy_s):
    package_w = MODEL.idle_w + MODEL.share_w(busy_s, 1.0)
    watts, _ = worker_share_w(package_w, MODEL, worker_cpu_s=busy_s, host_cpu_s=busy_s, elapsed_s=1.0)
    assert watts == pytest.approx(MODEL.share_w(busy_s, 1.0))


@pytest.mark.parametrize(("package_w", "host_cpu_s"), [(None, 4.0), (50.0, None), (50.0, 0.0)])
def test_without_a_counter_the_model_speaks_and_says_so(package_w, host_cpu_s):
    watts, source = worker_share_w(package_w, MODEL, worker_cpu_s=1.0, host_cpu_s=host_cpu_s, elapsed_s=1.0)
    assert (watts, source) == (pytest.approx(MODEL.share_w(1.0, 1.0)), PowerSource.ESTIMATED)
