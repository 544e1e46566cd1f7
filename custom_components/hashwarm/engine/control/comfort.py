"""What a person wants of the room, now and at any time to come: choices by hand, schedule, presence, windows, frost."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import isfinite
from typing import Any

from ..model.control import Preset
from ..model.errors import InvalidValueError
from ..model.planning import SLOT_S, Wish
from .open_window import RoomMoment, WindowWatch
from .preheat import RATES_K_PER_H, HeatingRate, preheat_start
from .room_words import RoomResponse
from .schedule import QuietHours, Schedule
from .settings import LASTING, Choice, HeaterSettings

# Further from the target than this a person is cold, or heat is no longer wanted.
BAND_K = 0.5
AT_EASE = {Preset.COMFORT, Preset.BOOST, None}


class Source(StrEnum):
    """What decides about the target in force."""

    HAND = "hand"
    SCHEDULE = "schedule"
    BOOST = "boost"
    PREHEAT = "preheat"
    NOBODY_HOME = "nobody_home"
    WINDOW_OPEN = "window_open"


@dataclass(frozen=True, kw_only=True)
class ComfortOptions:
    """What a person set once; times in s, temperatures in °C."""

    away_after_s: float = 1800.0
    boost_s: float = 3600.0
    window_delay_s: float = 60.0
    detect_window: bool = False
    lowest_c: float = 5.0
    """The lowest and the highest target that can be chosen at the thermostat: what a child can do to it."""
    highest_c: float = 30.0
    quiet: QuietHours | None = None


@dataclass(frozen=True, kw_only=True)
class InForce:
    """The target of now, in °C, where it comes from, and until when, in Unix seconds; None for no end known."""

    target_c: float
    preset: Preset | None
    source: Source = Source.HAND
    until: float | None = None
    frost_c: float = 7.0
    """Frost protection: no room is let under this."""
    window_detected: bool = False


@dataclass(frozen=True, kw_only=True)
class ComfortMoment:
    """What a pass knows; `now` is Unix time, `now_s` monotonic, temperatures in °C, power as a share of the maximum."""

    now: float
    now_s: float
    room_c: float | None
    outdoor_c: float | None = None
    power_share: float | None = None
    preheats: bool = True
    """Whether to preheat from the learned rate; a planner that is in charge does so by itself."""


@dataclass(kw_only=True)
class Facts:
    """What the house tells; None where it says nothing."""

    schedule: Schedule | None = None
    home: bool | None = None
    window_open: bool | None = None


@dataclass
class Comfort:
    """Owns the rules between settings and target; carries absence, windows and the heating rate from pass to pass."""

    settings: HeaterSettings
    options: ComfortOptions = field(default_factory=ComfortOptions)
    facts: Facts = field(default_factory=Facts)
    response: RoomResponse = RoomResponse.ORDINARY
    look: Callable[[], Facts] | None = None
    """Asked for the facts at each pass."""
    _absent_since: float | None = None
    _preheating_for: float | None = None
    _now: float = 0.0
    _window_open: bool = False

    def __post_init__(self) -> None:
        self._windows = WindowWatch(delay_s=self.options.window_delay_s, by_slope=self.options.detect_window)
        self._rate = HeatingRate(k_per_h=RATES_K_PER_H[self.response])

    def as_dict(self) -> dict[str, Any]:
        """Return what a restart must not forget, in a form that JSON can hold."""
        return {"absent_since": self._absent_since, "rate_k_per_h": self._rate.k_per_h}

    def resume(self, stored: dict[str, Any]) -> None:
        """Take up what `as_dict` wrote; what is no number is forgotten."""
        rate, absent_since = stored.get("rate_k_per_h"), stored.get("absent_since")
        if isinstance(rate, int | float) and isfinite(rate):
            self._rate.k_per_h = float(rate)
        if isinstance(absent_since, int | float) and isfinite(absent_since):
            self._absent_since = float(absent_since)

    def choose_preset(self, preset: Preset | None, *, now: float) -> None:
        """Take a preset chosen by hand; none of them hands over to the schedule, where there is one.

        Away and frost protection last until a person chooses again, a boost for its time, the rest until the schedule
        changes next.
        """
        self._see()
        settings = self.settings
        if preset is None:
            settings.take(Choice(preset=None, target_c=settings.target_c, at=now))
            return
        target_c = settings.preset_targets_c[preset]
        until = None if preset in LASTING else self._next_change(now)
        if preset is Preset.BOOST:
            until = now + self.options.boost_s
        by_hand = self.facts.schedule is not None or preset in LASTING or preset is Preset.BOOST
        settings.take(Choice(preset=preset, target_c=target_c, by_hand=by_hand, until=until, at=now))

    def choose_target(self, target_c: float, *, now: float) -> None:
        """Take a target chosen by hand; it holds until the schedule changes next. Errors: InvalidValueError."""
        self._see()
        options = self.options
        if not options.lowest_c <= target_c <= options.highest_c:
            least, most = f"{options.lowest_c:g}", f"{options.highest_c:g}"
            raise InvalidValueError(
                "outside the limits of the thermostat", value=f"{target_c:g}", least=least, most=most
            )
        targets = self.settings.preset_targets_c
        preset = next((preset for preset, celsius in targets.items() if celsius == target_c), None)
        self.settings.take(
            Choice(
                # A boost has an end, and a temperature that happens to be the same has none.
                preset=None if preset is Preset.BOOST else preset,
                target_c=target_c,
                by_hand=self.facts.schedule is not None,
                until=self._next_change(now),
                at=now,
            )
        )

    def step(self, moment: ComfortMoment) -> InForce:
        """Return what is in force now."""
        self._now = moment.now
        self._see()
        self._end_choices(moment.now)
        self._follow_presence(moment.now)
        self._rate.step(now_s=moment.now_s, room_c=moment.room_c, power_share=moment.power_share)
        wanted = self._until_change(self._wanted_at(moment.now), moment.now)
        wanted = self._preheated(self._lowered(wanted, moment.now), moment)
        self._window_open = self._windows.step(
            RoomMoment(
                now_s=moment.now_s,
                room_c=moment.room_c,
                target_c=wanted.target_c,
                outdoor_c=moment.outdoor_c,
                power_share=moment.power_share,
            ),
            told_open=self.facts.window_open,
        )
        return self._bounded(self._shut_out(wanted) if self._window_open else wanted)

    @property
    def preheats(self) -> bool:
        """Whether the room is to be warm when comfort begins."""
        return self.settings.preheat

    def wish_at(self, at: float) -> Wish:
        """Return what will be wanted at a Unix time, as far as can be known now.

        Who is away is taken to stay away, and an open window to be shut within a quarter of an hour.
        """
        wanted = self._lowered(self._wanted_at(at), at)
        if self._window_open and at < self._now + SLOT_S:
            wanted = self._shut_out(wanted)
        wanted = self._bounded(wanted)
        return Wish(
            target_c=wanted.target_c,
            coldest_c=wanted.target_c - BAND_K,
            warmest_c=wanted.target_c + BAND_K,
            comfort=wanted.preset in AT_EASE,
        )

    def ceiling_at(self, at: float) -> float | None:
        """Return the limit in W that quiet hours set at a Unix time, None outside of them."""
        return self.options.quiet.ceiling_at(at) if self.options.quiet is not None else None

    def next_change(self, at: float) -> float | None:
        """Return when the schedule changes next, None without one."""
        return self._next_change(at)

    def _see(self) -> None:
        if self.look is not None:
            self.facts = self.look()

    def _next_change(self, now: float) -> float | None:
        return self.facts.schedule.next_change(now) if self.facts.schedule is not None else None

    def _end_choices(self, now: float) -> None:
        """Let go of what a person chose for a time that is over."""
        settings = self.settings
        if settings.preset is Preset.BOOST:
            # A clock that was set back, or a boost of an older version, must not last for days.
            longest = now + self.options.boost_s
            settings.until = longest if settings.until is None else min(settings.until, longest)
        if not settings.choice.ended(now):
            return
        if settings.preset is Preset.BOOST:
            comfort_c = settings.preset_targets_c[Preset.COMFORT]
            settings.take(settings.after or Choice(preset=Preset.COMFORT, target_c=comfort_c))
        if settings.choice.ended(now):
            settings.by_hand, settings.until = False, None

    def _follow_presence(self, now: float) -> None:
        if self.facts.home is not False:
            self._absent_since = None
        elif self._absent_since is None or self._absent_since > now:
            self._absent_since = now

    def _choice_at(self, at: float) -> Choice:
        """Return the choice that holds at a time to come; one that has ended goes before no schedule."""
        choice = self.settings.choice
        if choice.ended(at) and self.settings.after is not None:
            choice = self.settings.after
        return choice if not choice.ended(at) else Choice(preset=choice.preset, target_c=choice.target_c)

    def _wanted_at(self, at: float) -> InForce:
        choice, schedule = self._choice_at(at), self.facts.schedule
        if schedule is None or choice.by_hand:
            source = Source.BOOST if choice.preset is Preset.BOOST else Source.HAND
            return InForce(target_c=choice.target_c, preset=choice.preset, source=source, until=choice.until)
        preset = Preset.COMFORT if schedule.comfort_at(at) else Preset.ECO
        target_c = self.settings.preset_targets_c[preset]
        return InForce(target_c=target_c, preset=preset, source=Source.SCHEDULE)

    def _until_change(self, wanted: InForce, now: float) -> InForce:
        """Add when the schedule changes next to what it wants now."""
        return replace(wanted, until=self._next_change(now)) if wanted.source is Source.SCHEDULE else wanted

    def _lowered(self, wanted: InForce, at: float) -> InForce:
        """Lower the target while nobody is at home; what was chosen since they left counts more."""
        since, away_c = self._absent_since, self.settings.preset_targets_c[Preset.AWAY]
        if since is None or at < since + self.options.away_after_s or wanted.target_c <= away_c:
            return wanted
        choice = self._choice_at(at)
        if wanted.source is not Source.SCHEDULE and choice.at is not None and choice.at > since:
            return wanted
        return InForce(target_c=away_c, preset=Preset.AWAY, source=Source.NOBODY_HOME)

    def _preheated(self, wanted: InForce, moment: ComfortMoment) -> InForce:
        """Take the next comfort time's target early enough; once begun it goes on until then."""
        begin, comfort_c = wanted.until, self.settings.preset_targets_c[Preset.COMFORT]
        asked = self.settings.preheat and moment.preheats and wanted.source is Source.SCHEDULE
        if not asked or wanted.preset is not Preset.ECO or begin is None or moment.room_c is None:
            self._preheating_for = None
            return wanted
        start = preheat_start(
            comfort_at=begin, room_c=moment.room_c, target_c=comfort_c, rate_k_per_h=self._rate.k_per_h
        )
        if moment.now < start and self._preheating_for != begin:
            return wanted
        self._preheating_for = begin
        return InForce(target_c=comfort_c, preset=Preset.COMFORT, source=Source.PREHEAT, until=begin)

    def _shut_out(self, wanted: InForce) -> InForce:
        frost_c = self.settings.preset_targets_c[Preset.FROST]
        return InForce(
            target_c=min(frost_c, wanted.target_c),
            preset=Preset.FROST,
            source=Source.WINDOW_OPEN,
            window_detected=self._windows.detected,
        )

    def _bounded(self, wanted: InForce) -> InForce:
        """Keep every target at frost protection at least."""
        frost_c = self.settings.preset_targets_c[Preset.FROST]
        return replace(wanted, target_c=max(wanted.target_c, frost_c), frost_c=frost_c)
