"""The layers panel: a column for each layer, from the picture at the left to the decision at the right."""

from __future__ import annotations

import cv2
import numpy as np
import pygame

from sim.viewer.layers import LayerShot, LayerView, LookAgain, MapPicture
from sim.viewer.layout import Layout
from sim.viewer.palette import FAINT, INK, MUTED, PANEL, PANEL_EDGE, WINDOW, YELLOW
from sim.viewer.shapes import pixels_bgrx, surface
from sim.viewer.text import Align, Typesetter, Weight

MOST_MAPS = 4
"""Channels shown of a layer, one below the other."""

MOST_LOOKS = 3
"""Things shown of a second look, one below the other."""

_LEAST_CUTTING = 30
"""Smaller than this nobody sees what a cutting shows: then fewer are shown."""

_SECOND_SHARE = 1.6
"""A column of a second look has a picture's detail and two lines of words: it is so many times as wide."""


class LayersPanel:
    """Draws the panel over gauges, strip and percept; keeps it drawn until there are other pictures.

    Args:
        layout: Where everything lies.
        type_: What draws its text.
    """

    def __init__(self, layout: Layout, type_: Typesetter) -> None:
        self._layout = layout
        self._type = type_
        self.rect = layout.speed.unionall([layout.strip, layout.percept])
        self._panel = surface(self.rect.size)
        self._drawn: tuple[LayerShot | None, int, str] | None = None

    def draw(self, target: pygame.Surface, shot: LayerShot | None, step: int, message: str) -> None:
        """Draw the layers onto the view.

        Args:
            target: The whole view.
            shot: What to show, or None.
            step: The moment that the rest of the view shows.
            message: What to say where there is nothing to show.
        """
        older = shot.step if shot is not None and shot.step != step else -1
        drawn = self._drawn
        if drawn is None or drawn[0] is not shot or drawn[1:] != (older, message):
            self._draw_panel(shot, older, message)
            self._drawn = (shot, older, message)
        target.blit(self._panel, self.rect)

    def _draw_panel(self, shot: LayerShot | None, older: int, message: str) -> None:
        panel, px, type_ = self._panel, self._layout.px, self._type
        rect = panel.get_rect()
        panel.fill(WINDOW)
        pygame.draw.rect(panel, PANEL, rect, border_radius=px(6))
        pygame.draw.rect(panel, PANEL_EDGE, rect, 1, border_radius=px(6))
        left, top = px(10), px(6)
        if shot is None:
            type_.draw(panel, message, (rect.centerx, rect.centery - px(10)), 16, MUTED, align=Align.CENTRE)
            return
        title = type_.draw(panel, "What each layer sees", (left, top), 12, INK, Weight.BOLD)
        words = "strongest channels · dark: nothing, bright: its strongest answer"
        if older >= 0:
            words += f" · of step {older}"
        type_.draw(panel, words, (title.right + px(12), top), 12, MUTED)
        gap = px(6)
        views = [view for view in shot.views if not view.over_camera]
        room = rect.width - 2 * px(10) - gap * (len(views) - 1)
        shares = [1.0 if view.again is None else _SECOND_SHARE for view in views]
        down = max(px(18), type_.line_px(12) + px(2))
        for view, share in zip(views, shares, strict=True):
            column = pygame.Rect(left, top + down, int(room * share / sum(shares)), rect.bottom - top - down - px(6))
            self._draw_layer(panel, view, column)
            left = column.right + gap

    def _draw_layer(self, target: pygame.Surface, view: LayerView, column: pygame.Rect) -> None:
        px, type_ = self._layout.px, self._type
        type_.draw(target, type_.fitted(view.caption, 12, column.width), column.topleft, 12, YELLOW)
        down = max(px(15), type_.line_px(12))
        y = column.top + down
        # How many channels a layer has is what a low panel can do without.
        if column.height > 16 * type_.line_px(10):
            detail = type_.fitted(view.detail, 10, column.width)
            type_.draw(target, detail, (column.left, y), 10, FAINT)
            y += max(px(15), type_.line_px(10))
        if view.again is not None:
            self._draw_looks(target, view.again, pygame.Rect(column.left, y, column.width, column.bottom - y))
            return
        most = (column.bottom - y) // MOST_MAPS - px(3)
        for picture in view.maps[:MOST_MAPS]:
            height = min(round(column.width * picture.grey.shape[0] / picture.grey.shape[1]), most)
            place = pygame.Rect(column.left, y, column.width, height)
            self._draw_map(target, picture, place)
            y += height + px(3)

    def _draw_looks(self, target: pygame.Surface, looks: tuple[LookAgain, ...], room: pygame.Rect) -> None:
        """Draw what was looked at again: its cuttings, what both looks say of it, and what the second takes it for."""
        px, type_ = self._layout.px, self._type
        if not looks:
            for index, line in enumerate(type_.wrapped("nothing worth a second look", 11, room.width, 2)):
                type_.draw(target, line, (room.left, room.top + index * type_.line_px(11)), 11, MUTED)
            return
        words_h = 2 * type_.line_px(11) + px(6)
        rows = min(MOST_LOOKS, len(looks), max(1, room.height // (px(_LEAST_CUTTING) + words_h)))
        side = min((room.width - px(4)) // 2, room.height // rows - words_h)
        y = room.top
        for look in looks[:rows]:
            for number, cutting in enumerate(look.cuttings):
                place = pygame.Rect(room.left + number * (side + px(4)), y, side, side)
                method = cv2.INTER_AREA if len(cutting) > side else cv2.INTER_CUBIC
                enlarged = cv2.resize(cutting, place.size, interpolation=method)
                pixels_bgrx(target)[place.top : place.bottom, place.left : place.right, :3] = enlarged[..., ::-1]
            y += side + px(1)
            colour = INK if look.score >= 0.5 else MUTED
            scores = f"{look.first:.2f} → {look.score:.2f}"
            name = type_.fitted(look.name, 11, room.width - type_.width_px(f" {scores}", 11, Weight.BOLD))
            type_.draw(target, f"{name} {scores}", (room.left, y), 11, colour, Weight.BOLD)
            y += type_.line_px(11)
            words = type_.fitted(f"sees: {look.answer} {look.share:.2f}", 11, room.width)
            type_.draw(target, words, (room.left, y), 11, MUTED)
            y += type_.line_px(11) + px(5)

    def _draw_map(self, target: pygame.Surface, picture: MapPicture, place: pygame.Rect) -> None:
        """Draw one channel in a scale that the colour-blind read as others do, its name in the corner."""
        enlarged = cv2.resize(picture.grey, place.size, interpolation=cv2.INTER_NEAREST)
        colours = cv2.applyColorMap(np.ascontiguousarray(enlarged), cv2.COLORMAP_CIVIDIS)
        pixels_bgrx(target)[place.top : place.bottom, place.left : place.right, :3] = colours
        px, type_ = self._layout.px, self._type
        words = f"{picture.name} {picture.peak:.2g}"
        text = type_.rendered(type_.fitted(words, 9, place.width - px(4)), 9, INK)
        corner = pygame.Rect(place.left, place.bottom - text.get_height(), text.get_width() + px(4), text.get_height())
        pygame.draw.rect(target, PANEL, corner)
        target.blit(text, (corner.left + px(2), corner.top))
