"""What is written to a device and when: once, read back, once more, and then seldom."""

import itertools
from typing import Any

import pytest

from custom_components.hashwarm.engine.miners.commander import PAUSE, Commander, Step, Wanted, same
from custom_components.hashwarm.engine.miners.curve import PowerCurve
from custom_components.hashwarm.engine.miners.driver import MinerProfile, MinerReading
from custom_components.hashwarm.engine.miners.limits import Limits
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus

from .fake_driver import PAUSED, make_profile, make_reading

SETTLE_S, BOOT_S = 40.0, 30.0
A, B = Wanted(setting=0.0, power_w=800.0), Wanted(setting=1.0, power_w=1200.0)
AT_A, AT_B = make_reading(setting=0.0), make_reading(setting=1.0)


class Told:
    """A commander with a clock, told of each reading as the backend tells it."""

    def __init__(self, profile: MinerProfile | None = None, stored: Any = None) -> None:
        self.now = 1000.0
        self.commander = Commander(profile or make_profile(), 10.0, now_s=self.now, stored=stored)

    def want(self, wanted: Wanted) -> None:
        self.commander.want(wanted)

    def sees(self, reading: MinerReading, *, after: float = 0.0, parting: bool = False) -> list[Step]:
        self.now += after
        self.commander.take(reading, self.now)
        steps = self.commander.steps(reading, self.now, parting=parting)
        if steps:
            self.commander.trying(steps, self.now)
            self.commander.took()
        return steps


def test_without_a_wish_nothing_is_written():
    told = Told()
    assert told.sees(AT_A) == []


def test_what_is_in_force_already_is_not_written():
    told = Told()
    told.want(A)
    assert told.sees(AT_A) == []


def test_a_wish_is_written_once_and_left_to_settle():
    told = Told()
    told.want(B)
    assert told.sees(AT_A) == [Step.WRITE]
    assert [told.sees(AT_A, after=5.0) for _ in range(7)] == [[]] * 7
    assert told.sees(AT_B, after=1.0) == []
    assert not told.commander.disobeys


def test_a_wish_in_vain_is_written_again_then_said_then_every_ten_minutes():
    told = Told()
    told.want(B)
    written_at = [told.now for _ in range(3000) if told.sees(AT_A, after=1.0)]
    gaps = [later - earlier for earlier, later in itertools.pairwise(written_at)]
    assert gaps[0] == SETTLE_S
    assert set(gaps[1:]) == {600.0}
    assert told.commander.disobeys
    assert told.sees(AT_B, after=1.0) == []
    assert not told.commander.disobeys


def test_it_is_not_called_stubborn_before_the_second_try_settled():
    told = Told()
    told.want(B)
    told.sees(AT_A)
    assert told.sees(AT_A, after=SETTLE_S) == [Step.WRITE]
    told.sees(AT_A, after=SETTLE_S - 1)
    assert not told.commander.disobeys
    told.sees(AT_A, after=1.0)
    assert told.commander.disobeys


def test_a_restless_wish_hides_no_stubborn_device():
    told = Told()
    for index in range(4):
        told.want((A, B)[index % 2])
        told.sees(make_reading(setting=2.0), after=SETTLE_S + 1)
    assert told.commander.disobeys


def test_a_stubborn_device_is_paused_and_lowered_at_once_but_raised_only_every_ten_minutes():
    told = Told()
    told.want(B)
    for _ in range(3):
        told.sees(make_reading(setting=2.0), after=SETTLE_S)
    assert told.commander.disobeys
    told.want(A)
    assert told.sees(make_reading(setting=2.0), after=1.0) == [Step.WRITE]
    told.want(B)
    assert told.sees(make_reading(setting=2.0), after=1.0) == []
    told.want(PAUSE)
    assert told.sees(make_reading(setting=2.0), after=1.0) == [Step.PAUSE]
    told.want(B)
    assert told.sees(make_reading(setting=2.0), after=599.0) == []
    assert told.sees(make_reading(setting=2.0), after=1.0)


def test_a_device_that_changes_its_setting_is_corrected_and_not_judged_at_once():
    told = Told()
    told.want(B)
    told.sees(AT_A)
    told.sees(AT_B, after=100.0)
    assert told.sees(AT_A, after=1000.0) == [Step.WRITE]
    assert not told.commander.disobeys
    assert told.sees(AT_A, after=SETTLE_S) == [Step.WRITE]
    assert not told.commander.disobeys
    told.sees(AT_A, after=SETTLE_S)
    assert told.commander.disobeys


