"""The demo: a real Home Assistant with a practice pool and a simulated box, all on loopback."""
