"""The model finds the true house, and the way that is planned is warm, cheap and has few starts."""

from dataclasses import replace

import pytest

from custom_components.hashwarm.engine.control.fitting import fit, pieces
from custom_components.hashwarm.engine.control.history import History, PastSlot
from custom_components.hashwarm.engine.control.house import House, assumed_house
from custom_components.hashwarm.engine.control.mass_filter import Belief, latest, replay
from custom_components.hashwarm.engine.control.planner import Present, accuracy, learn, make_plan
from custom_components.hashwarm.engine.control.room_words import Insulation, RoomResponse
from custom_components.hashwarm.engine.control.thermal_model import step_matrices
from custom_components.hashwarm.engine.model.capabilities import Capabilities
from custom_components.hashwarm.engine.model.planning import SLOT_S, Plan, Slot

from .planned_house import MIDNIGHT, MINER, TRUE, ahead, lived, target_c

PRIOR = assumed_house(RoomResponse.ORDINARY, Insulation.ORDINARY, 3000.0)
MORNING = MIDNIGHT + 7 * 3600.0


class Earns:
    """A miner that earns more per kWh at low power."""

    def __init__(self, per_kwh: float = 0.1) -> None:
        self.per_kwh = per_kwh

    def revenue_per_kwh_at(self, power_w: float, _at: float) -> float | None:
        return self.per_kwh / (0.8 + 0.2 * power_w / 3000.0)


@pytest.fixture(scope="module")
def week() -> list[PastSlot]:
    plant, history = lived(6.0), History()
    for sample in plant.samples:
        history.add(sample)
    return history.slots()


def planned(
    slots: list[Slot],
    *,
    room_c: float = 21.0,
    mass_c: float = 21.0,
    running: bool = False,
    lasted_s: float = 1e6,
    house: House = TRUE,
    capabilities: Capabilities = MINER,
    revenue: Earns | None = None,
) -> Plan:
    belief = Belief(at=slots[0].at, air_c=room_c, mass_c=mass_c, disturbance_w=0.0)
    present = Present(now=slots[0].at, room_c=room_c, running=running, lasted_s=lasted_s)
    return make_plan(house, belief, present, slots, capabilities, revenue, rmse_k=0.2)


def starts(plan: Plan, *, running: bool = False) -> int:
    before, count = running, 0
    for slot in plan.slots:
        count += slot.power_w > 0.0 and not before
        before = slot.power_w > 0.0
    return count


def test_a_step_is_what_many_small_steps_are() -> None:
    quarter, second = step_matrices(TRUE, 0.25), step_matrices(TRUE, 1.0 / 3600.0)
    begin, inputs = (20.0, 18.0, 19.0), (1500.0, 700.0)
    state = begin
    for _ in range(900):
        state = tuple(second.carry @ state + second.heat @ inputs)
    assert quarter.carry @ begin + quarter.heat @ inputs == pytest.approx(state, abs=1e-6)


def test_the_fit_finds_the_house(week: list[PastSlot]) -> None:
    fitted = fit(week, PRIOR, 3000.0)
    assert fitted is not None
    assert fitted.house.heat_loss_w_per_k == pytest.approx(TRUE.heat_loss_w_per_k, rel=0.15)
    assert fitted.house.time_constant_h == pytest.approx(TRUE.time_constant_h, rel=0.25)
    assert fitted.rmse_k < 0.15


def test_it_foretells_six_hours_far_better_than_saying_as_now(week: list[PastSlot]) -> None:
    learned = learn(week, None, PRIOR, 3000.0)
    assert learned is not None
    assert learned.accuracy.rmse_k < 0.2
    assert learned.accuracy.rmse_k < 0.4 * learned.accuracy.unchanged_rmse_k


def test_a_worse_house_is_never_taken_for_a_better_one(week: list[PastSlot]) -> None:
    spoiled = [replace(slot, power_w=3000.0 - (slot.power_w or 0.0)) for slot in week]
    wrong = fit(spoiled, PRIOR, 3000.0)
    assert wrong is not None
    learned = learn(week, wrong.house, PRIOR, 3000.0)
    assert learned is not None
    assert learned.house != wrong.house
    kept = learn(week, TRUE, PRIOR, 3000.0)
    assert kept is not None
    before = accuracy(week, TRUE, 3000.0, len(week))
    assert before is not None
    assert kept.accuracy.rmse_k <= before.rmse_k


def test_windows_gaps_and_unknown_power_are_no_lessons(week: list[PastSlot]) -> None:
    whole = pieces(week)
    holes = [
        replace(slot, disturbed=True, room_c=5.0) if index % 120 in {7, 8} else slot for index, slot in enumerate(week)
    ]
    fitted = fit(holes, PRIOR, 3000.0)
    assert fitted is not None
    assert fitted.slots < whole.known
    assert fitted.house.heat_loss_w_per_k == pytest.approx(TRUE.heat_loss_w_per_k, rel=0.2)
    assert fit([replace(slot, power_w=None) for slot in week], PRIOR, 3000.0) is None
    assert fit(week[:120], PRIOR, 3000.0) is None


