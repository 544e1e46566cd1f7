"""All families that have a driver of ours; the first that knows an answer is taken."""

from .antminer import ANTMINER
from .avalon import AVALON
from .axeos import AXEOS
from .braiins import BRAIINS
from .driver import Family
from .family import FamilyInfo
from .luxos import LUXOS
from .nerdqaxe import NERDQAXE
from .ofen import OFEN
from .vnish import VNISH
from .whatsminer_v2 import WHATSMINER_V2
from .whatsminer_v3 import WHATSMINER_V3

FAMILIES: tuple[FamilyInfo, ...] = (
    AXEOS,
    NERDQAXE,
    OFEN,
    BRAIINS,
    VNISH,
    LUXOS,
    AVALON,
    WHATSMINER_V3,
    WHATSMINER_V2,
    ANTMINER,
)

BY_NAME: dict[Family, FamilyInfo] = {info.family: info for info in FAMILIES}
