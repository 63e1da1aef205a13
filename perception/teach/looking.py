"""What each layer makes of a frame, and what its channels answer to most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from perception.channels import Channel
from perception.explain import Explainer, strongest_channels
from sim.percept import ObjectKind
from sim.viewer.teach.content import Favourite, Favourites, Level, Look, Network, Sight, Thing

LEVELS = (
    ("stem_2_1", "edges, colours"),
    ("stem_4_2", "strokes, corners"),
    ("stem_8_3", "parts"),
    ("sign_hidden", "evidence for signs"),
)
"""Layers at growing depth, and the level that such layers mostly stand at; `perception.layers` shows more of them."""

ASKED = (("stem_4_2", "strokes, corners"), ("stem_8_3", "parts"), ("sign_hidden", "evidence for signs"))
"""Layers whose channels are asked what they like best."""

SHOWN_CHANNELS = 4
FAVOURITES = 3
PATCHES = 10
MOST_PATCH_PX = 96

_DECIDED = (Channel.STOP_SIGN, Channel.DISTRACTOR, Channel.VEHICLE, Channel.STOP_LINE)


def look_at(
    explainer: Explainer, network: Network, sight: Sight, answers: tuple[Thing, ...], widths: dict[str, int]
) -> Look:
    """Return a frame's way through the layers.

    Args:
        explainer: The network.
        network: Which it is.
        sight: The frame.
        answers: What the network believes of it in the end.
        widths: How wide each layer sees, in pixels.
    """
    found = explainer.activations(sight.rgb)
    levels: list[Level] = []
    for layer, caption in LEVELS:
        maps = found[layer]
        chosen = telling_channels(maps, sight, SHOWN_CHANNELS)
        peaks = [float(maps[..., k].max()) for k in chosen]
        # By the square root, as weak answers count too.
        grey = [
            np.round(255 * np.sqrt(np.clip(maps[..., k] / max(p, 1e-6), 0, 1)))
            for k, p in zip(chosen, peaks, strict=True)
        ]
        names = tuple(f"ch {k}" for k in chosen)
        shape = tuple(int(size) for size in maps.shape)
        levels.append(Level(layer, caption, shape, widths[layer], names, np.stack(grey).astype(np.uint8), tuple(peaks)))
    heat = np.concatenate([found["sign_heat"], found["road_heat"]], axis=-1)
    beliefs = 1 / (1 + np.exp(-np.clip(heat, -60, 60)))
    names = tuple(channel.name.lower().replace("_", " ") for channel in _DECIDED)
    grey = np.stack([np.round(255 * beliefs[..., channel]) for channel in _DECIDED]).astype(np.uint8)
    peaks = tuple(float(beliefs[..., channel].max()) for channel in _DECIDED)
    shape = tuple(int(size) for size in beliefs.shape)
    levels.append(Level("heat", "decision", shape, widths["sign_heat"], names, grey, peaks))
    return Look(network, sight, tuple(levels), answers)


def telling_channels(maps: NDArray[np.float32], sight: Sight, count: int) -> list[int]:
    """Return the channels that answer most to a frame's nearest stop sign, compared with the rest of the frame.

    Of a frame without one they are those that vary most.

    Args:
        maps: Shape (h, w, channels).
        sight: The frame.
        count: How many to return.
    """
    signs = [thing for thing in sight.truths if thing.kind is ObjectKind.STOP_SIGN and thing.asked]
    if not signs:
        return strongest_channels(maps, count).tolist()
    near = min(signs, key=lambda thing: thing.distance_m)
    jump = sight.rgb.shape[0] / maps.shape[0]
    x0, y0, x1, y1 = near.box
    rows, columns = (slice(int(low / jump), int(high / jump) + 1) for low, high in ((y0, y1), (x0, x1)))
    stands_out = (maps[rows, columns].max(axis=(0, 1)) - maps.mean(axis=(0, 1))) / (maps.std(axis=(0, 1)) + 1e-3)
    return [int(channel) for channel in np.argsort(-stands_out, kind="stable")[:count]]


def favourites_of(
    explainer: Explainer, network: Network, sights: Sequence[Sight], widths: dict[str, int]
) -> Favourites:
    """Return the parts of frames to which channels answer most: one place a frame, the best frames first.

    Shown are those channels of a layer whose best places lie on stop signs most often; of equals, those that answer
    more evenly strongly. Most channels of a trained network are about roads, sky and cars.

    Args:
        explainer: The network.
        network: Which it is.
        sights: Frames that it has not learned from.
        widths: How wide each layer sees, in pixels.
    """
    peaks: dict[str, list[NDArray[np.float32]]] = {layer: [] for layer, _ in ASKED}
    places: dict[str, list[NDArray[np.int64]]] = {layer: [] for layer, _ in ASKED}
    jumps: dict[str, int] = {}
    for sight in sights:
        found = explainer.activations(sight.rgb)
        for layer, _ in ASKED:
            maps = found[layer]
            jumps[layer] = sight.rgb.shape[0] // maps.shape[0]
            flat = maps.reshape(-1, maps.shape[-1])
            peaks[layer].append(flat.max(axis=0))
            places[layer].append(flat.argmax(axis=0))
    layers: list[tuple[str, str, int, int, tuple[Favourite, ...]]] = []
    for layer, caption in ASKED:
        strength, where = np.stack(peaks[layer]), np.stack(places[layer])
        columns = sights[0].rgb.shape[1] // jumps[layer]
        side = min(widths[layer], MOST_PATCH_PX)
        ranked: list[tuple[int, float, Favourite]] = []
        for channel in range(strength.shape[1]):
            best = np.argsort(-strength[:, channel], kind="stable")[:PATCHES]
            best = best[strength[best, channel] > 0]
            if len(best) < PATCHES:
                continue
            patches: list[NDArray[np.uint8]] = []
            on_signs = 0
            for frame in best.tolist():
                row, column = divmod(int(where[frame, channel]), columns)
                u, v = ((cell + 0.5) * jumps[layer] for cell in (column, row))
                patches.append(_patch(sights[frame].rgb, u, v, side))
                on_signs += _on_sign(sights[frame], u, v, jumps[layer])
            favourite = Favourite(channel, np.stack(patches), on_signs)
            evenness = float(strength[best[-1], channel] / strength[best[0], channel])
            ranked.append((on_signs, evenness, favourite))
        ranked.sort(key=lambda each: (-each[0], -each[1], each[2].channel))
        chosen = tuple(favourite for _, _, favourite in ranked[:FAVOURITES])
        layers.append((layer, caption, widths[layer], int(strength.shape[1]), chosen))
    return Favourites(network, len(sights), tuple(layers))


def _patch(rgb: NDArray[np.uint8], u: float, v: float, side: int) -> NDArray[np.uint8]:
    """Return a square about a place; beyond the frame's edge, the edge goes on."""
    half = side // 2
    padded = np.pad(rgb, ((half, half), (half, half), (0, 0)), mode="edge")
    top, left = round(v), round(u)
    return np.ascontiguousarray(padded[top : top + 2 * half, left : left + 2 * half])


def _on_sign(sight: Sight, u: float, v: float, slack: int) -> bool:
    return any(
        thing.box[0] - slack <= u <= thing.box[2] + slack and thing.box[1] - slack <= v <= thing.box[3] + slack
        for thing in sight.truths
        if thing.kind is ObjectKind.STOP_SIGN
    )
