"""The heat demand of a room, given out among its heaters: cheapest heat first, and one of them cycling at most."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ..model.sharing import Standing
from .order import HeatOrder, HeatPrice

GONE_S = 120.0
"""A heater that was not heard of for so long takes no part."""
DISTRUST_S = 1800.0
"""One that did not obey comes last for so long."""
LEAVE_SHARE = 0.5
"""A heater that came to help goes when those before it could do without it by this share of its floor."""


@dataclass(frozen=True, kw_only=True)
class RoomMember:
    """A heater of a room; powers in W."""

    heater_id: str
    floor_w: float
    capacity_w: float
    """The most it can give now."""
    maximum_w: float


@dataclass(frozen=True, kw_only=True)
class RoomShare:
    """One heater's part of the demand, in W, and the share of all of it that the room's heaters can meet."""

    demand_w: float
    met: float | None = None
    """None for a heater alone in its room."""


def split(demand_w: float, members: Sequence[RoomMember], helping: Collection[str]) -> dict[str, float]:
    """Return each heater's part of the demand, in W; members come cheapest first.

    A remainder under the next heater's floor is made up to its floor at the cost of those before it, where their own
    floors allow that: none then has to cycle. `helping` names those that gave heat so far. What nobody can give now
    is asked of the cheapest up to its maximum, so that what holds it back is told.
    """
    shares = dict.fromkeys((member.heater_id for member in members), 0.0)
    chosen = _chosen(demand_w, members, helping)
    if sum(member.floor_w for member in chosen) <= demand_w:
        shares |= {member.heater_id: member.floor_w for member in chosen}
    left_w = demand_w - sum(shares.values())
    left_w = _fill(shares, left_w, [(member.heater_id, member.capacity_w) for member in chosen])
    _fill(shares, left_w, [(member.heater_id, member.maximum_w) for member in members])
    return shares


def _chosen(demand_w: float, members: Sequence[RoomMember], helping: Collection[str]) -> list[RoomMember]:
    """Return those that the demand needs, and a helper that those before it could only just do without."""
    chosen: list[RoomMember] = []
    before_w = 0.0
    for member in members:
        if member.capacity_w < member.floor_w or member.capacity_w <= 0.0:
            continue
        missing_w = demand_w - before_w
        stays = bool(chosen) and member.heater_id in helping and missing_w > -LEAVE_SHARE * member.floor_w
        if missing_w > 0.0 or stays:
            chosen.append(member)
            before_w += member.capacity_w
    return chosen


def _fill(shares: dict[str, float], left_w: float, limits_w: Sequence[tuple[str, float]]) -> float:
    """Raise each share to its limit, the first ones first, as far as the watts reach; return what is left."""
    for heater_id, limit_w in limits_w:
        more_w = min(max(limit_w - shares[heater_id], 0.0), max(left_w, 0.0))
        shares[heater_id] += more_w
        left_w -= more_w
    return left_w


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """What a heater said last; times are monotonic."""

    at_s: float
    demand_w: float
    member: RoomMember
    distrusted_until_s: float | None


class Room:
    """The heaters of one room; each keeps a thermostat and a target of its own, and the demands add up."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._order = HeatOrder()
        self._helping: set[str] = set()

    def share(self, heater_id: str, standing: Standing, capacity_w: float, prices: dict[str, HeatPrice]) -> RoomShare:
        """Take a heater's standing; return its part of what all heaters of the room ask for."""
        self._take(heater_id, standing, capacity_w)
        heard = {known: entry for known, entry in self._entries.items() if standing.now_s - entry.at_s <= GONE_S}
        if len(heard) == 1:
            return RoomShare(demand_w=standing.demand_w)
        demand_w = sum(entry.demand_w for entry in heard.values())
        members = [heard[known].member for known in self._order.sort(heard, prices, standing.now_s)]
        # Those that cannot are asked last, and only for what nobody else can give.
        members.sort(key=lambda member: member.capacity_w <= 0.0)
        shares = split(demand_w, members, self._helping)
        self._helping = {known for known, share_w in shares.items() if share_w > 0.0}
        possible_w = sum(member.capacity_w for member in members)
        met = 1.0 if demand_w <= possible_w else possible_w / demand_w
        return RoomShare(demand_w=shares[heater_id], met=met)

    def leave(self, heater_id: str) -> None:
        """Forget a heater: it was switched off, drives by hand, or is gone."""
        self._entries.pop(heater_id, None)
        self._helping.discard(heater_id)

    def _take(self, heater_id: str, standing: Standing, capacity_w: float) -> None:
        known, now_s, capabilities = self._entries.get(heater_id), standing.now_s, standing.capabilities
        until_s = known.distrusted_until_s if known is not None else None
        if not standing.obeys:
            until_s = now_s + DISTRUST_S
        trusted = until_s is None or now_s >= until_s
        member = RoomMember(
            heater_id=heater_id,
            floor_w=capabilities.levels_w[0] if capabilities.levels_w else capabilities.floor_w,
            capacity_w=capacity_w if trusted and standing.able else 0.0,
            maximum_w=capabilities.maximum_w,
        )
        self._entries[heater_id] = _Entry(
            at_s=now_s, demand_w=standing.demand_w, member=member, distrusted_until_s=until_s
        )
