"""Labels laid over a picture: boxes with names, the lane, masks in colours, depth in colours."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isnan

import cv2
import numpy as np
import pygame
from numpy.typing import NDArray

from sim.maps import LaneLines, Maps, SemanticClass
from sim.percept import Box, ObjectKind
from sim.truth import CROWD, GroundTruth, ObjectTruth
from sim.viewer.palette import (
    INK,
    KIND_STYLES,
    LANE,
    MUTED,
    NEAR_BLACK,
    ORANGE,
    PURPLE,
    SKY_BLUE,
    STOP_LINE,
    VERMILION,
    YELLOW,
    Rgb,
    mix,
)
from sim.viewer.shapes import pixels_bgrx, surface
from sim.viewer.text import Typesetter

NEAREST_M, FARTHEST_M = 4.0, 200.0
"""Depths between which colours run, by the logarithm: from red to blue."""

CLASS_COLOURS: dict[SemanticClass, Rgb] = {
    SemanticClass.SKY: (148, 184, 220),
    SemanticClass.TERRAIN: (96, 130, 72),
    SemanticClass.ROAD: (92, 92, 100),
    SemanticClass.PAVEMENT: (172, 150, 140),
    SemanticClass.MARKING: (238, 238, 238),
    SemanticClass.CROSSWALK: (200, 220, 255),
    SemanticClass.STOP_LINE: YELLOW,
    SemanticClass.BUILDING: (130, 84, 64),
    SemanticClass.VEGETATION: (34, 92, 44),
    SemanticClass.POLE: (40, 40, 44),
    SemanticClass.STOP_SIGN: VERMILION,
    SemanticClass.DISTRACTOR: PURPLE,
    SemanticClass.VEHICLE: SKY_BLUE,
    SemanticClass.PERSON: ORANGE,
    SemanticClass.OTHER: MUTED,
}

_TEXT = 11
_SMALL_PX = 20
"""Narrower boxes have thin lines, which hide less of what is in them."""

_OUTLINED_PX = 8
"""Narrower masks have no outline, which would hide their colour."""


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a frame, enlarged or reduced to a picture.

    Attributes:
        box: The part, in frame pixels.
        size_px: The picture's width and height.
    """

    box: Box
    size_px: tuple[int, int]

    @property
    def zoom(self) -> float:
        """Picture pixels to one frame pixel."""
        return self.size_px[0] / (self.box[2] - self.box[0])

    def cut(self, picture: NDArray[np.uint8], scale: int = 1) -> NDArray[np.uint8]:
        """Return the region of a frame, or of a map `scale` times as fine, at the picture's size."""
        x0, y0, x1, y1 = (round(edge * scale) for edge in self.box)
        part = picture[y0:y1, x0:x1]
        how = cv2.INTER_AREA if self.zoom < scale else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(part, self.size_px, interpolation=how), np.uint8)

    def points(self, points_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return points of the frame, shape (n, 2), in the picture."""
        return (points_px - np.array(self.box[:2])) * self.zoom


@dataclass(slots=True)
class LabelWriter:
    """Draws labels onto one picture; names keep clear of those that are there already.

    Attributes:
        type_: What draws the text.
        taken: Where something is that later names must not hide.
    """

    type_: Typesetter
    taken: list[pygame.Rect] = field(default_factory=list)

    def draw(
        self, rgb: NDArray[np.uint8], region: Region, truth: GroundTruth, lane: LaneLines | None
    ) -> NDArray[np.uint8]:
        """Return the picture with the boxes and names of what is in it, the lane and the stop line.

        Args:
            rgb: The picture of the region; left as it is.
            region: Which part of the frame it shows.
            truth: The labels.
            lane: The lane's lines, if they are known.
        """
        self.taken = []
        painted = rgb.copy()
        if lane is not None:
            _draw_lane(painted, region, lane)
        target = surface(region.size_px)
        pixels_bgrx(target)[...] = cv2.cvtColor(painted, cv2.COLOR_RGB2BGRA)
        if truth.stop_line is not None and truth.stop_line.box is not None:
            pygame.draw.rect(target, STOP_LINE, _rect(region, truth.stop_line.box, 2), 1)
        # The names of stop signs come first: there may not be room for all.
        marked = [thing for thing in truth.objects if thing.variant != CROWD]
        things = sorted(marked, key=lambda thing: (thing.kind is not ObjectKind.STOP_SIGN, thing.distance_m))
        shown = [(thing, _rect(region, thing.box, 2)) for thing in things]
        shown = [(thing, rect) for thing, rect in shown if target.get_rect().colliderect(rect)]
        self.taken = [rect for thing, rect in shown if thing.kind is not ObjectKind.VEHICLE]
        for thing, rect in shown:
            colour = KIND_STYLES[thing.kind].colour
            if thing.box != thing.amodal_box:
                pygame.draw.rect(target, mix(colour, NEAR_BLACK, 0.45), _rect(region, thing.amodal_box, 2), 1)
            pygame.draw.rect(target, colour, rect, 1 if rect.width < _SMALL_PX else 2)
        for thing, rect in shown:
            self._name(target, thing, rect)
        return np.asarray(cv2.cvtColor(pixels_bgrx(target), cv2.COLOR_BGRA2RGB), np.uint8)

    def _name(self, target: pygame.Surface, thing: ObjectTruth, box: pygame.Rect) -> None:
        words = thing.variant.replace("_", " ")
        if not isnan(thing.distance_m):
            words += f" {thing.distance_m:.0f} m"
        if thing.visible_fraction < 0.995:
            words += f" · {thing.visible_fraction:.0%}"
        if thing.kind is ObjectKind.STOP_SIGN and not thing.applies_to_ego:
            words += " · for others"
        text = self.type_.rendered(words, _TEXT, NEAR_BLACK)
        chip = text.get_rect().inflate(6, 0)
        others = [rect for rect in self.taken if rect != box]
        middle = box.centery - chip.height // 2
        for corner in (
            (box.left, box.top - 2 - chip.height),
            (box.left, box.bottom + 2),
            (box.right + 3, middle),
            (box.left - 3 - chip.width, middle),
        ):
            chip.topleft = corner
            chip.clamp_ip(target.get_rect())
            if chip.collidelist(others) < 0:
                self.taken.append(chip.copy())
                pygame.draw.rect(target, mix(KIND_STYLES[thing.kind].colour, INK, 0.3), chip, border_radius=3)
                target.blit(text, text.get_rect(center=chip.center))
                return


def _rect(region: Region, box: Box, spare_px: int) -> pygame.Rect:
    (x0, y0), (x1, y1) = region.points(np.array([box[:2], box[2:]])).tolist()
    return pygame.Rect(
        round(x0) - spare_px, round(y0) - spare_px, round(x1 - x0) + 2 * spare_px, round(y1 - y0) + 2 * spare_px
    )


def _draw_lane(rgb: NDArray[np.uint8], region: Region, lane: LaneLines) -> None:
    """Draw what is visible of the lane's edges in full, and its middle in dots."""
    for line, dotted in ((lane.left, False), (lane.right, False), (lane.centre, True)):
        points = region.points(np.nan_to_num(line.pixels, nan=-1e4))
        shown = line.visible[:-1] & line.visible[1:]
        for k in np.flatnonzero(shown).tolist():
            if dotted and k % 2:
                continue
            start, end = (tuple(np.round(16 * points[j]).astype(int).tolist()) for j in (k, k + 1))
            cv2.line(rgb, start, end, INK if dotted else LANE, 1 if dotted else 2, cv2.LINE_AA, 4)


def masks_over(rgb: NDArray[np.uint8], region: Region, maps: Maps, truth: GroundTruth) -> NDArray[np.uint8]:
    """Return the picture of a region under the colours of its classes, with an outline around each labelled thing."""
    if maps.semantics is None or maps.instances is None:
        raise ValueError("Expected maps of classes and instances. Received: none.")
    table = np.zeros((max(SemanticClass) + 1, 3), np.uint8)
    for kind, colour in CLASS_COLOURS.items():
        table[kind] = colour
    colours = region.cut(table[maps.semantics], maps.scale)
    blended = cv2.addWeighted(colours, 0.72, rgb, 0.28, 0.0)
    for thing in truth.objects:
        if _rect(region, thing.box, 0).width < _OUTLINED_PX:
            continue
        mask = region.cut((maps.instances == thing.instance_id).astype(np.uint8) * 255, maps.scale)
        outlines, _ = cv2.findContours((mask > 127).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(blended, outlines, -1, INK, 1)
    return np.asarray(blended, np.uint8)


def depth_in_colours(region: Region, maps: Maps) -> NDArray[np.uint8]:
    """Return the depth of a region in colours: red near, blue far, dark in the sky."""
    if maps.depth_m is None:
        raise ValueError("Expected a map of depth. Received: none.")
    depth_m = np.clip(maps.depth_m, NEAREST_M, FARTHEST_M)
    share = np.log(FARTHEST_M / depth_m) / np.log(FARTHEST_M / NEAREST_M)
    bgr = cv2.applyColorMap((255 * (0.06 + 0.90 * share)).astype(np.uint8), cv2.COLORMAP_TURBO)
    bgr[np.isinf(maps.depth_m)] = NEAR_BLACK
    return region.cut(np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8), maps.scale)
