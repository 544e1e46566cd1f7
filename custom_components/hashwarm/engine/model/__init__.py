"""The words the rooms of the engine share: quantities, states, capabilities, telemetry, errors and protocols."""
