import asyncio
import threading

import pytest

from custom_components.hashwarm.engine.heater.host_sensors import UNREAD, HostSensors, busy_cpu_s, chip_c, read_host


def test_this_host_can_be_read():
    reading = read_host()
    assert reading.busy_cpu_s is None or reading.busy_cpu_s > 0


def test_busy_time_leaves_idle_and_guests_out(tmp_path):
    stat = tmp_path / "stat"
    stat.write_text("cpu  100 10 50 9000 800 5 15 20 3 4\ncpu0 1 2 3\n")
    assert busy_cpu_s(stat) == pytest.approx(2.0)


@pytest.mark.parametrize("text", ["", "cpu one two", "cpu 1 2"])
def test_what_cannot_be_read_is_unknown(tmp_path, text):
    stat = tmp_path / "stat"
    stat.write_text(text)
    assert busy_cpu_s(stat) is None
    assert busy_cpu_s(tmp_path / "missing") is None


def test_the_hottest_cpu_sensor_counts_and_other_chips_do_not(tmp_path):
    for index, (name, value) in enumerate(
        [("coretemp", "61000"), ("k10temp", "72500"), ("nvme", "95000"), (None, "1")]
    ):
        chip = tmp_path / "hwmon" / f"hwmon{index}"
        chip.mkdir(parents=True)
        if name:
            (chip / "name").write_text(f"{name}\n")
        (chip / "temp1_input").write_text(value)
    assert chip_c(tmp_path / "hwmon", tmp_path / "thermal") == 72.5


def test_a_thermal_zone_serves_boards_without_hwmon(tmp_path):
    zone = tmp_path / "thermal_zone0"
    zone.mkdir()
    (zone / "type").write_text("cpu-thermal\n")
    (zone / "temp").write_text("48312\n")
    assert chip_c(tmp_path / "none", tmp_path) == pytest.approx(48.312)


@pytest.mark.parametrize("text", ["", "hot"])
def test_an_unreadable_temperature_is_unknown(tmp_path, text):
    zone = tmp_path / "thermal_zone0"
    zone.mkdir()
    (zone / "type").write_text("x86_pkg_temp")
    (zone / "temp").write_text(text)
    assert chip_c(tmp_path, tmp_path) is None


async def test_a_file_that_hangs_is_waited_for_once():
    release, looks = threading.Event(), []

    def look():
        looks.append(1)
        release.wait(10)
        return read_host()

    sensors = HostSensors(look, limit_s=0.05)
    assert await sensors.read() is UNREAD
    assert await sensors.read() is UNREAD
    assert len(looks) == 1
    release.set()
    await asyncio.sleep(0.1)
    assert await sensors.read() is not UNREAD
    sensors.close()
    sensors.close()
