"""A page to look through a data set with: what is in it, what it looks like cell by cell, and what is wrong with it.

One HTML file with its pictures in it: it can be sent, kept with the data, and opened without a network.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.errors import RecipeError
from sim.files import write_atomically
from sim.percept import ObjectKind
from sim.recording.frames import sample_world
from sim.recording.schema import SCHEMA
from sim.show.alike import ALIKE_BITS, SIDE, Nearest, alike_pairs, nearest_pair, perceptual_hash
from sim.show.checks import CHECKS, check_labels, check_masks
from sim.show.distributions import counted, draw_bars, draw_histogram, draw_places
from sim.show.groups import BANDS, NO_SIGN, band_of, best_seen, own_sign
from sim.show.shots import Shot, Source
from sim.show.stats import Stats
from sim.truth import CROWD
from sim.viewer.palette import KIND_STYLES

THUMB_WIDTH_PX = 240
THING_PX = 96
"""Width of a whole frame on the page, and side of one thing."""

IN_CELL = 2
"""Frames of one light and distance that are shown."""

VARIANTS_SHOWN = 120
PAIRS_SHOWN = 12
FAULTS_SHOWN = 12
MASKS_CHECKED = 60
"""Frames whose masks are drawn again: that takes as long as drawing them did."""

_JPEG_QUALITY = 82
_IN_WORDS = {
    "light_family": "light and weather",
    "visibility_m": "how far one sees",
    "lane_width_m": "width of the lane",
    "speed_limit_mps": "speed limit",
    "ego_s_m": "the car's place along its road",
    "sign_ahead_m": "along the road to the next stop sign for the car",
}
"""Attributes whose names say little to a person, or have the unit that the axis shows."""


@dataclass(slots=True)
class Page:
    """What a page tells.

    Attributes:
        path: Where it is.
        frames: How many frames were looked at.
        checked: How many frames each check saw.
        faults: For each check, the frames that failed and on what, in order.
        alike: Pairs of frames that look alike, by name.
        nearest: The nearest pair, alike or not.
    """

    path: Path
    frames: int = 0
    checked: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CHECKS, 0))
    faults: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: {name: [] for name in CHECKS})
    alike: list[tuple[str, str, int]] = field(default_factory=list[tuple[str, str, int]])
    nearest: tuple[str, str, int] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {
            "path": str(self.path),
            "frames": self.frames,
            "checks": {
                name: {"frames": self.checked[name], "faults": len(found), "first": found[:FAULTS_SHOWN]}
                for name, found in self.faults.items()
            },
            "alike": self.alike,
            "nearest_pair": self.nearest,
            "alike_up_to_bits": ALIKE_BITS,
        }


@dataclass(slots=True)
class _Seen:
    """What is remembered of the frames; pictures are few and small, whatever the data set's size."""

    names: list[str] = field(default_factory=list[str])
    hashes: list[NDArray[np.uint64]] = field(default_factory=list[NDArray[np.uint64]])
    stats: Stats = field(default_factory=Stats)
    attributes: dict[str, list[Any]] = field(default_factory=dict[str, list[Any]])
    brightness: list[float] = field(default_factory=list[float])
    distances_m: list[float] = field(default_factory=list[float])
    widths_px: list[float] = field(default_factory=list[float])
    visible: list[float] = field(default_factory=list[float])
    places_px: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    cell_counts: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    cells: dict[tuple[str, str], list[tuple[str, str]]] = field(
        default_factory=dict[tuple[str, str], list[tuple[str, str]]]
    )
    variants: dict[tuple[str, str], tuple[float, str, str]] = field(
        default_factory=dict[tuple[str, str], tuple[float, str, str]]
    )

    def add(self, shot: Shot, rgb: NDArray[np.uint8]) -> None:
        """Take note of one frame."""
        self.names.append(shot.name)
        self.hashes.append(perceptual_hash(rgb))
        self.stats.add(shot)
        for name, value in shot.attributes.items():
            self.attributes.setdefault(name, []).append(value)
        self.brightness.append(float(rgb.mean()))
        for thing in shot.truth.objects:
            if thing.kind is ObjectKind.STOP_SIGN and thing.applies_to_ego:
                x0, y0, x1, y1 = thing.box
                self.distances_m.append(thing.distance_m)
                self.widths_px.append(x1 - x0)
                self.visible.append(thing.visible_fraction)
                self.places_px.append(((x0 + x1) / 2, (y0 + y1) / 2))
        self._sample(shot, rgb)

    def _sample(self, shot: Shot, rgb: NDArray[np.uint8]) -> None:
        sign = own_sign(shot)
        cell = (shot.weather, NO_SIGN if sign is None else band_of(sign.distance_m))
        self.cell_counts[cell] = self.cell_counts.get(cell, 0) + 1
        shown = self.cells.setdefault(cell, [])
        if len(shown) < IN_CELL:
            shown.append((shot.name, _thumb(rgb, shot)))
        for thing in best_seen(shot):
            key = (thing.kind.value, thing.variant)
            wide = thing.box[2] - thing.box[0]
            if wide > self.variants.get(key, (0.0, "", ""))[0]:
                self.variants[key] = (wide, shot.name, _close_up(rgb, thing.box))


