"""Networked miners: one driver per API family, pure parsers, thin clients."""

from .backend import MinerOptions, NetworkedMiner, Parting
from .driver import Family, Feature, MinerAddress, MinerProfile
from .families import BY_NAME, FAMILIES
from .family import FamilyInfo, Link
from .fields import mac
from .identify import driver_for, find_family, identify
from .polling import LEAST_INTERVAL_S, MOST_INTERVAL_S
from .profile_store import profile_as_dict, profile_from_dict

__all__ = [
    "BY_NAME",
    "FAMILIES",
    "LEAST_INTERVAL_S",
    "MOST_INTERVAL_S",
    "Family",
    "FamilyInfo",
    "Feature",
    "Link",
    "MinerAddress",
    "MinerOptions",
    "MinerProfile",
    "NetworkedMiner",
    "Parting",
    "driver_for",
    "find_family",
    "identify",
    "mac",
    "profile_as_dict",
    "profile_from_dict",
]