def test_the_filter_sees_the_mass_that_no_sensor_shows(week: list[PastSlot]) -> None:
    replayed = replay(week, TRUE, 3000.0)
    assert replayed is not None
    belief = latest(replayed)
    plant = lived(6.0)
    assert belief.mass_c == pytest.approx(plant.mass_c, abs=0.25)
    assert belief.at == week[-1].at + 300.0
    assert replay([replace(slot, room_c=None) for slot in week], TRUE, 3000.0) is None


def test_a_disturbance_that_lasts_is_seen(week: list[PastSlot]) -> None:
    with_guests = replay(week, replace(TRUE, disturbance_w=-250.0), 3000.0)
    assert with_guests is not None
    assert latest(with_guests).disturbance_w == pytest.approx(400.0, abs=150.0)


def test_the_plan_keeps_the_room_warm_with_few_starts() -> None:
    plan = planned(ahead(MORNING), revenue=Earns())
    cold_kh = sum(max(slot.target_c - 0.5 - slot.room_c, 0.0) / 4 for slot in plan.slots)
    assert cold_kh < 0.6
    assert starts(plan) <= 3
    assert all(slot.power_w == 0.0 or slot.power_w >= MINER.floor_w - 1e-6 for slot in plan.slots)
    assert len(plan.slots) == 96


def test_it_begins_before_the_morning_and_not_at_it() -> None:
    plan = planned(ahead(MIDNIGHT), room_c=20.0, mass_c=20.3)
    by_night = [slot.power_w for slot in plan.slots if slot.at < MIDNIGHT + 5 * 3600.0]
    before_six = [slot.power_w for slot in plan.slots if MIDNIGHT + 5.5 * 3600.0 <= slot.at < MIDNIGHT + 6 * 3600.0]
    assert sum(by_night) / len(by_night) < 1700.0
    assert min(before_six) > 2500.0
    assert plan.next_start(MIDNIGHT) is not None


def test_dear_starts_are_fewer() -> None:
    cheap = planned(ahead(MORNING), capabilities=replace(MINER, restart_cost_s=0.0))
    dear = planned(ahead(MORNING), capabilities=replace(MINER, restart_cost_s=7000.0))
    assert starts(dear) < starts(cheap)


def test_quiet_hours_and_circuits_are_kept() -> None:
    slots = [replace(slot, ceiling_w=1500.0 if index < 40 else 0.0) for index, slot in enumerate(ahead(MORNING))]
    plan = planned(slots, room_c=19.0)
    assert max(slot.power_w for slot in plan.slots[:40]) <= 1500.0
    assert max(slot.power_w for slot in plan.slots[40:]) == 0.0


def test_cheap_hours_are_used_where_a_house_can_store() -> None:
    heavy = replace(TRUE, mass_wh_per_k=20000.0)
    slots = [replace(slot, price_per_kwh=0.05 if index < 16 else 0.60) for index, slot in enumerate(ahead(MORNING))]
    level = [replace(slot, price_per_kwh=0.3) for slot in slots]
    varied_kwh = sum(slot.power_w for slot in planned(slots, house=heavy).slots[:16])
    level_kwh = sum(slot.power_w for slot in planned(level, house=heavy).slots[:16])
    assert varied_kwh > 1.3 * level_kwh


def test_when_mining_pays_more_than_power_costs_it_heats_to_the_upper_limit() -> None:
    rich, poor = planned(ahead(MORNING), revenue=Earns(0.5)), planned(ahead(MORNING), revenue=Earns(0.0))
    assert sum(slot.power_w for slot in rich.slots) > sum(slot.power_w for slot in poor.slots)
    assert rich.heat_cost_per_kwh is not None
    assert rich.heat_cost_per_kwh < 0.0


def test_a_plan_tells_which_of_its_prices_are_guessed() -> None:
    slots = [replace(slot, priced=True, price_known=index < 6) for index, slot in enumerate(ahead(MORNING))]
    assert [slot.price_known for slot in planned(slots).slots] == [True] * 6 + [False] * 90


def test_surplus_may_make_the_room_warmer_than_bought_power() -> None:
    sunny = [
        replace(slot, surplus_w=3000.0 if 12 <= index < 30 else 0.0, surplus_warmest_c=23.5)
        for index, slot in enumerate(ahead(MORNING))
    ]
    by_roof, bought = planned(sunny), planned(ahead(MORNING))
    assert max(slot.room_c for slot in by_roof.slots) > max(slot.room_c for slot in bought.slots) + 0.5
    assert by_roof.heat_cost_per_kwh == pytest.approx(0.26)


def test_minimum_times_hold_whatever_they_are() -> None:
    slow = replace(MINER, minimum_on_s=3 * 3600.0, minimum_off_s=2 * 3600.0)
    plan = planned(ahead(MORNING, 144), capabilities=slow, room_c=21.3)
    runs = [slot.power_w > 0.0 for slot in plan.slots]
    lengths, before = [], 0
    for index in range(1, len(runs)):
        if runs[index] != runs[index - 1]:
            lengths.append((runs[index - 1], index - before))
            before = index
    assert all(length >= (12 if on else 8) for on, length in lengths[1:])
    just_on = planned(ahead(MORNING), capabilities=slow, room_c=22.0, mass_c=22.0, running=True, lasted_s=900.0)
    assert all(slot.power_w > 0.0 for slot in just_on.slots[:11])