def test_the_setting_goes_before_the_resume_unless_it_is_known_to_be_right():
    told = Told()
    told.sees(AT_A)
    told.want(B)
    assert told.sees(PAUSED) == [Step.WRITE, Step.RESUME]
    other = Told()
    other.sees(AT_A)
    other.want(A)
    assert other.sees(PAUSED) == [Step.RESUME]
    unknown = Told()
    unknown.want(A)
    assert unknown.sees(PAUSED) == [Step.WRITE, Step.RESUME]
    waking = Told(make_profile(write_resumes=True))
    waking.want(A)
    assert waking.sees(PAUSED) == [Step.WRITE]


BOOTING = make_reading(status=DeviceStatus.STARTING, setting=1.0)


@pytest.mark.parametrize("awake", [AT_B, BOOTING])
def test_a_start_that_somebody_else_ended_is_not_waited_for(awake: MinerReading):
    told = Told()
    told.want(B)
    assert told.sees(PAUSED)
    assert told.sees(awake, after=5.0) == []
    assert told.sees(PAUSED, after=5.0) == [], "one reading may be a slip"
    assert told.commander.settling(told.now)
    assert told.sees(PAUSED, after=5.0) == [Step.RESUME]
    assert not told.commander.disobeys
    for reading in (awake, PAUSED, PAUSED):
        told.sees(reading, after=5.0)
    assert told.commander.disobeys is (awake is BOOTING), "a start that never gets through is no obedience"


def test_a_start_that_was_never_seen_to_take_hold_is_waited_for():
    told = Told()
    told.want(B)
    assert told.sees(PAUSED)
    assert [told.sees(PAUSED, after=5.0) for _ in range(10)] == [[]] * 10


def test_our_own_pause_that_takes_hold_late_is_none_of_somebody_else():
    told = Told()
    told.want(PAUSE)
    told.sees(AT_A)
    told.want(A)
    assert told.sees(AT_A, after=1.0) == [Step.RESUME]
    assert [told.sees(PAUSED, after=5.0) for _ in range(5)] == [[]] * 5


def test_what_is_refused_is_not_on_its_way():
    told = Told()
    told.want(B)
    told.sees(PAUSED)
    told.commander.failed(refused=True)
    assert not told.commander.settling(told.now)
    assert told.commander.told_w(PowerCurve(make_profile().levels, None, Limits())) == 1200.0


def test_a_pause_overtakes_a_resume_that_is_still_on_its_way():
    told = Told()
    told.sees(AT_A)
    told.want(A)
    assert told.sees(PAUSED) == [Step.RESUME]
    told.want(PAUSE)
    assert told.sees(PAUSED, after=1.0) == [Step.PAUSE], "the reading is older than the resume"


def test_a_resume_overtakes_a_pause_that_is_still_on_its_way():
    told = Told()
    told.want(PAUSE)
    assert told.sees(AT_A) == [Step.PAUSE]
    told.want(A)
    assert told.sees(AT_A, after=1.0) == [Step.RESUME]


def test_back_to_the_old_setting_is_written_while_the_new_one_is_on_its_way():
    told = Told()
    told.want(B)
    assert told.sees(AT_A) == [Step.WRITE]
    told.want(A)
    assert told.sees(AT_A, after=1.0) == [Step.WRITE]
    assert told.sees(AT_A, after=1.0) == []


