"""What is written out field by field for speed is complete, and labels read as they always did."""

from dataclasses import astuple, fields
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st

from custom_components.hashwarm.engine.money import Sums
from custom_components.hashwarm.engine.money.calendar import local_hour

AMOUNTS = st.lists(st.integers(-(2**70), 2**70), min_size=len(fields(Sums)), max_size=len(fields(Sums)))
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Africa/Monrovia"])


@given(AMOUNTS, AMOUNTS)
def test_every_field_is_added(one, other):
    sums = Sums(*one)
    assert sums.add(Sums(*other)) is sums
    assert astuple(sums) == tuple(a + b for a, b in zip(one, other, strict=True))


@given(st.integers(0, 4_000_000_000), ZONES)
def test_an_hour_is_labelled_with_its_offset(at_s, zone):
    now = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at_s)
    local = now.astimezone(ZoneInfo(zone))
    assert local_hour(now, ZoneInfo(zone)) == (f"{local:%Y-%m-%dT%H%z}", local.toordinal())
