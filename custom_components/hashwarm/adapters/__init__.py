"""Home Assistant's things made into the engine's."""