def write_page(source: Source, path: Path, count: int, progress: Callable[[int, int], None] | None = None) -> Page:
    """Look through the first frames of a source, and write the page.

    Args:
        source: A recipe, a data set or seeds.
        path: The page, .html.
        count: How many frames.
        progress: Told how many were looked at, and how many there will be.

    Raises:
        RecipeError: If the name does not end in .html.
        StorageError: If it cannot be written.
    """
    check_page_path(path)
    count = min(count, source.count)
    page, seen = Page(path), _Seen()
    for done, shot in enumerate(islice(source.shots(), count), start=1):
        rgb = shot.picture()
        seen.add(shot, rgb)
        _check(page, source, shot, done - 1, rgb)
        if progress is not None:
            progress(done, count)
    page.frames = len(seen.names)
    pairs = _find_alike(page, seen)
    pictures = [(one, other, bits, _shown(source, a), _shown(source, b)) for (one, other, bits), (a, b) in pairs]
    write_atomically(path, _render(source, page, seen, pictures).encode())
    return page


def check_page_path(path: Path) -> None:
    """Refuse a name that no browser would take for a page; worth asking before a long look.

    Raises:
        RecipeError: If the suffix is not .html or .htm.
    """
    if path.suffix.lower() not in (".html", ".htm"):
        raise RecipeError(
            f"Expected a page's name to end in .html. Received: {path.name}.",
            hint=f"Try {path.with_suffix('.html').name}.",
        )


def _check(page: Page, source: Source, shot: Shot, number: int, rgb: NDArray[np.uint8]) -> None:
    camera = source.painter.camera
    found = check_labels(shot.truth, camera, rgb)
    for name in CHECKS:
        page.checked[name] += name != "mask"
    if number < MASKS_CHECKED:
        world, truth = shot.world, shot.truth
        if world is None and source.recipe is not None:
            world, _ = sample_world(source.recipe, number)
            _, truth = source.painter.look(world, frame=False)
        # Another version of the simulator may draw other worlds: their masks say nothing of these labels.
        if world is not None and truth is not None and truth.objects == shot.truth.objects:
            page.checked["mask"] += 1
            found = found + check_masks(shot.truth, source.painter.maps(world, instances=True))
    for name, what in found:
        page.faults[name].append((shot.name, what))


def _find_alike(page: Page, seen: _Seen) -> list[tuple[tuple[str, str, int], tuple[int, int]]]:
    """Note which frames look alike; return the nearest pairs, by name and by number."""
    hashes = np.array(seen.hashes)
    pairs = alike_pairs(hashes)
    page.alike = [_named(pair, seen) for pair in pairs]
    nearest = nearest_pair(hashes) if len(hashes) > 1 else None
    page.nearest = _named(nearest, seen) if nearest is not None else None
    shown = pairs[:PAIRS_SHOWN] or ([nearest] if nearest is not None else [])
    return [(_named(pair, seen), (pair.first, pair.second)) for pair in shown]


def _named(pair: Nearest, seen: _Seen) -> tuple[str, str, int]:
    return seen.names[pair.first], seen.names[pair.second], pair.bits


def _shown(source: Source, number: int) -> str:
    shot = next(source.shots(number, number + 1))
    return _thumb(shot.picture(), shot)


