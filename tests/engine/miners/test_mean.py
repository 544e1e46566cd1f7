"""The mean of what is commanded is the demand, for the profile that every family's emulator tells of itself."""

import itertools

import pytest

from custom_components.hashwarm.engine.control.shaper import Shaper
from custom_components.hashwarm.engine.miners import BY_NAME, Family, MinerProfile, identify
from custom_components.hashwarm.engine.miners.abilities import capabilities_of
from custom_components.hashwarm.engine.miners.curve import PowerCurve
from custom_components.hashwarm.engine.miners.family import Link
from custom_components.hashwarm.engine.miners.limits import Limits
from custom_components.hashwarm.engine.miners.wishes import Wishes
from custom_components.hashwarm.engine.model.capabilities import Capabilities

from .test_families import EMULATORS, living

T0, DAY_S, STEP_S = 1.7e9, 86_400, 60
PROFILES: dict[Family, MinerProfile] = {}


async def profile_of(family: Family, link: Link) -> MinerProfile:
    if family not in PROFILES:
        async with living(family) as (_, address):
            PROFILES[family] = await identify(link, address, BY_NAME[family])
    return PROFILES[family]


def day(profile: MinerProfile, demand_w: float, ceiling_w: float = 1e9) -> tuple[list[float], Capabilities]:
    """Return the watts that the settings of a day stand for."""
    curve = PowerCurve(profile.levels, profile.step, Limits())
    can = capabilities_of(profile, curve.levels, idle_w=0.0, metered=False, interval_s=10.0, plug_only=False)
    shaper, wishes, powers = Shaper(), Wishes(profile, curve, now_s=0.0), []
    for now_s in range(0, DAY_S, STEP_S):
        shaped = shaper.step(demand_w, can, now=T0 + now_s, elapsed_s=STEP_S, ceiling_w=ceiling_w)
        wanted = wishes.wanted(shaped.power_w, now_s, can_rest=True)
        powers.append(0.0 if wanted.setting is None else curve.power_w(wanted.setting) or 0.0)
    return powers, can


@pytest.mark.parametrize("share", [0.0, 0.13, 0.5, 0.94, 1.0])
@pytest.mark.parametrize("family", EMULATORS)
async def test_between_floor_and_maximum_the_mean_is_the_demand(family: Family, share: float, link: Link):
    profile = await profile_of(family, link)
    floor_w, maximum_w = profile.levels[0].power_w, profile.levels[-1].power_w
    demand_w = floor_w + share * (maximum_w - floor_w)
    powers, can = day(profile, demand_w)
    mean_w = sum(powers) / len(powers)
    # Where every change of the level restarts the miner, a day has only so many of them.
    off = 0.12 if can.write_restarts else 0.02
    assert mean_w == pytest.approx(demand_w, rel=off)
    turned = [index * STEP_S for index in range(1, len(powers)) if powers[index] != powers[index - 1]]
    assert all(later - earlier >= can.write_interval_s for earlier, later in itertools.pairwise(turned))
    if can.write_restarts and can.starts_per_day is not None:
        assert len(turned) <= can.starts_per_day


@pytest.mark.parametrize("share", [0.1, 0.4, 0.8])
@pytest.mark.parametrize("family", EMULATORS)
async def test_below_the_floor_it_is_pulsed_slowly(family: Family, share: float, link: Link):
    profile = await profile_of(family, link)
    demand_w = share * profile.levels[0].power_w
    powers, can = day(profile, demand_w)
    assert set(powers) <= {0.0, profile.levels[0].power_w}
    turned = [index * STEP_S for index in range(1, len(powers)) if powers[index] != powers[index - 1]]
    starts = sum(1 for before, after in itertools.pairwise([0.0, *powers]) if after > before)
    least_s = min(can.minimum_on_s, can.minimum_off_s)
    assert all(later - earlier >= least_s for earlier, later in itertools.pairwise(turned))
    if can.starts_per_day is None or starts < can.starts_per_day:
        assert sum(powers) / len(powers) == pytest.approx(demand_w, rel=0.15)
    else:
        assert starts <= can.starts_per_day, "the budget of starts is spent: less heat, and it is said"


@pytest.mark.parametrize("family", EMULATORS)
async def test_nothing_goes_over_the_ceiling(family: Family, link: Link):
    profile = await profile_of(family, link)
    floor_w, maximum_w = profile.levels[0].power_w, profile.levels[-1].power_w
    for ceiling_w in (0.5 * floor_w, 1.001 * floor_w, (floor_w + maximum_w) / 2, maximum_w):
        for demand_w in (0.7 * floor_w, floor_w, 0.9 * maximum_w, maximum_w):
            assert max(day(profile, demand_w, ceiling_w)[0]) <= ceiling_w + 1e-6
