"""How one API family is recognised and spoken to; every driver module describes itself with one of these."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from .driver import Driver, Family, MinerAddress
from .rpc import OpenConnection
from .web import WebAnswer


@dataclass(frozen=True, kw_only=True)
class Link:
    """The way to the network, shared by all drivers."""

    session: aiohttp.ClientSession
    connect: OpenConnection = asyncio.open_connection


@dataclass(frozen=True, kw_only=True)
class FamilyInfo:
    """What tells a family from the others, and its driver."""

    family: Family
    title: str
    port: int
    driver: Callable[[Link, MinerAddress], Driver]
    probe_path: str | None = None
    """A GET on port 80 that needs no log-in and tells the family; two families may share one path."""
    knows_web: Callable[[WebAnswer], bool] | None = None
    """Judge the answer to `probe_path`; never raises."""
    knows_rpc: Callable[[Mapping[str, Any]], bool] | None = None
    """Judge cgminer's answer to `version` on port 4028; never raises."""
    knows_raw: Callable[[Link, MinerAddress], Awaitable[bool]] | None = None
    """Ask in a way of the family's own where neither of the two will do. Errors: BackendError."""
    username: str | None = None
    password: str | None = None
    """The factory's; None where there is none or it must be asked for."""
    asks_password: bool = False
    proves_password: bool = True
    """Whether it refuses to say what it is without the right one; else it is asked for before anything fails."""
    tells_work: bool = True
    """Whether its answers tell what its accepted shares stand for; else only its hash rate says what they earn."""
    tells_pool: bool = True
    """Whether its answers name the pool and count the shares."""
