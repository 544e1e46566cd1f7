"""The houses of the bench as EnergyPlus input: BESTEST 600 (light) and 900 (heavy) after ASHRAE Standard 140.

One zone, 8 x 6 x 2.7 m, 12 m² of double glazing to the south, half an air change an hour, 200 W of people and devices.
Added: furniture as six times the air's heat capacity, and the miner as a fan heater whose watts a controller sets.
"""

from dataclasses import dataclass
from datetime import date

MINER = "miner"
ZONE = "room"
FURNITURE = 6.0
AIR_CHANGES_PER_HOUR = 0.5
INNER_GAINS_W = 200.0
GLAZING_W_PER_M2_K = 2.1
GLAZING_SOLAR_SHARE = 0.6
GROUND_C = 10.0


@dataclass(frozen=True)
class Layer:
    """A layer of a wall: W/(m·K), m, kg/m³, J/(kg·K)."""

    name: str
    conductivity: float
    thickness_m: float
    density: float
    heat_capacity: float


SIDING = Layer("wood siding", 0.14, 0.009, 530.0, 900.0)
ROOF = (
    Layer("roof deck", 0.14, 0.019, 530.0, 900.0),
    Layer("roof quilt", 0.04, 0.1118, 12.0, 840.0),
    Layer("ceiling board", 0.16, 0.010, 950.0, 840.0),
)
WALLS = {
    600: (SIDING, Layer("quilt", 0.04, 0.066, 12.0, 840.0), Layer("plasterboard", 0.16, 0.012, 950.0, 840.0)),
    900: (SIDING, Layer("foam", 0.04, 0.0615, 10.0, 1400.0), Layer("concrete block", 0.51, 0.1, 1400.0, 1000.0)),
}
FLOORS = {
    600: Layer("timber floor", 0.14, 0.025, 650.0, 1200.0),
    900: Layer("concrete slab", 1.13, 0.08, 1400.0, 1000.0),
}
GROUND_INSULATION_M2_K_PER_W = {600: 25.075, 900: 25.175}

type Corner = tuple[float, float, float]

WIDTH_M, DEPTH_M, HEIGHT_M = 8.0, 6.0, 2.7
LEAKS_M3_PER_S = AIR_CHANGES_PER_HOUR * WIDTH_M * DEPTH_M * HEIGHT_M / 3600
SURFACES: dict[str, tuple[str, str, tuple[Corner, ...]]] = {
    "south wall": ("Wall", "outer wall", ((0, 0, HEIGHT_M), (0, 0, 0), (WIDTH_M, 0, 0), (WIDTH_M, 0, HEIGHT_M))),
    "east wall": (
        "Wall",
        "outer wall",
        ((WIDTH_M, 0, HEIGHT_M), (WIDTH_M, 0, 0), (WIDTH_M, DEPTH_M, 0), (WIDTH_M, DEPTH_M, HEIGHT_M)),
    ),
    "north wall": (
        "Wall",
        "outer wall",
        ((WIDTH_M, DEPTH_M, HEIGHT_M), (WIDTH_M, DEPTH_M, 0), (0, DEPTH_M, 0), (0, DEPTH_M, HEIGHT_M)),
    ),
    "west wall": ("Wall", "outer wall", ((0, DEPTH_M, HEIGHT_M), (0, DEPTH_M, 0), (0, 0, 0), (0, 0, HEIGHT_M))),
    "floor": ("Floor", "ground floor", ((0, 0, 0), (0, DEPTH_M, 0), (WIDTH_M, DEPTH_M, 0), (WIDTH_M, 0, 0))),
    "roof": (
        "Roof",
        "roof",
        ((0, 0, HEIGHT_M), (WIDTH_M, 0, HEIGHT_M), (WIDTH_M, DEPTH_M, HEIGHT_M), (0, DEPTH_M, HEIGHT_M)),
    ),
}
WINDOWS: dict[str, tuple[Corner, ...]] = {
    "window west": ((0.5, 0, 2.2), (0.5, 0, 0.2), (3.5, 0, 0.2), (3.5, 0, 2.2)),
    "window east": ((4.5, 0, 2.2), (4.5, 0, 0.2), (7.5, 0, 0.2), (7.5, 0, 2.2)),
}


def idf(case: int, first: date, last: date) -> str:
    """Write the input of EnergyPlus for a BESTEST case, from a first to a last day, at one-minute steps."""
    return "\n".join((*_frame(first, last), *_constructions(case), *_geometry(), *_gains())) + "\n"


