"""Emulated miners on real sockets of the loopback, one per API family; faults can be switched on while they run."""
