"""A profile is kept whole, and what is no profile is refused."""

from dataclasses import replace
import json
from typing import Any

import pytest

from custom_components.hashwarm.engine.miners import profile_as_dict, profile_from_dict
from custom_components.hashwarm.engine.miners.driver import Feature
from custom_components.hashwarm.engine.model.capabilities import PowerSource
from custom_components.hashwarm.engine.model.errors import InvalidValueError

from .fake_driver import levels, make_profile


@pytest.mark.parametrize("source", [None, PowerSource.ESTIMATED])
def test_a_profile_survives_json(source: PowerSource | None):
    profile = make_profile(power_source=source, features=frozenset({Feature.FAN, Feature.LIGHT}), step=1.0)
    kept = json.loads(json.dumps(profile_as_dict(profile)))
    assert profile_from_dict(kept) == profile


def test_two_modes_may_draw_the_same():
    profile = make_profile(levels=levels(5.0, 5.0))
    assert profile_from_dict(profile_as_dict(profile)) == profile


@pytest.mark.parametrize(
    "changes",
    [
        {"family": "toaster"},
        {"control": None},
        {"levels": []},
        {"levels": None},
        {"levels": [{"setting": 1.0}]},
        {"levels": [{"setting": 1.0, "label": "x", "power_w": float("nan")}]},
        {"levels": [{"setting": 1.0, "label": "x", "power_w": -5.0}]},
        {"levels": [{"setting": "1", "label": "x", "power_w": 5.0}]},
        {"ramp_s": "soon"},
        {"boot_s": None},
        {"step": 0.0},
        {"features": ["toast"]},
        {"power_source": "guess"},
        {"unheard_of": 1},
    ],
)
def test_what_is_no_profile_is_refused(changes: dict[str, Any]):
    with pytest.raises(InvalidValueError):
        profile_from_dict(profile_as_dict(make_profile()) | changes)


@pytest.mark.parametrize("stored", [{}, None, 5, [], "x"])
def test_what_is_nothing_is_refused(stored: Any):
    with pytest.raises(InvalidValueError):
        profile_from_dict(stored)


def test_levels_that_fall_are_refused():
    falling = replace(make_profile(), levels=tuple(reversed(levels(1.0, 2.0))))
    with pytest.raises(InvalidValueError):
        profile_from_dict(profile_as_dict(falling))
