"""Ports that stay the same from one start of the demo to the next, for Home Assistant remembers them."""

from collections.abc import Iterable
import json
from pathlib import Path
import socket


def kept_ports(kept: Path, names: Iterable[str]) -> dict[str, int]:
    """Return a port for each name: those of the last start, or free ones where other names were kept."""
    wanted = list(names)
    if kept.exists() and set(known := json.loads(kept.read_text())) == set(wanted):
        return dict(known)
    sockets = [socket.socket() for _ in wanted]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        ports = {name: each.getsockname()[1] for name, each in zip(wanted, sockets, strict=True)}
    finally:
        for each in sockets:
            each.close()
    kept.write_text(json.dumps(ports))
    return ports
