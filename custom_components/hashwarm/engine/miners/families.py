"""All families that have a driver of ours; the first that knows an answer is taken."""

from .axeos import AXEOS
from .braiins import BRAIINS
from .driver import Family
from .family import FamilyInfo
from .ofen import OFEN

FAMILIES: tuple[FamilyInfo, ...] = (AXEOS, OFEN, BRAIINS)

BY_NAME: dict[Family, FamilyInfo] = {info.family: info for info in FAMILIES}
