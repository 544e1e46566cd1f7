"""The demo home in a real browser."""
