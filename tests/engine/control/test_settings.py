from hypothesis import given, strategies as st
import pytest

from custom_components.hashwarm.engine.control import HeaterSettings
from custom_components.hashwarm.engine.control.settings import Choice
from custom_components.hashwarm.engine.model.control import ControlMode, Preset
from custom_components.hashwarm.engine.model.errors import InvalidValueError


@given(
    st.booleans(),
    st.sampled_from(ControlMode),
    st.sampled_from(Preset),
    st.floats(5, 30),
    st.none() | st.floats(0, 2e9),
)
def test_settings_survive_being_stored(on, mode, preset, target_c, at):
    settings = HeaterSettings(on=on, mode=mode, preset=preset, target_c=target_c, heat_demand_at=at)
    assert HeaterSettings.from_dict(settings.as_dict()) == settings


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"mode": "nonsense", "target_c": "warm"},
        {"target_c": float("nan"), "preset_targets_c": None},
        {"target_c": True},
    ],
)
def test_what_cannot_be_read_falls_back(stored):
    settings = HeaterSettings.from_dict(stored)
    assert settings.mode is ControlMode.THERMOSTAT
    assert settings.target_c == 21.0
    assert not settings.on


@pytest.mark.parametrize("target_c", [float("nan"), float("inf")])
def test_a_target_that_is_no_number_is_refused_and_changes_nothing(target_c):
    settings = HeaterSettings()
    with pytest.raises(InvalidValueError):
        settings.choose_target(target_c)
    assert settings == HeaterSettings()


def test_a_choice_by_hand_survives_being_stored():
    settings = HeaterSettings(preheat=True)
    settings.take(Choice(preset=Preset.AWAY, target_c=16.0, by_hand=True, at=1e9))
    settings.take(Choice(preset=Preset.BOOST, target_c=23.0, by_hand=True, until=1e9 + 3600, at=1e9))
    again = HeaterSettings.from_dict(settings.as_dict())
    assert again == settings
    assert again.after == Choice(preset=Preset.AWAY, target_c=16.0, by_hand=True, at=1e9)


def test_who_was_away_before_there_were_schedules_is_left_alone_by_them():
    assert HeaterSettings.from_dict({"preset": "away", "target_c": 16.0}).by_hand
    assert not HeaterSettings.from_dict({"preset": "comfort", "target_c": 21.0}).by_hand
