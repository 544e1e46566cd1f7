"""Lets the newest test plugin, made for Home Assistant 2026.10, run on 2026.11. Drop it when the plugin catches up."""

from importlib.util import find_spec

if find_spec("homeassistant") is not None:
    # Home Assistant has to alias httpx before respx, which the plugin imports, gets hold of it.
    import homeassistant
    from homeassistant.components import logger
    from homeassistant.components.logger import helpers

    assert homeassistant
    if not hasattr(logger, "_clear_logger_overwrites") and hasattr(helpers, "_clear_logger_overwrites"):
        logger._clear_logger_overwrites = helpers._clear_logger_overwrites
