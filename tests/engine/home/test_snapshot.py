"""Totals are summed once per sample, however many ask, and never told when they are old."""


async def test_totals_are_made_anew_with_each_sample_write_and_day(world):
    home = world.home
    world.sample()
    first = home.totals("a")
    world.tick(10)
    assert home.totals("a") is first
    world.sample()
    booked = home.totals("a")
    assert booked.today.energy_kwh > first.today.energy_kwh
    assert home.totals() == booked
    assert booked.meter_kwh == 0.0
    await home.flush()
    assert home.totals("a").meter_kwh > 0.0
    home.release("a")
    world.tick(24 * 3600)
    later = home.totals("a")
    assert (later.yesterday.energy_kwh, later.today.energy_kwh) == (booked.today.energy_kwh, 0.0)