def test_a_job_is_ended_only_when_that_is_worth_it() -> None:
    held = [
        replace(slot, job_power_w=2000.0, job_revenue_per_kwh=0.4, job_interruption_cost=5.0) if index < 12 else slot
        for index, slot in enumerate(ahead(MORNING))
    ]
    dear = planned(held, running=True, room_c=21.0)
    assert [slot.power_w for slot in dear.slots[:12]] == [2000.0] * 12
    cheap = planned(
        [replace(slot, job_interruption_cost=0.0, job_revenue_per_kwh=0.0) for slot in held],
        running=True,
        room_c=22.5,
        mass_c=22.5,
    )
    assert cheap.slots[0].power_w == 0.0


def test_levels_are_the_devices_own() -> None:
    presets = replace(MINER, levels_w=(1200.0, 2000.0, 3000.0))
    plan = planned(ahead(MORNING), capabilities=presets, room_c=19.0)
    assert {slot.power_w for slot in plan.slots} <= {0.0, 1200.0, 2000.0, 3000.0}
    single = planned(ahead(MORNING), capabilities=replace(MINER, floor_w=3000.0), room_c=19.0)
    assert {slot.power_w for slot in single.slots} <= {0.0, 3000.0}


def test_without_prices_comfort_and_starts_count_all_the_same() -> None:
    plan = planned(ahead(MORNING, price_per_kwh=0.0))
    assert plan.heat_cost_per_kwh is None
    assert starts(plan) <= 4
    assert min(slot.room_c for slot in plan.slots[:60]) > 20.0
    assert plan.slots[0].price_per_kwh is None
    assert not plan.slots[0].price_known


def test_it_gives_a_room_far_outside_the_band_all_it_has() -> None:
    plan = planned(ahead(MORNING), room_c=8.0, mass_c=9.0)
    assert [slot.power_w for slot in plan.slots[:8]] == pytest.approx([3000.0] * 8)
    hot = planned(ahead(MORNING), room_c=31.0, mass_c=30.0)
    assert hot.slots[0].power_w == 0.0


def test_a_plan_tells_its_slots() -> None:
    plan = planned(ahead(MORNING))
    assert plan.slot(MORNING - 1.0) is None
    assert plan.slot(MORNING + 97 * SLOT_S) is None
    found = plan.slot(MORNING + 1.5 * SLOT_S)
    assert found is not None
    assert found.at == MORNING + SLOT_S
    assert found.target_c == target_c(MORNING)
    assert plan.next_start(MORNING + 96 * SLOT_S) is None


def test_what_heat_costs_is_unknown_while_the_price_is_whatever_is_earned() -> None:
    free = ahead(MORNING, price_per_kwh=0.0)
    assert planned(free, revenue=Earns(0.1)).heat_cost_per_kwh is None
    roof = [replace(slot, surplus_w=3000.0, surplus_price_per_kwh=0.08) for slot in free]
    assert planned(roof, revenue=None).heat_cost_per_kwh == pytest.approx(0.08)


@pytest.mark.parametrize("house", [TRUE, replace(TRUE, air_wh_per_k=300.0, mass_wh_per_k=600.0)])
@pytest.mark.parametrize(("price", "earned"), [(0.05, 0.3), (0.1, 0.5), (0.3, 0.9), (0.001, 0.1)])
def test_earnings_far_over_the_price_do_not_make_a_room_hot(house: House, price: float, earned: float) -> None:
    slots = [replace(slot, target_c=21.0, coldest_c=20.5, warmest_c=21.5) for slot in ahead(MORNING, 120)]
    slots = [replace(slot, price_per_kwh=price) for slot in slots]
    plan = planned(slots, house=house, revenue=Earns(earned))
    assert max(slot.room_c for slot in plan.slots if slot.power_w > 0.0) < 23.0


def test_earnings_that_are_no_number_are_unknown() -> None:
    plan = planned(ahead(MORNING), revenue=Earns(float("nan")))
    assert plan.slots == planned(ahead(MORNING), revenue=None).slots
    assert plan.heat_cost_per_kwh == planned(ahead(MORNING), revenue=None).heat_cost_per_kwh


@pytest.mark.parametrize("room_c", [21.0, 19.0, 16.0])
@pytest.mark.parametrize("maximum_w", [140.0, 300.0, 800.0])
def test_a_heater_that_is_too_small_for_its_room_does_not_give_up(maximum_w: float, room_c: float) -> None:
    small = replace(MINER, floor_w=0.4 * maximum_w, maximum_w=maximum_w)
    slots = [replace(slot, target_c=21.0, coldest_c=20.5, warmest_c=21.5) for slot in ahead(MORNING, 120)]
    plan = planned(slots, capabilities=small, room_c=room_c, mass_c=room_c)
    assert sum(slot.power_w for slot in plan.slots[:96]) / 96 > 0.9 * maximum_w
