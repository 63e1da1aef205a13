"""The camera's view with what is believed of it: boxes, the lane on the road, the stop line across it."""

from __future__ import annotations

from math import cos, sin

import cv2
import numpy as np
import pygame
from numpy.typing import NDArray

from sim.camera import Camera
from sim.loop import Tick
from sim.percept import Box, Detection, LaneEstimate, ObjectKind, Percept, StopLineEstimate
from sim.truth import GroundTruth
from sim.viewer.layers import LayerShot, LayerView
from sim.viewer.layout import Layout
from sim.viewer.palette import (
    INK,
    KIND_STYLES,
    LANE,
    MAP_GROUND,
    MUTED,
    NEAR_BLACK,
    PANEL_EDGE,
    STOP_LINE,
    TRUTH,
    WINDOW,
    Rgb,
    mix,
)
from sim.viewer.shapes import dashed_rect, pixels_bgrx, sprite
from sim.viewer.text import Align, Typesetter

LANE_NEAR_M, LANE_FAR_M, LANE_STEP_M = 4.0, 45.0, 1.5
"""The believed lane is drawn over these depths: from below the frame's lower edge to where curvature means little."""

BAND_WIDTH_M = 1.8
"""The lane estimate has no width; the band is as wide as the car, so it is where the car would go."""

LINE_HALF_WIDTH_M = 1.6
LINE_THICKNESS_M = 0.45

LEAST_ATTENDED = 0.1
"""Of what is believed less, a map of what the belief rests on would show noise as large as life."""

_SUBPIXEL_BITS = 4
"""OpenCV's fixed-point pixels: 1/16 px keeps the lane from trembling."""


def lane_points(lane: LaneEstimate, depths_m: NDArray[np.float64], aside_m: float = 0.0) -> NDArray[np.float64]:
    """Return points of the believed lane on the road, in the car's frame.

    The lane's centre is a parabola in the lane's own frame, y = k s^2 / 2; the car stands in that frame at
    (0, offset) and looks along `heading`.

    Args:
        lane: What is believed.
        depths_m: Arc lengths along the lane, shape (n,).
        aside_m: Left of the lane's centre.

    Returns:
        Shape (n, 2): x forward of the camera and y left of it, in metres.
    """
    along = depths_m
    left = 0.5 * lane.curvature_per_m * depths_m**2 + aside_m - lane.offset_m
    c, s = cos(lane.heading_rad), sin(lane.heading_rad)
    return np.stack([c * along + s * left, -s * along + c * left], axis=-1)