def test_flash_is_written_once_a_minute_at_most_also_over_a_restart():
    profile = make_profile(write_hits_flash=True, ramp_s=1.0)
    told, written, reading = Told(profile), [], AT_B
    for index in range(600):
        told.want((A, B)[index // 7 % 2])
        if told.sees(reading, after=1.0):
            written.append(told.now)
            reading = (AT_A, AT_B)[index // 7 % 2]
    assert all(later - earlier >= 60.0 for earlier, later in itertools.pairwise(written))
    assert len(written) >= 8
    kept = told.commander.as_dict(told.now)
    again = Told(profile, kept)
    again.want(Wanted(setting=2.0))
    left_s = 60.0 - kept["flashed_ago_s"]
    assert again.sees(AT_A, after=left_s - 1.0) == []
    assert again.sees(AT_A, after=1.0) == [Step.WRITE]


def test_pausing_costs_no_flash_and_parting_does_not_wait_for_it():
    told = Told(make_profile(write_hits_flash=True))
    told.want(B)
    told.sees(AT_A)
    told.want(PAUSE)
    assert told.sees(AT_B, after=1.0) == [Step.PAUSE]
    parting = Told(make_profile(write_hits_flash=True))
    parting.want(B)
    parting.sees(AT_A)
    parting.want(A)
    assert parting.sees(AT_B, after=1.0) == []
    assert parting.sees(AT_B, parting=True) == [Step.WRITE]


def test_one_that_never_tells_its_setting_is_told_once_and_believed():
    silent = make_reading(setting=None)
    told = Told()
    told.want(B)
    assert told.sees(silent) == [Step.WRITE]
    assert [told.sees(silent, after=60.0) for _ in range(20)] == [[]] * 20
    assert told.commander.in_force(silent, told.now) == 1.0
    assert not told.commander.disobeys
    reloaded = Told(stored=told.commander.as_dict(told.now))
    reloaded.want(B)
    assert reloaded.sees(silent) == []
    reloaded.want(A)
    assert reloaded.sees(silent) == [Step.WRITE]
    assert reloaded.commander.in_force(silent, reloaded.now) is None, "it may still be on its way"


def test_one_that_never_tells_its_setting_is_told_again_after_a_reboot():
    told = Told()
    told.want(B)
    told.sees(make_reading(setting=None, uptime_s=500.0))
    assert told.sees(make_reading(setting=None, uptime_s=600.0), after=100.0) == []
    assert told.sees(make_reading(setting=None, uptime_s=3.0), after=10.0) == [Step.WRITE]


@pytest.mark.parametrize("status", [DeviceStatus.STARTING, DeviceStatus.FAULT, DeviceStatus.RESTRICTED])
def test_a_busy_device_is_neither_pressed_nor_judged(status: DeviceStatus):
    told = Told()
    told.want(B)
    assert told.sees(make_reading(status=status)) == [Step.WRITE]
    assert [told.sees(make_reading(status=status), after=100.0) for _ in range(9)] == [[]] * 9
    assert not told.commander.disobeys


def test_a_boot_is_waited_for_where_one_is_due():
    told = Told()
    told.want(B)
    told.sees(PAUSED)
    assert told.sees(PAUSED, after=SETTLE_S + BOOT_S - 1) == []
    assert told.sees(PAUSED, after=1.0) == [Step.WRITE, Step.RESUME]
    restarting = Told(make_profile(write_restarts=True))
    restarting.want(B)
    restarting.sees(AT_A)
    assert restarting.sees(AT_A, after=SETTLE_S + BOOT_S - 1) == []
    assert restarting.sees(AT_A, after=1.0) == [Step.WRITE]


def test_what_did_not_reach_the_device_is_tried_again_soon_and_later_seldom():
    told, tried_at = Told(), []
    told.want(PAUSE)
    for _ in range(4000):
        told.now += 1.0
        told.commander.take(AT_A, told.now)
        if steps := told.commander.steps(AT_A, told.now):
            told.commander.trying(steps, told.now)
            told.commander.failed(refused=False)
            tried_at.append(told.now)
    gaps = [later - earlier for earlier, later in itertools.pairwise(tried_at)]
    assert gaps[:7] == [10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 600.0]
    assert not told.commander.disobeys, "a device that is not reached is not stubborn"


def test_one_that_says_no_is_stubborn_too():
    told = Told()
    told.want(B)
    for _ in range(90):
        told.now += 1.0
        told.commander.take(AT_A, told.now)
        if steps := told.commander.steps(AT_A, told.now):
            told.commander.trying(steps, told.now)
            told.commander.failed(refused=True)
    assert told.commander.disobeys


def test_small_steps_are_not_taken_for_the_same():
    told = Told(make_profile(step=0.01))
    told.want(Wanted(setting=0.51))
    assert told.sees(make_reading(setting=0.50)) == [Step.WRITE]


@pytest.mark.parametrize(
    "stored", [{"written": "x"}, {"written": ["x"]}, {"last_setting": "x", "flashed_ago_s": -1}, {}]
)
def test_what_cannot_be_read_is_forgotten(stored: dict[str, Any]):
    told = Told(stored=stored)
    told.want(A)
    assert told.commander.last_setting is None
    assert told.sees(make_reading(setting=None)) == [Step.WRITE]


def test_a_pause_written_last_time_is_remembered():
    told = Told()
    told.want(PAUSE)
    told.sees(AT_A)
    again = Told(stored=told.commander.as_dict(told.now))
    again.want(PAUSE)
    assert again.commander.wanted is not None
    assert again.commander.wanted.paused
    assert again.sees(PAUSED) == []
    assert again.sees(AT_A, after=1.0) == [Step.PAUSE]


def test_two_wishes_are_one_when_they_mean_the_same():
    assert same(PAUSE, Wanted(setting=None))
    assert not same(PAUSE, A)
    assert same(A, Wanted(setting=0.0, power_w=7.0))
    assert not same(A, B)
