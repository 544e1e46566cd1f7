"""A room with thermal mass: real time, real watts, a sensor with bad moments."""
