"""Networked miners: one driver per API family, pure parsers, thin clients."""

from .asic_rs import ASIC_RS, REQUIREMENT as ASIC_RS_REQUIREMENT
from .backend import NetworkedMiner
from .driver import Family, Feature, MinerAddress, MinerProfile, PowerLevel
from .families import BY_NAME, FAMILIES
from .family import FamilyInfo, Link
from .fields import mac
from .identify import NoMinerError, driver_for, find_family, identify
from .options import MinerOptions, Parting
from .polling import LEAST_INTERVAL_S, MOST_INTERVAL_S
from .profile_store import profile_as_dict, profile_from_dict
from .tally import HashTally

__all__ = [
    "ASIC_RS",
    "ASIC_RS_REQUIREMENT",
    "BY_NAME",
    "FAMILIES",
    "LEAST_INTERVAL_S",
    "MOST_INTERVAL_S",
    "Family",
    "FamilyInfo",
    "Feature",
    "HashTally",
    "Link",
    "MinerAddress",
    "MinerOptions",
    "MinerProfile",
    "NetworkedMiner",
    "NoMinerError",
    "Parting",
    "PowerLevel",
    "driver_for",
    "find_family",
    "identify",
    "mac",
    "profile_as_dict",
    "profile_from_dict",
]
