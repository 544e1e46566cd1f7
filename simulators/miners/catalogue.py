"""All emulated miners by family, with the log-in that their owners know."""

from collections.abc import Callable
from dataclasses import dataclass

from .antminer import AntminerEmulator
from .avalon import AvalonEmulator
from .axeos import AxeosEmulator
from .braiins import BraiinsEmulator
from .emulator import Emulator
from .luxos import LuxosEmulator
from .nerdqaxe import NerdqaxeEmulator
from .ofen import OfenEmulator
from .vnish import VnishEmulator
from .whatsminer_v2 import WhatsminerV2Emulator
from .whatsminer_v3 import WhatsminerV3Emulator


@dataclass(frozen=True, kw_only=True)
class Specimen:
    """One family's emulator and how one is let in; None where nothing is asked."""

    title: str
    make: Callable[..., Emulator]
    username: str | None = None
    password: str | None = None


SPECIMENS: dict[str, Specimen] = {
    "axeos": Specimen(title="Bitaxe", make=AxeosEmulator),
    "nerdqaxe": Specimen(title="NerdQAxe", make=NerdqaxeEmulator),
    "avalon": Specimen(title="Avalon Q", make=AvalonEmulator),
    "braiins": Specimen(title="Braiins OS", make=BraiinsEmulator, username="root", password="root"),
    "luxos": Specimen(title="LuxOS", make=LuxosEmulator),
    "vnish": Specimen(title="VNish", make=VnishEmulator, password="admin"),
    "ofen": Specimen(title="21energy Ofen", make=OfenEmulator),
    "whatsminer_v2": Specimen(title="Whatsminer", make=WhatsminerV2Emulator, password="heat-my-home"),
    "whatsminer_v3": Specimen(
        title="Whatsminer, API 3", make=WhatsminerV3Emulator, username="super", password="heat-my-home"
    ),
    "antminer": Specimen(title="Antminer", make=AntminerEmulator, username="root", password="root"),
}
