import pytest

from custom_components.hashwarm.engine.heater.metering import SETTLED_S, MachineMeter


def steady(meter, machine_w, duty, start_s, seconds=SETTLED_S + 10):
    for second in range(0, int(seconds) + 1, 10):
        worker_w = meter.worker_w(machine_w, duty, start_s + second)
    return worker_w


def test_the_worker_is_what_comes_on_top_of_the_machine():
    meter = MachineMeter()
    assert meter.worker_w(45.0, 0.0, 0.0) is None
    assert steady(meter, 45.0, 0.0, 0.0) == 0.0
    assert meter.worker_w(80.0, 0.5, 1000.0) == pytest.approx(35.0)
    assert meter.worker_w(40.0, 0.5, 1001.0) == 0.0


def test_nothing_is_learned_before_it_has_settled():
    meter = MachineMeter()
    steady(meter, 45.0, 0.0, 0.0, SETTLED_S - 20)
    assert meter.idle_w is None
    meter.worker_w(90.0, 1.0, 400.0)
    meter.worker_w(45.0, 0.0, 410.0)
    assert meter.idle_w is None


def test_full_duty_is_learned_from_steady_work():
    meter = MachineMeter()
    steady(meter, 45.0, 0.0, 0.0)
    steady(meter, 75.0, 0.5, 1000.0)
    assert meter.full_duty_w == pytest.approx(60.0)
    steady(meter, 85.0, 0.5, 2000.0)
    assert 60.0 < meter.full_duty_w <= 80.0


def test_a_trickle_teaches_nothing():
    meter = MachineMeter()
    steady(meter, 45.0, 0.0, 0.0)
    steady(meter, 46.0, 0.1, 1000.0)
    assert meter.full_duty_w is None
