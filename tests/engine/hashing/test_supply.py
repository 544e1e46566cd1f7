"""Units of work: never the same header twice."""

from dataclasses import replace

from custom_components.hashwarm.engine.hashing.heat_only import heat_only_work
from custom_components.hashwarm.engine.hashing.protocol import Task, work_message
from custom_components.hashwarm.engine.hashing.supply import MAXIMUM_NTIME_ROLL_S, Supply


def task(**changes):
    return Task(work_message(replace(heat_only_work(), **changes))["work"], 100.0)


def test_headers_differ_and_carry_what_was_asked():
    supply = Supply(task())
    units = [supply.deal(4, 100.0) for _ in range(50)]
    assert len({unit.extranonce2 for unit in units}) == 50
    assert len({prefix for unit in units for prefix in unit.prefixes}) == 200
    for unit in units:
        assert len(set(unit.versions)) == 4
        assert [prefix[:4] for prefix in unit.prefixes] == [v.to_bytes(4, "little") for v in unit.versions]
        assert unit.prefixes[0][68:72] == unit.ntime.to_bytes(4, "little")


def test_two_supplies_start_apart():
    assert Supply(task()).deal(1, 100.0).extranonce2 != Supply(task()).deal(1, 100.0).extranonce2


def test_time_rolls_with_real_time_only_and_not_for_ever():
    supply = Supply(task())
    ntime = supply.task.ntime
    assert supply.deal(1, 100.9).ntime == ntime
    assert supply.deal(1, 103.2).ntime == ntime + 3
    assert supply.deal(1, 50.0).ntime == ntime
    assert supply.deal(1, 1e6).ntime == ntime + MAXIMUM_NTIME_ROLL_S


def test_a_tiny_extranonce_waits_for_the_next_second():
    for size, space in ((0, 1), (1, 256)):
        supply = Supply(task(extranonce2_size=size), start=250)
        seen = {(unit.extranonce2, unit.ntime) for unit in (supply.deal(1, 100.0) for _ in range(space))}
        assert len(seen) == space
        assert supply.deal(1, 100.5) is None
        later = supply.deal(1, 101.0)
        assert (later.extranonce2, later.ntime) not in seen
        assert len(later.extranonce2) == size


def test_without_a_mask_the_version_stays():
    unit = Supply(task(version_mask=0)).deal(1, 100.0)
    assert unit.versions == (0x20000000,)
