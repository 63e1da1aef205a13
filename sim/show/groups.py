"""Which shots stand together on a contact sheet, and which of many are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from itertools import islice, pairwise
from math import isnan, nan

from sim.percept import ObjectKind
from sim.show.shots import Shot
from sim.truth import ObjectTruth

DISTANCES_M = (8.0, 15.0, 25.0, 40.0, 55.0, 90.0)
"""Borders of the bands in which distances are told, as in the scores."""

LEAST_PX = 12.0
"""Narrower signs are passed over where signs are to be looked at one by one."""

PASSED_OVER = 12
"""So many times more frames than are wanted are looked through, so that rare groups have their share."""


class GroupBy(StrEnum):
    """What a contact sheet can be ordered by."""

    WEATHER = "weather"
    VARIANT = "variant"
    PART = "part"
    TIME = "time"
    DISTANCE = "distance"


UNKNOWN_BAND = "unknown distance"
"""That of things on a photograph."""


def band_of(distance_m: float) -> str:
    """Return the band of a distance, in words."""
    if isnan(distance_m):
        return UNKNOWN_BAND
    for low, high in pairwise(DISTANCES_M):
        if low <= distance_m < high:
            return f"{low:g}-{high:g} m"
    return f"under {DISTANCES_M[0]:g} m" if distance_m < DISTANCES_M[0] else f"over {DISTANCES_M[-1]:g} m"


BANDS = tuple(dict.fromkeys(band_of(distance) for distance in (0.0, *DISTANCES_M, nan)))
"""All bands, nearest first, the unknown last."""

NO_SIGN = "no stop sign in sight"


def own_sign(shot: Shot) -> ObjectTruth | None:
    """Return the nearest stop sign in sight that the car must obey."""
    signs = [thing for thing in shot.truth.objects if thing.kind is ObjectKind.STOP_SIGN and thing.applies_to_ego]
    return min(signs, key=lambda sign: sign.distance_m, default=None)


def best_seen(shot: Shot) -> list[ObjectTruth]:
    """Return the signs and adverts large and whole enough to be looked at one by one."""
    return [
        thing
        for thing in shot.truth.objects
        if thing.kind in (ObjectKind.STOP_SIGN, ObjectKind.DISTRACTOR)
        and thing.box[2] - thing.box[0] >= LEAST_PX
        and thing.visible_fraction > 0.7
        and not thing.truncated
    ]


Chosen = tuple[Shot, ObjectTruth | None]
"""A shot, and the thing in it to be looked at; None for all of it."""


def _members(shot: Shot, by: GroupBy | None) -> list[tuple[str, ObjectTruth | None]]:
    if by is None:
        return [("", None)]
    if by is GroupBy.VARIANT:
        return [(f"{thing.kind} {thing.variant}", thing) for thing in best_seen(shot)]
    if by is GroupBy.DISTANCE:
        sign = own_sign(shot)
        return [(NO_SIGN if sign is None else band_of(sign.distance_m), None)]
    if by is GroupBy.WEATHER:
        return [(shot.weather, None)]
    return [(str(shot.attributes["part" if by is GroupBy.PART else "time_of_day"]), None)]


def _order(heading: str) -> tuple[int, str]:
    if heading in (*BANDS, NO_SIGN):
        return (*BANDS, NO_SIGN).index(heading), heading
    return (0 if heading.startswith(ObjectKind.STOP_SIGN) else 1), heading


def choose(
    shots: Iterable[Shot],
    count: int,
    by: GroupBy | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, list[Chosen]]:
    """Pick the shots of a contact sheet.

    Args:
        shots: To pick from; the first ones, or the first ones of each group.
        count: How many, as nearly as the groups share it evenly.
        by: What to group by; one group without a heading if not given.
        progress: Told how many were looked through, and how many will be at most.

    Returns:
        The groups by their headings, in order.
    """
    groups: dict[str, list[Chosen]] = {}
    most = count if by is None else PASSED_OVER * count
    for done, shot in enumerate(islice(shots, most), start=1):
        for heading, thing in _members(shot, by):
            found = groups.setdefault(heading, [])
            if len(found) < count or by is GroupBy.VARIANT:
                found.append((shot, thing))
        if progress is not None:
            progress(done, most)
    each = max(1, round(count / max(len(groups), 1)))
    chosen: dict[str, list[Chosen]] = {}
    for heading in sorted(groups, key=_order):
        members = groups[heading]
        if by is GroupBy.VARIANT:
            # Variants are many: they stand side by side under their kind, each where it is seen best.
            heading = heading.split()[0]
            members = sorted(members, key=_width_px, reverse=True)
        chosen.setdefault(heading, []).extend(members[:each])
    return chosen


def _width_px(member: Chosen) -> float:
    thing = member[1]
    return thing.box[2] - thing.box[0] if thing is not None else 0.0
