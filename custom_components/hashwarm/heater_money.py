"""What a heater's figures mean in money: what it would earn, what its heat costs, and how that compares."""

from homeassistant.util.dt import utcnow

from .const import CONF_DEVICE_PRICE, CONF_OTHER_HEATING
from .coordinator import HeaterCoordinator
from .electricity import drawn_by_heaters_w
from .engine.home import Outlook, Scheme
from .engine.money import Payback, cheaper_than, mining_pays_without_heat, payback
from .helpers import home_entry
from .option_defaults import NO_OTHER_HEATING, heater_options, home_options

KWH_J = 3.6e6


def working_point(coordinator: HeaterCoordinator) -> tuple[float | None, float]:
    """Return hash rate in H/s and power in W: as told now, by the miner's curve, or as the ledger remembers."""
    told = coordinator.data.telemetry
    if told is not None and told.hash_rate_hs and told.power_w:
        return told.hash_rate_hs, told.power_w
    nominal = coordinator.miner.curve.levels[-1] if coordinator.miner is not None else None
    if nominal is not None and nominal.hash_rate_hs is not None:
        return nominal.hash_rate_hs, nominal.power_w
    power_w, totals = coordinator.heater.backend.capabilities.maximum_w, coordinator.totals
    for past in (totals.last_30_days, totals.all_time) if totals is not None else ():
        if past.hashes and past.energy_kwh:
            return past.hashes / (past.energy_kwh * KWH_J) * power_w, power_w
    return None, power_w


def prospect(coordinator: HeaterCoordinator) -> Outlook:
    """Return what mining brings now, or would bring if a heater that rests ran."""
    home = coordinator.home()
    if home is None:
        return Outlook()
    hash_rate_hs, power_w = working_point(coordinator)
    return home.outlook(hash_rate_hs=hash_rate_hs, power_w=power_w, heater_id=coordinator.heater_id)


def next_heat_cost(coordinator: HeaterCoordinator) -> float | None:
    """Return what the next kWh of heat costs after earnings, as planned, else as things stand now.

    What others' entities earn is not seen, and so not taken off.
    """
    plan = coordinator.forethought.plan if coordinator.forethought is not None else None
    if plan is not None and plan.heat_cost_per_kwh is not None:
        return plan.heat_cost_per_kwh
    return heat_cost(coordinator) if coordinator.mines else electricity_per_kwh(coordinator)


def is_solo(coordinator: HeaterCoordinator) -> bool:
    """Return whether the heater wins a whole block or nothing."""
    return coordinator.scheme is Scheme.SOLO


def has_income(coordinator: HeaterCoordinator) -> bool:
    """Return whether there is something to say of earnings: not of a solo miner before its first block."""
    if not coordinator.hashes or not is_solo(coordinator):
        return coordinator.hashes
    totals = coordinator.totals
    return totals is not None and bool(totals.all_time.earned_sat)


def revenue_per_kwh(coordinator: HeaterCoordinator) -> float | None:
    """Return what a kWh earns; nothing for certain where nothing is paid by shares, None when unknown."""
    if coordinator.scheme in {Scheme.NONE, Scheme.SOLO}:
        return 0.0
    return prospect(coordinator).value_per_kwh if coordinator.hashes else None


def electricity_per_kwh(coordinator: HeaterCoordinator) -> float | None:
    """Return what a kWh of electricity costs where the heaters' power comes from, or would if this one ran."""
    home = coordinator.home()
    if home is None:
        return None
    told = coordinator.data.telemetry
    rests = told is None or not told.power_w
    more_w = working_point(coordinator)[1] if rests else 0.0
    supply = home.electricity.supply(drawn_by_heaters_w(coordinator.hass), more_w)
    return home.electricity.prices().mixed(supply)


def heat_cost(coordinator: HeaterCoordinator) -> float | None:
    """Return what a kWh of heat costs now after earnings."""
    price, revenue = electricity_per_kwh(coordinator), revenue_per_kwh(coordinator)
    return price - revenue if price is not None and revenue is not None else None


def other_heat_cost(coordinator: HeaterCoordinator) -> float | None:
    """Return what a kWh of heat costs now from the heating otherwise used."""
    home = coordinator.home()
    return home.alternative_per_kwh if home is not None else None


def is_cheaper(coordinator: HeaterCoordinator) -> bool | None:
    """Return whether heating with this heater is cheaper now than with the other heating."""
    return cheaper_than(heat_cost(coordinator), other_heat_cost(coordinator))


def pays_without_heat(coordinator: HeaterCoordinator) -> bool | None:
    """Return whether mining earns more than its electricity costs now."""
    return mining_pays_without_heat(revenue_per_kwh(coordinator), electricity_per_kwh(coordinator))


def compares(coordinator: HeaterCoordinator) -> bool:
    """Return whether a person named a heating to compare with."""
    home = home_entry(coordinator.hass)
    told = home_options(home) if home is not None else {}
    return bool(told.get(CONF_OTHER_HEATING, NO_OTHER_HEATING) != NO_OTHER_HEATING)


def has_price(coordinator: HeaterCoordinator) -> bool:
    """Return whether a person said what the device cost."""
    return bool(heater_options(coordinator.config_entry).get(CONF_DEVICE_PRICE))


def payback_of(coordinator: HeaterCoordinator) -> Payback | None:
    """Return how far the device has paid for itself, None while that cannot be told."""
    totals = coordinator.totals
    if totals is None:
        return None
    return payback(
        heater_options(coordinator.config_entry).get(CONF_DEVICE_PRICE),
        saved=totals.all_time.saved,
        saved_lately=totals.last_30_days.saved,
        observed_s=totals.last_30_days.length_s,
    )


def payback_figures(coordinator: HeaterCoordinator) -> dict[str, float | str | None]:
    """Return what stands behind the days that are left."""
    found = payback_of(coordinator)
    if found is None:
        return {}
    on = found.paid_on(utcnow().date())
    return {
        "paid_percent": round(found.paid_percent, 1),
        "paid_on": on.isoformat() if on is not None else None,
        "saved": round(found.saved, 2),
        "saving_per_day": round(found.saving_per_day, 4),
    }
