"""How stop signs look and what holds them up, and what has befallen every face: drawn after their places are."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

import numpy as np

from sim.generate.drawing import uniform
from sim.generate.roadside import draw_beside_m
from sim.road import RoadNetwork
from sim.seeding import Stream, stream
from sim.signs import (
    ISLAND_M,
    MIN_OVERHEAD_M,
    PADDLE_HEIGHT_M,
    PADDLE_WIDTH_M,
    STAND_HEIGHT_M,
    STOP_WIDTHS_M,
    Mount,
    Role,
    Sign,
    SignKind,
    StopStyle,
    Weathering,
)
from sim.spec import SignSpec

FOREIGN = (
    StopStyle.PARE,
    StopStyle.ALTO,
    StopStyle.ARRET,
    StopStyle.ARRET_STOP,
    StopStyle.DUR,
    StopStyle.BERHENTI,
    StopStyle.CHINESE,
    StopStyle.KOREAN,
    StopStyle.ARABIC,
    StopStyle.ARABIC_STOP,
    StopStyle.HAND,
    StopStyle.VIENNA_RING,
    StopStyle.JAPANESE,
    StopStyle.JAPANESE_STOP,
)
"""One of these is a whole country's: every stop sign of a world carries it."""

_TRIANGLES = (StopStyle.JAPANESE, StopStyle.JAPANESE_STOP)
_OTHER_SHAPE = 1_000_000
"""Index of a random stream that no sign's id reaches."""

_FOREIGN_OCTAGONS = tuple(style for style in FOREIGN if style not in (*_TRIANGLES, StopStyle.VIENNA_RING))
TRIANGLE_ASPECT = 1.14
"""Width over height of Japan's triangle: nearly equilateral, its corners round."""

UNWEATHERED = frozenset(
    {
        SignKind.STOP_SHIRT,
        SignKind.STOP_LORRY,
        SignKind.LIGHT_RED,
        SignKind.LIGHT_GREEN,
        SignKind.SHOP_AWNING,
        SignKind.RED_DOOR,
        SignKind.BALLOONS,
    }
)
"""What is no sheet of metal."""


def dress_stop_signs(
    seed: int,
    spec: SignSpec,
    network: RoadNetwork,
    signs: list[Sign],
    every_way: Collection[int],
    in_town: bool,
) -> list[Sign]:
    """Return stop signs with styles and mounts, and their twins across the road.

    Args:
        seed: The world's.
        spec: What signs may be.
        network: The roads.
        signs: Stop signs on posts, their ids in a row.
        every_way: Ids of those at all-way stops.
        in_town: Whether the roads have kerbs.
    """
    rng = stream(seed, Stream.SIGN_STYLE)
    country = _country(rng, seed, spec)
    abroad = bool(rng.random() < spec.foreign_share)
    dressed: list[Sign] = []
    twins: list[Sign] = []
    for sign in signs:
        rng = stream(seed, Stream.SIGN_STYLE, sign.sign_id)
        style = country if abroad else _style(rng, spec, all_way=sign.sign_id in every_way)
        mount = _mount(rng, spec) if sign.role is Role.OWN else Mount.POST
        twin = bool(rng.random() < spec.second_share)
        styled = _shaped(replace(sign, style=style))
        dressed.append(_PLACED[mount](rng, network, styled, in_town) if mount in _PLACED else styled)
        if mount is Mount.ISLAND and network.ego_road.lanes_along > 1:
            # From the right one of several lanes an island lies as far as the crossing road's own sign may.
            twins.append(replace(styled, sign_id=signs[-1].sign_id + 1 + len(twins)))
        if twin and sign.role is Role.OWN:
            number = signs[-1].sign_id + 1 + len(twins)
            twins.append(_twin(rng, network, replace(styled, sign_id=number), in_town))
    return dressed + twins


def _country(rng: np.random.Generator, seed: int, spec: SignSpec) -> StopStyle:
    """Return the stop sign of a country abroad."""
    country = FOREIGN[int(rng.integers(len(FOREIGN)))]
    shapes = stream(seed, Stream.SIGN_STYLE, _OTHER_SHAPE)
    if country in _FOREIGN_OCTAGONS or shapes.random() < spec.other_shape_share:
        return country
    return _FOREIGN_OCTAGONS[int(shapes.integers(len(_FOREIGN_OCTAGONS)))]


def _shaped(sign: Sign) -> Sign:
    """Return a sign with the proportions of its style."""
    return replace(sign, height_m=sign.width_m / TRIANGLE_ASPECT) if sign.style in _TRIANGLES else sign


def _style(rng: np.random.Generator, spec: SignSpec, *, all_way: bool) -> StopStyle:
    roll, choice = float(rng.random()), float(rng.random())
    if roll < spec.plated_share:
        if not all_way:
            return StopStyle.STREET_NAMES
        plated = (StopStyle.ALL_WAY, StopStyle.ALL_WAY, StopStyle.FOUR_WAY, StopStyle.STREET_NAMES)
        return plated[int(4 * choice)]
    roll -= spec.plated_share
    if roll < spec.lit_share:
        return StopStyle.LED if choice < 0.6 else StopStyle.BEACON
    roll -= spec.lit_share
    if roll < spec.board_share:
        return StopStyle.BACKING_BOARD
    if rng.random() < spec.highway_share:
        return StopStyle.HIGHWAY if choice < 0.7 else StopStyle.EUROPE
    return StopStyle.PLAIN


def _mount(rng: np.random.Generator, spec: SignSpec) -> Mount:
    roll = float(rng.random())
    for mount, share in (
        (Mount.MAST_ARM, spec.overhead_share),
        (Mount.ISLAND, spec.island_share),
        (Mount.STAND, spec.temporary_share),
        (Mount.HAND, spec.paddle_share),
    ):
        if roll < share:
            return mount
        roll -= share
    return Mount.POST