def road_to_pixels(camera: Camera, points_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Project points on the flat road (x forward, y left; shape (n, 2)) to pixels, shape (n, 2)."""
    down = np.full(len(points_m), camera.height_m)
    return camera.project(np.stack([-points_m[:, 1], down, points_m[:, 0]], axis=-1))


class CameraPanel:
    """Draws the panel.

    Args:
        layout: Where the panel lies.
        type_: What draws its text.
    """

    def __init__(self, layout: Layout, type_: Typesetter) -> None:
        self._layout = layout
        self._type = type_
        self._icons = {
            kind: sprite(style.shape, layout.px(6), NEAR_BLACK, NEAR_BLACK, 1) for kind, style in KIND_STYLES.items()
        }

    def draw(
        self,
        target: pygame.Surface,
        tick: Tick,
        camera: Camera,
        eyes_name: str,
        *,
        show_truth: bool,
        said: Percept | None = None,
        shot: LayerShot | None = None,
    ) -> None:
        """Draw the camera's view onto the view.

        Args:
            target: The whole view.
            tick: What to show.
            camera: The camera, for when there is no frame to name it.
            eyes_name: Whose percept it is, or "" if not known.
            show_truth: Whether to draw the true boxes too, where the tick has the truth.
            said: The percept whose numbers are written, where the tick's own lies between two; None for the tick's.
            shot: A look into the network, whose attention lies over the picture if it has any; None for none.
        """
        frame = tick.capture.frame
        camera = camera if frame is None else frame.camera
        rect, zoom = self.place(camera)
        attention = None if shot is None else shot.attention
        self._draw_picture(target, tick, camera, rect, zoom, attention)
        outer_clip = target.get_clip()
        target.set_clip(rect)
        truth = tick.capture.truth if show_truth else None
        if truth is not None:
            self._draw_true_boxes(target, truth, rect, zoom)
        taken = self._draw_detections(target, tick.percept.detections, rect, zoom)
        taken += self._draw_stop_line_label(target, tick.percept, said or tick.percept, camera, rect, zoom)
        if truth is not None:
            self._draw_true_names(target, truth, rect, zoom, taken)
        self._draw_caption(target, rect, eyes_name, has_frame=frame is not None, has_truth=truth is not None)
        if shot is not None and attention is not None:
            words = attention_words(attention) + (f" · of step {shot.step}" if shot.step != tick.world.step else "")
            px = self._layout.px
            chip = self._chip_rect(words, (rect.left + px(8), rect.bottom))
            self._chip(target, words, (chip.left, rect.bottom - px(20) - chip.height), INK)
        target.set_clip(outer_clip)

    def place(self, camera: Camera) -> tuple[pygame.Rect, float]:
        """Return where the picture lies in its panel, whole and centred, and its zoom."""
        panel = self._layout.camera
        zoom = min(panel.width / camera.width_px, panel.height / camera.height_px)
        rect = pygame.Rect(0, 0, round(camera.width_px * zoom), round(camera.height_px * zoom))
        rect.center = panel.center
        return rect, zoom

    def _draw_picture(
        self,
        target: pygame.Surface,
        tick: Tick,
        camera: Camera,
        rect: pygame.Rect,
        zoom: float,
        attention: LayerView | None,
    ) -> None:
        """Draw the frame, or a stand-in, into the view's own memory, and on it what is believed of the road."""
        picture = pixels_bgrx(target)[rect.top : rect.bottom, rect.left : rect.right]
        if tick.capture.frame is None:
            _draw_no_picture(picture)
        else:
            rgb = tick.capture.frame.rgb
            _enlarge(rgb if attention is None else with_attention(rgb, attention), picture)
        self._draw_road(picture, tick.percept, camera, zoom)

    def _draw_road(self, picture: NDArray[np.uint8], percept: Percept, camera: Camera, zoom: float) -> None:
        """Paint the believed lane and stop line on the road, as if they were on it."""
        lane = percept.lane
        if lane is not None and lane.confidence > 0:
            s = np.arange(LANE_NEAR_M, LANE_FAR_M, LANE_STEP_M)
            left, right, middle = (
                road_to_pixels(camera, lane_points(lane, s, aside)) * zoom
                for aside in (0.5 * BAND_WIDTH_M, -0.5 * BAND_WIDTH_M, 0.0)
            )
            _fill(picture, np.concatenate([left, right[::-1]]), LANE, 0.12 + 0.26 * lane.confidence)
            width = max(1, round(2 * self._layout.scale))
            for edge in (left, right):
                _stroke(picture, edge, mix(LANE, INK, 0.25), width)
            for start in range(0, len(s) - 1, 3):
                _stroke(picture, middle[start : start + 2], INK, width)
        if percept.stop_line is not None:
            corners = road_to_pixels(camera, _line_corners(lane, percept.stop_line)) * zoom
            _fill(picture, corners, STOP_LINE, 0.35 + 0.4 * percept.stop_line.confidence)
            _stroke(picture, np.concatenate([corners, corners[:1]]), STOP_LINE, max(1, round(self._layout.scale)))

    def _draw_detections(
        self, target: pygame.Surface, detections: tuple[Detection, ...], rect: pygame.Rect, zoom: float
    ) -> list[pygame.Rect]:
        """Draw what is believed seen, and return what later labels must not hide: stop signs, and the labels so far."""
        px = self._layout.px
        boxes = [_scaled(d.box, rect, zoom) for d in detections]
        taken = [box for d, box in zip(detections, boxes, strict=True) if d.kind is ObjectKind.STOP_SIGN]
        # The most believed comes last, and lies on top.
        for detection, box in reversed(list(zip(detections, boxes, strict=True))):
            pygame.draw.rect(target, NEAR_BLACK, box.inflate(2 * px(2) + 2, 2 * px(2) + 2), px(2) + 2)
            pygame.draw.rect(target, KIND_STYLES[detection.kind].colour, box.inflate(2 * px(2), 2 * px(2)), px(2))
        # Labels may hide a third of the picture's height; what is believed least goes without.
        most = max(1, rect.height // (3 * (self._type.line_px(13) + px(3))))
        for detection, box in list(zip(detections, boxes, strict=True))[:most]:
            self._draw_label(target, detection, box, rect, taken)
        return taken

    def _draw_label(
        self,
        target: pygame.Surface,
        detection: Detection,
        box: pygame.Rect,
        rect: pygame.Rect,
        taken: list[pygame.Rect],
    ) -> None:
        """Write what a box is, above it if there is room, clear of the labels that are there already."""
        px, style = self._layout.px, KIND_STYLES[detection.kind]
        words = f"{style.label} {detection.score:.2f} · {detection.distance_m:.0f} m"
        text = self._type.rendered(words, 13, NEAR_BLACK)
        icon = self._icons[detection.kind]
        chip = pygame.Rect(0, 0, icon.get_width() + text.get_width() + px(10), text.get_height() + px(3))
        chip.bottomleft = (box.left - px(2), box.top - px(4))
        chip = chip.clamp(rect)
        for _ in range(2 * len(taken) + 1):
            hit = chip.collidelist(taken)
            if hit < 0:
                break
            chip.bottom = taken[hit].top - px(1)
            if chip.top < rect.top:
                chip.top = max(box.bottom + px(4), taken[hit].bottom + px(1))
        taken.append(chip)
        pygame.draw.rect(target, mix(style.colour, INK, 0.25), chip, border_radius=px(3))
        target.blit(icon, icon.get_rect(midleft=(chip.left + px(3), chip.centery)))
        target.blit(text, text.get_rect(midleft=(chip.left + icon.get_width() + px(5), chip.centery)))

    def _draw_true_boxes(self, target: pygame.Surface, truth: GroundTruth, rect: pygame.Rect, zoom: float) -> None:
        px = self._layout.px
        for item in truth.objects:
            dashed_rect(target, _scaled(item.box, rect, zoom).inflate(px(8), px(8)), TRUTH, px(1), px(4))
        line = truth.stop_line
        if line is not None and line.box is not None:
            dashed_rect(target, _scaled(line.box, rect, zoom).inflate(px(4), px(4)), TRUTH, px(1), px(4))

    def _draw_true_names(
        self,
        target: pygame.Surface,
        truth: GroundTruth,
        rect: pygame.Rect,
        zoom: float,
        taken: list[pygame.Rect],
    ) -> None:
        """Write what each thing is, below it, clear of the labels that are there already."""
        px = self._layout.px
        for item in truth.objects:
            box = _scaled(item.box, rect, zoom)
            words = f"{item.variant.replace('_', ' ')} {item.distance_m:.0f} m"
            chip = self._chip_rect(words, (box.left - px(4), box.bottom + px(6))).clamp(rect)
            for _ in range(len(taken)):
                hit = chip.collidelist(taken)
                if hit < 0:
                    break
                chip.top = taken[hit].bottom + px(1)
            taken.append(chip)
            self._chip(target, words, chip.topleft, TRUTH)

    def _draw_stop_line_label(
        self, target: pygame.Surface, percept: Percept, said: Percept, camera: Camera, rect: pygame.Rect, zoom: float
    ) -> list[pygame.Rect]:
        """Write how far the stop line is believed to be, at its right end; return where, if anywhere."""
        if percept.stop_line is None or said.stop_line is None:
            return []
        corners = road_to_pixels(camera, _line_corners(percept.lane, percept.stop_line)) * zoom
        x, y = float(corners[:, 0].max()) + rect.left, float(corners[:, 1].mean()) + rect.top
        words = f"stop line {said.stop_line.distance_m:.1f} m"
        px = self._layout.px
        chip = self._chip_rect(words, (x + px(6), y - px(9))).clamp(rect)
        self._chip(target, words, chip.topleft, STOP_LINE)
        return [chip]

    def _draw_caption(
        self, target: pygame.Surface, rect: pygame.Rect, eyes_name: str, *, has_frame: bool, has_truth: bool
    ) -> None:
        px = self._layout.px
        whose = f"{eyes_name} eyes" if eyes_name else "eyes"
        if not has_frame:
            middle = (rect.centerx, rect.top + rect.height * 0.22)
            self._type.draw(target, f"no camera: {whose}", middle, 18, MUTED, align=Align.CENTRE)
        else:
            self._chip(
                target, f"camera · {whose}" if eyes_name else "camera", (rect.left + px(8), rect.top + px(8)), INK
            )
        if has_truth:
            words = "dashed: the truth"
            width = self._type.width_px(words, 12) + px(10)
            self._chip(target, words, (rect.right - px(8) - width, rect.top + px(8)), TRUTH)

    def _chip_rect(self, words: str, topleft: tuple[float, float]) -> pygame.Rect:
        """Return where a chip of these words goes."""
        px, font = self._layout.px, self._type.font(12)
        width, height = font.size(words)
        return pygame.Rect(round(topleft[0]), round(topleft[1]), width + px(10), height + px(3))

    def _chip(self, target: pygame.Surface, words: str, topleft: tuple[float, float], colour: Rgb) -> None:
        """Write a few words on a dark ground of their own, readable over any picture."""
        px = self._layout.px
        text = self._type.rendered(words, 12, colour)
        chip = self._chip_rect(words, topleft)
        pygame.draw.rect(target, NEAR_BLACK, chip, border_radius=px(3))
        target.blit(text, text.get_rect(center=chip.center))


def _line_corners(lane: LaneEstimate | None, line: StopLineEstimate) -> NDArray[np.float64]:
    """Return the believed stop line's corners in the car's frame, shape (4, 2); across the lane where one is seen."""
    near = max(line.distance_m, 1.0)
    lane = lane or LaneEstimate(0.0, 0.0, 0.0, 0.0)
    ends = [lane_points(lane, np.array([near]), aside)[0] for aside in (LINE_HALF_WIDTH_M, -LINE_HALF_WIDTH_M)]
    (_, left), (_, right) = ends
    far = near + LINE_THICKNESS_M
    return np.array([[near, left], [near, right], [far, right], [far, left]])


def _draw_no_picture(picture: NDArray[np.uint8]) -> None:
    """Draw a dark stand-in with a horizon, on which the percept still can be read."""
    half = len(picture) // 2
    for rows, colour in ((slice(0, half), WINDOW), (slice(half, None), MAP_GROUND), (half, PANEL_EDGE)):
        picture[rows] = _bgrx(colour)


def _enlarge(rgb: NDArray[np.uint8], picture: NDArray[np.uint8]) -> None:
    """Enlarge a frame with a cubic kernel: sharper than a linear one, with no blocks."""
    # Its colours change places while it is small.
    frame = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGRA)
    cv2.resize(frame, (picture.shape[1], picture.shape[0]), dst=picture, interpolation=cv2.INTER_CUBIC)


def with_attention(rgb: NDArray[np.uint8], attention: LayerView) -> NDArray[np.uint8]:
    """Return a frame with a map over it, dark where an answer rests on nothing; as it was where nothing is believed."""
    heat = attention.maps[0]
    if heat.peak < LEAST_ATTENDED:
        return rgb
    height, width = rgb.shape[:2]
    grey = cv2.resize(heat.grey, (width, height), interpolation=cv2.INTER_LINEAR)
    coloured = cv2.cvtColor(cv2.applyColorMap(grey, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
    return np.asarray(cv2.addWeighted(rgb, 0.5, coloured, 0.6, 0.0), np.uint8)


def attention_words(attention: LayerView) -> str:
    """Return what the map over the picture means."""
    heat = attention.maps[0]
    if heat.peak < LEAST_ATTENDED:
        return f"Grad-CAM: nothing is believed to be a {heat.name} ({heat.peak:.2f})"
    return f"Grad-CAM: bright is what the first look's belief in a {heat.name}, {heat.peak:.2f}, rests on"


def _bgrx(colour: Rgb) -> tuple[int, int, int, int]:
    return colour[2], colour[1], colour[0], 255


def _scaled(box: Box, rect: pygame.Rect, zoom: float) -> pygame.Rect:
    """Return a box of the frame in pixels of the view."""
    x0, y0, x1, y1 = (round(edge * zoom) for edge in box)
    return pygame.Rect(rect.left + x0, rect.top + y0, max(1, x1 - x0), max(1, y1 - y0))


def _fixed_point(points_px: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.round((points_px - 0.5) * (1 << _SUBPIXEL_BITS)).astype(np.int32)


def _fill(picture: NDArray[np.uint8], points_px: NDArray[np.float64], colour: Rgb, opacity: float) -> None:
    """Blend a polygon into a picture, only over the rectangle that it covers."""
    size_px = (picture.shape[1], picture.shape[0])
    left, top = np.clip(points_px.min(axis=0) - 2, 0, size_px).astype(int).tolist()
    right, bottom = np.clip(points_px.max(axis=0) + 3, 0, size_px).astype(int).tolist()
    if left >= right or top >= bottom:
        return
    below = picture[top:bottom, left:right]
    painted = below.copy()
    shifted = _fixed_point(points_px - np.array([left, top]))
    cv2.fillPoly(painted, [shifted], _bgrx(colour), lineType=cv2.LINE_AA, shift=_SUBPIXEL_BITS)
    cv2.addWeighted(painted, opacity, below, 1.0 - opacity, 0.0, dst=below)


def _stroke(picture: NDArray[np.uint8], points_px: NDArray[np.float64], colour: Rgb, width_px: int) -> None:
    cv2.polylines(
        picture, [_fixed_point(points_px)], False, _bgrx(colour), width_px, lineType=cv2.LINE_AA, shift=_SUBPIXEL_BITS
    )
