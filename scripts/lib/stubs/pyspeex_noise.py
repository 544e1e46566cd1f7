"""Stands in for a voice library that the demo home imports and never uses."""


def __getattr__(name: str) -> type:
    return type(name, (), {})