def _at(network: RoadNetwork, sign: Sign, d_m: float, ahead_m: float = 0.0) -> tuple[float, float]:
    """Return the place `ahead_m` past a sign's own along the ego road, and `d_m` left of its centre line."""
    path = network.ego_road.path
    s_m, _ = path.project(sign.x_m, sign.y_m)
    return path.position(s_m + ahead_m, d_m)


def _overhead(rng: np.random.Generator, network: RoadNetwork, sign: Sign, in_town: bool) -> Sign:
    """Hang a sign over the middle of the ego's lane, its mast where a post may stand."""
    road = network.ego_road
    x_m, y_m = _at(network, sign, road.lane_centre_d_m)
    reach_m = road.half_width_m + draw_beside_m(rng, in_town) + road.lane_centre_d_m
    bottom_m = float(rng.uniform(MIN_OVERHEAD_M, MIN_OVERHEAD_M + 0.5))
    return replace(sign, x_m=x_m, y_m=y_m, bottom_m=bottom_m, mount=Mount.MAST_ARM, reach_m=reach_m)


def _on_island(rng: np.random.Generator, network: RoadNetwork, sign: Sign, in_town: bool) -> Sign:
    """Put a sign on an island between the directions, if there are two, all of it before the stop line's far edge."""
    road = network.ego_road
    if not road.lanes_against:
        return sign
    x_m, y_m = _at(network, sign, road.divider_d_m, -0.5 * ISLAND_M[0] - 1.5)
    return replace(sign, x_m=x_m, y_m=y_m, mount=Mount.ISLAND)


def _on_stand(rng: np.random.Generator, network: RoadNetwork, sign: Sign, in_town: bool) -> Sign:
    """Put a temporary sign of the smallest size on a low stand just off the carriageway."""
    width_m = STOP_WIDTHS_M[0] if rng.random() < 0.6 else sign.width_m
    style = sign.style
    if style not in FOREIGN:
        style = StopStyle.TEMPORARY if rng.random() < 0.6 else StopStyle.WORKS
    d_m = -(network.ego_road.half_width_m + float(rng.uniform(0.15, 0.5)) + 0.5 * width_m)
    x_m, y_m = _at(network, sign, d_m)
    bottom_m = uniform(rng, STAND_HEIGHT_M)
    low = replace(sign, x_m=x_m, y_m=y_m, bottom_m=bottom_m, width_m=width_m, height_m=width_m)
    return _shaped(replace(low, style=style, mount=Mount.STAND))


def _in_hand(rng: np.random.Generator, network: RoadNetwork, sign: Sign, in_town: bool) -> Sign:
    """Give a paddle to a guard who stands at the road's edge."""
    width_m = float(rng.uniform(PADDLE_WIDTH_M, STOP_WIDTHS_M[0]))
    x_m, y_m = _at(network, sign, -(network.ego_road.half_width_m + float(rng.uniform(0.3, 0.8))))
    style = sign.style if sign.style in FOREIGN else StopStyle.PADDLE
    bottom_m = uniform(rng, PADDLE_HEIGHT_M)
    held = replace(sign, x_m=x_m, y_m=y_m, bottom_m=bottom_m, width_m=width_m, height_m=width_m)
    return _shaped(replace(held, style=style, mount=Mount.HAND))


_PLACED: dict[Mount, Callable[[np.random.Generator, RoadNetwork, Sign, bool], Sign]] = {
    Mount.MAST_ARM: _overhead,
    Mount.ISLAND: _on_island,
    Mount.STAND: _on_stand,
    Mount.HAND: _in_hand,
}


def _twin(rng: np.random.Generator, network: RoadNetwork, sign: Sign, in_town: bool) -> Sign:
    """Return the same sign once more, at the left of the road."""
    d_m = network.ego_road.half_width_m + draw_beside_m(rng, in_town) + 0.5 * sign.width_m
    x_m, y_m = _at(network, sign, d_m)
    return replace(sign, x_m=x_m, y_m=y_m)


def weather_signs(seed: int, spec: SignSpec, signs: list[Sign]) -> list[Sign]:
    """Return signs with what has befallen each."""
    snowy = bool(stream(seed, Stream.SIGN_WEAR).random() < spec.snow_share)
    return [
        sign if sign.kind in UNWEATHERED else replace(sign, weathering=_weathering(seed, spec, sign.sign_id, snowy))
        for sign in signs
    ]


def _weathering(seed: int, spec: SignSpec, sign_id: int, snowy: bool) -> Weathering:
    rng = stream(seed, Stream.SIGN_WEAR, sign_id)
    # Everything is drawn, wanted or not, so that one share changes nothing of the others.
    shares, amounts = rng.random(7).tolist(), rng.uniform(0.25, 1.0, 5).tolist()
    fade, dirt, snow = uniform(rng, spec.fade), uniform(rng, spec.dirt), uniform(rng, spec.snow)
    return Weathering(
        fade=fade if shares[0] < spec.faded_share else 0.0,
        dirt=dirt if shares[1] < spec.dirty_share else 0.0,
        rust=amounts[0] if shares[2] < spec.rusty_share else 0.0,
        holes=amounts[1] if shares[3] < spec.holed_share else 0.0,
        stickers=amounts[2] if shares[4] < spec.sticker_share else 0.0,
        graffiti=amounts[3] if shares[5] < spec.graffiti_share else 0.0,
        snow=snow if snowy else 0.0,
        glare=amounts[4] if shares[6] < spec.glare_share else 0.0,
    )
