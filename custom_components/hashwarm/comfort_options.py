"""From the comfort options of a heater to the engine's comfort services."""

from collections.abc import Mapping
from datetime import tzinfo
from math import inf
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util.dt import parse_time

from .adapters.presence import anybody_home
from .adapters.schedule import ScheduleHelper
from .adapters.windows import any_open
from .const import (
    CONF_AWAY_AFTER,
    CONF_BOOST_MINUTES,
    CONF_DETECT_WINDOW,
    CONF_FUSION,
    CONF_HIGHEST_TARGET,
    CONF_LOWEST_TARGET,
    CONF_OUTLET_LIMIT,
    CONF_PRESENCE,
    CONF_QUIET_FROM,
    CONF_QUIET_POWER,
    CONF_QUIET_TO,
    CONF_ROOM_SENSOR,
    CONF_ROOM_SENSORS,
    CONF_SCHEDULE,
    CONF_SECOND_ROOM_SENSOR,
    CONF_WEEKEND_FROM,
    CONF_WEEKEND_TO,
    CONF_WEIGHTS,
    CONF_WINDOW_DELAY,
    CONF_WINDOWS,
    CONF_WORKDAY_FROM,
    CONF_WORKDAY_TO,
)
from .coordinator import HeaterConfigEntry
from .engine.heater import (
    Comfort,
    ComfortOptions,
    Facts,
    Fusion,
    FusionMethod,
    HeaterSettings,
    QuietHours,
    RoomResponse,
    Schedule,
    WeeklySchedule,
    daily,
    quiet_hours,
)
from .engine.model.errors import InvalidValueError

HIGHEST_WEIGHT = 1000.0


def build_comfort(
    hass: HomeAssistant,
    entry: HeaterConfigEntry,
    options: Mapping[str, Any],
    settings: HeaterSettings,
    *,
    response: RoomResponse,
    tz: tzinfo,
) -> Comfort:
    """Return the comfort services of a heater; what they follow is let go of with the entry."""
    helper = _helper(hass, entry, options)
    times = own_times(options, tz)

    def look() -> Facts:
        return Facts(
            schedule=_of_helper(helper, tz) if helper is not None else times,
            home=anybody_home(hass, options.get(CONF_PRESENCE, ())),
            window_open=any_open(hass, options.get(CONF_WINDOWS, ())),
        )

    return Comfort(
        settings,
        ComfortOptions(
            away_after_s=60.0 * options[CONF_AWAY_AFTER],
            boost_s=60.0 * options[CONF_BOOST_MINUTES],
            window_delay_s=options[CONF_WINDOW_DELAY],
            detect_window=options[CONF_DETECT_WINDOW],
            lowest_c=options[CONF_LOWEST_TARGET],
            highest_c=options[CONF_HIGHEST_TARGET],
            quiet=_quiet(options, tz),
        ),
        response=response,
        look=look,
    )


def follows_schedule(options: Mapping[str, Any]) -> bool:
    """Return whether a person named a schedule, or times."""
    return CONF_SCHEDULE in options or CONF_WORKDAY_FROM in options


def watches_windows(options: Mapping[str, Any]) -> bool:
    """Return whether an open window can be noticed."""
    return bool(options.get(CONF_WINDOWS)) or bool(options[CONF_DETECT_WINDOW])


def room_sensors(entry: HeaterConfigEntry, options: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the room sensors in the order in which they count, each once."""
    named = (entry.data.get(CONF_ROOM_SENSOR), entry.data.get(CONF_SECOND_ROOM_SENSOR))
    return tuple(dict.fromkeys(sensor for sensor in (*named, *options.get(CONF_ROOM_SENSORS, ())) if sensor))


def fusion_of(options: Mapping[str, Any]) -> Fusion:
    """Return how the room sensors become one; weights that cannot be read weigh the same."""
    try:
        weights = weights_of(options.get(CONF_WEIGHTS, ""))
    except InvalidValueError:
        weights = ()
    return Fusion(method=FusionMethod(options[CONF_FUSION]), weights=weights)


def weights_of(text: str) -> tuple[float, ...]:
    """Read weights, with commas between them. Errors: InvalidValueError."""
    try:
        weights = tuple(float(part) for part in text.split(",")) if text.strip() else ()
    except ValueError as error:
        raise InvalidValueError("weights are numbers", value=text) from error
    if not all(0.0 <= weight <= HIGHEST_WEIGHT for weight in weights) or (weights and not any(weights)):
        raise InvalidValueError("weights are not negative, and one of them counts", value=text)
    return weights


def outlet_limit_w(options: Mapping[str, Any]) -> float:
    """Return what the outlet bears, in W."""
    return float(options.get(CONF_OUTLET_LIMIT, inf))


def own_times(options: Mapping[str, Any], tz: tzinfo) -> Schedule | None:
    """Return the schedule of the times that a person gave; None where they gave none that can be read."""
    workday = (_clock(options, CONF_WORKDAY_FROM), _clock(options, CONF_WORKDAY_TO))
    weekend = (_clock(options, CONF_WEEKEND_FROM), _clock(options, CONF_WEEKEND_TO))
    if workday[0] is None or workday[1] is None:
        return None
    if weekend[0] is None or weekend[1] is None:
        weekend = workday
    return daily(workday=workday, weekend=weekend, tz=tz)


def _of_helper(helper: ScheduleHelper, tz: tzinfo) -> Schedule | None:
    return WeeklySchedule(helper.blocks, tz) if helper.blocks is not None else None


def _quiet(options: Mapping[str, Any], tz: tzinfo) -> QuietHours | None:
    begin, end = _clock(options, CONF_QUIET_FROM), _clock(options, CONF_QUIET_TO)
    if begin is None or end is None:
        return None
    return quiet_hours(begin, end, options[CONF_QUIET_POWER], tz)


def _clock(options: Mapping[str, Any], key: str) -> Any:
    """Return a time of day, None where there is none that can be read."""
    told = options.get(key)
    return parse_time(told) if isinstance(told, str) else None


def _helper(hass: HomeAssistant, entry: HeaterConfigEntry, options: Mapping[str, Any]) -> ScheduleHelper | None:
    if (entity_id := options.get(CONF_SCHEDULE)) is None:
        return None
    helper = ScheduleHelper(
        hass,
        entity_id,
        spawn=lambda asking: entry.async_create_background_task(hass, asking, "hashwarm schedule"),
    )
    entry.async_on_unload(helper.start())
    return helper
