"""What the system information page says of Hashwarm."""

from typing import Any

from homeassistant.components import system_health
from homeassistant.core import HomeAssistant, callback

from .const import CONF_MARKET_ONLINE, CONF_MARKET_URL
from .helpers import home_entry, loaded_heaters
from .option_defaults import home_options


@callback
def async_register(hass: HomeAssistant, register: system_health.SystemHealthRegistration) -> None:
    """Register the information."""
    register.async_register_info(system_health_info)


async def system_health_info(hass: HomeAssistant) -> dict[str, Any]:
    """Tell how many heaters run on what, and whether the market's server answers."""
    heaters = loaded_heaters(hass)
    readings = [heater.data.telemetry for heater in heaters if heater.data.telemetry is not None]
    pools = [reading.pool for reading in readings if reading.pool is not None]
    info: dict[str, Any] = {
        "heaters": len(heaters),
        "kernels": ", ".join(sorted({reading.kernel for reading in readings if reading.kernel})) or "-",
        "pools_connected": f"{sum(pool.connected for pool in pools)}/{len(pools)}",
    }
    entry = home_entry(hass)
    if entry is not None and (options := home_options(entry))[CONF_MARKET_ONLINE]:
        info["can_reach_market"] = system_health.async_check_can_reach_url(hass, options[CONF_MARKET_URL])
    return info