def _thumb(rgb: NDArray[np.uint8], shot: Shot) -> str:
    """Return a frame, small, with its boxes, as a data URL."""
    zoom = THUMB_WIDTH_PX / rgb.shape[1]
    high = max(round(zoom * rgb.shape[0]), 1)
    small = np.ascontiguousarray(cv2.resize(rgb, (THUMB_WIDTH_PX, high), interpolation=cv2.INTER_AREA), np.uint8)
    for thing in shot.truth.objects:
        if thing.variant == CROWD:
            continue
        x0, y0, x1, y1 = (round(zoom * edge) for edge in thing.box)
        cv2.rectangle(small, (x0 - 2, y0 - 2), (x1 + 1, y1 + 1), KIND_STYLES[thing.kind].colour, 1)
    return _as_data(small)


def _close_up(rgb: NDArray[np.uint8], box: tuple[float, float, float, float]) -> str:
    """Return a thing with its surroundings, as a data URL."""
    x0, y0, x1, y1 = box
    side = round(min(1.8 * max(x1 - x0, y1 - y0), *rgb.shape[:2]))
    left = round(min(max((x0 + x1 - side) / 2, 0), rgb.shape[1] - side))
    top = round(min(max((y0 + y1 - side) / 2, 0), rgb.shape[0] - side))
    part = rgb[top : top + side, left : left + side]
    return _as_data(np.asarray(cv2.resize(part, (THING_PX, THING_PX), interpolation=cv2.INTER_CUBIC), np.uint8))


def _as_data(rgb: NDArray[np.uint8]) -> str:
    done, data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:
        raise ValueError(f"Expected a picture that can be encoded. Received: {rgb.shape}, {rgb.dtype}.")
    return f"data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode()}"


def _plots(source: Source, seen: _Seen) -> list[tuple[str, str]]:
    """Return what is drawn of the frames, each with a title, as data URLs."""
    signs = "Stop signs for the car"
    size = (source.painter.camera.width_px, source.painter.camera.height_px)
    kinds = dict(seen.stats.kinds.most_common())
    plots = [
        ("Things by kind", draw_bars("Things by kind", kinds)),
        (f"{signs}: distance", draw_histogram(f"{signs}: distance", "m", seen.distances_m)),
        (f"{signs}: width", draw_histogram(f"{signs}: width of the box", "px", seen.widths_px)),
        (f"{signs}: visible share", draw_histogram(f"{signs}: visible share", "", seen.visible)),
        (f"{signs}: where", draw_places(f"{signs}: where in the frame", seen.places_px, size)),
        ("Brightness", draw_histogram("Frames: mean brightness", "of 255", seen.brightness)),
    ]
    for table in SCHEMA.field("attributes").type:
        values = seen.attributes.get(table.name, [])
        title = f"Frames: {_IN_WORDS.get(table.name, table.name.replace('_', ' '))}"
        if all(isinstance(value, str) for value in values):
            plots.append((title, draw_bars(title, counted(values))))
        else:
            unit = (table.metadata or {}).get(b"unit", b"").decode()
            # -1 stands for none.
            known = [value for value in values if not (table.name == "sign_ahead_m" and value < 0)]
            plots.append((title, draw_histogram(title, "" if unit == "1" else unit, known)))
    return [(title, f"data:image/png;base64,{base64.b64encode(png).decode()}") for title, png in plots]


def _render(source: Source, page: Page, seen: _Seen, pairs: list[tuple[str, str, int, str, str]]) -> str:
    import jinja2

    template = files("sim.show").joinpath("page.html.jinja").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    lights = sorted({light for light, _ in seen.cell_counts}, key=lambda light: (-seen.stats.weather[light], light))
    found = {band for _, band in seen.cell_counts}
    variants = sorted(seen.variants.items(), key=lambda item: (item[0][0] != ObjectKind.STOP_SIGN, item[0]))
    return environment.from_string(template).render(
        name=source.name,
        frames=page.frames,
        count=source.count,
        things=seen.stats.kinds.total(),
        with_sign=seen.stats.with_sign,
        checks=[(name, CHECKS[name], page.checked[name], found) for name, found in page.faults.items()],
        faults_shown=FAULTS_SHOWN,
        plots=_plots(source, seen),
        lights=lights,
        bands=[band for band in (*BANDS, NO_SIGN) if band in found],
        cells=seen.cells,
        cell_counts=seen.cell_counts,
        variants=[(kind, variant, name, data) for (kind, variant), (_, name, data) in variants[:VARIANTS_SHOWN]],
        all_variants=len(variants),
        pairs=pairs,
        alike=len(page.alike),
        alike_bits=ALIKE_BITS,
        all_bits=SIDE * SIDE,
        thumb_width=THUMB_WIDTH_PX,
        thing_width=THING_PX,
    )