def _object(kind: str, *fields: object) -> str:
    return f"{kind},{','.join(str(field) for field in fields)};"


def _frame(first: date, last: date) -> tuple[str, ...]:
    ground = (GROUND_C,) * 12
    return (
        _object("Version", "25.2"),
        _object("Timestep", 60),
        _object("SimulationControl", "No", "No", "No", "No", "Yes"),
        _object("Building", "bestest", 0, "Country", 0.04, 0.4, "FullInteriorAndExterior", 25, 6),
        _object("HeatBalanceAlgorithm", "ConductionTransferFunction"),
        _object("SurfaceConvectionAlgorithm:Inside", "TARP"),
        _object("SurfaceConvectionAlgorithm:Outside", "DOE-2"),
        _object("ZoneAirHeatBalanceAlgorithm", "ThirdOrderBackwardDifference"),
        _object("ZoneCapacitanceMultiplier:ResearchSpecial", "furniture", ZONE, FURNITURE, 1, 1, 1),
        _object(
            "RunPeriod",
            "scored",
            first.month,
            first.day,
            first.year,
            last.month,
            last.day,
            last.year,
            "",
            "No",
            "No",
            "No",
            "Yes",
            "Yes",
        ),
        _object("Site:GroundTemperature:BuildingSurface", *ground),
        _object("GlobalGeometryRules", "UpperLeftCorner", "Counterclockwise", "World"),
        _object("ScheduleTypeLimits", "any"),
        _object("Schedule:Constant", "always", "any", 1),
    )


def _material(layer: Layer) -> str:
    return _object(
        "Material",
        layer.name,
        "Rough",
        layer.thickness_m,
        layer.conductivity,
        layer.density,
        layer.heat_capacity,
        0.9,
        0.6,
        0.6,
    )


def _constructions(case: int) -> tuple[str, ...]:
    wall, floor = WALLS[case], FLOORS[case]
    return (
        *(_material(layer) for layer in (*wall, *ROOF, floor)),
        _object("Material:NoMass", "ground insulation", "Rough", GROUND_INSULATION_M2_K_PER_W[case], 0.9, 0.6, 0.6),
        _object("WindowMaterial:SimpleGlazingSystem", "double glazing", GLAZING_W_PER_M2_K, GLAZING_SOLAR_SHARE),
        _object("Construction", "outer wall", *(layer.name for layer in wall)),
        _object("Construction", "roof", *(layer.name for layer in ROOF)),
        _object("Construction", "ground floor", "ground insulation", floor.name),
        _object("Construction", "glazing", "double glazing"),
    )


def _geometry() -> tuple[str, ...]:
    zone = _object("Zone", ZONE, 0, 0, 0, 0, 1, 1, HEIGHT_M, WIDTH_M * DEPTH_M * HEIGHT_M)
    surfaces = [_surface(name, *parts) for name, parts in SURFACES.items()]
    windows = [
        _object(
            "FenestrationSurface:Detailed", name, "Window", "glazing", "south wall", "", "", "", 1, 4, *_flat(places)
        )
        for name, places in WINDOWS.items()
    ]
    return (zone, *surfaces, *windows)


def _surface(name: str, kind: str, construction: str, corners: tuple[Corner, ...]) -> str:
    ground = kind == "Floor"
    outside = ("Ground", "", "NoSun", "NoWind") if ground else ("Outdoors", "", "SunExposed", "WindExposed")
    return _object(
        "BuildingSurface:Detailed",
        name,
        kind,
        construction,
        ZONE,
        "",
        *outside,
        "",
        len(corners),
        *_flat(corners),
    )


def _flat(corners: tuple[Corner, ...]) -> list[float]:
    return [value for corner in corners for value in corner]


def _gains() -> tuple[str, ...]:
    equipment = ("EquipmentLevel",)
    return (
        _object("ElectricEquipment", "people", ZONE, "always", *equipment, INNER_GAINS_W, "", "", 0, 0.6, 0),
        _object("ElectricEquipment", MINER, ZONE, "always", *equipment, 0.0, "", "", 0, 0.0, 0),
        _object(
            "ZoneInfiltration:DesignFlowRate",
            "leaks",
            ZONE,
            "always",
            "AirChanges/Hour",
            "",
            "",
            "",
            AIR_CHANGES_PER_HOUR,
            1,
            0,
            0,
            0,
        ),
        _object("Output:Variable", "*", "Zone Mean Air Temperature", "Hourly"),
        _object("Output:Variable", "*", "Site Outdoor Air Drybulb Temperature", "Hourly"),
    )
