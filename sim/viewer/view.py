"""One picture of one turn of the loop: for the window, for films and for screenshots alike."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache

import cv2
import numpy as np
import pygame
from numpy.typing import NDArray

from sim.camera import Camera
from sim.loop import Tick
from sim.percept import Percept
from sim.viewer.camera_panel import CameraPanel
from sim.viewer.gauges import Gauges
from sim.viewer.layers import LayerShot
from sim.viewer.layers_panel import LayersPanel
from sim.viewer.layout import BASE_SIZE_PX, Layout, lay_out
from sim.viewer.map_panel import MapPanel
from sim.viewer.palette import (
    FAINT,
    GREEN,
    INK,
    MUTED,
    NEAR_BLACK,
    ORANGE,
    PANEL,
    PANEL_EDGE,
    PURPLE,
    SKY_BLUE,
    STOP_RED,
    TRACK,
    VERMILION,
    WINDOW,
    YELLOW,
)
from sim.viewer.percept_panel import PerceptPanel
from sim.viewer.shapes import octagon, pixels_bgrx, surface
from sim.viewer.strip import History, StripChart
from sim.viewer.text import Align, Typesetter, Weight

__all__ = [
    "History",
    "Rival",
    "ScoreTable",
    "ViewComposer",
    "ViewOptions",
    "compose_view",
    "draw_view",
    "locate_on_map",
    "scrub_share",
]

RIVAL_COLOUR = PURPLE

_RIVAL_SCALE = 0.75


@dataclass(frozen=True, slots=True)
class Rival:
    """Another driver of the same world, shown beside the first.

    Attributes:
        tick: Where it is now, and what it sees.
        name: What it is called.
        ending: How its drive ended; "" while it goes on.
    """

    tick: Tick
    name: str
    ending: str = ""


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """Scores side by side.

    Attributes:
        title: What they are of.
        names: Whose they are, a column each.
        rows: What was expected, and for each column whether it held and what happened.
        foot: What to do next.
    """

    title: str
    names: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[bool, str], ...]], ...]
    foot: str = ""


@dataclass(frozen=True, slots=True)
class ViewOptions:
    """What else the view shows, and which parts.

    Attributes:
        eyes_name: Whose percept it is: "network", "oracle" or "blind"; "" if not known.
        show_truth: Whether to draw the true boxes, where the tick has the truth.
        state: A word for the header: "paused", "manual"; "" for none.
        banner: A sentence over the camera's view: how the drive ended; "" for none.
        hint: A few quiet words for the header: which key lists the keys.
        keys: Keys and what they do, as an overlay; empty for none.
        seed: The seed that the user gave, where the world's own was derived from it; None for the world's.
        camera: What the percept's pixels belong to, where the tick has no frame to tell.
        timeline: The oldest kept tick, the newest and the one that is shown; None for no bar.
        show_layers: Whether the layers panel lies over gauges, strip and percept.
        layers: What the layers see; None where that is not known.
        layers_message: What the layers panel says then.
        attention: Whether the camera's picture shows what the belief in a stop sign rests on, where that is known.
        notes: What was changed: weather, eyes, things put there; short words for the camera's corner.
        rival: Who else drives the same world, or None.
        table: Scores over the view, or None.
        said: The percept whose numbers are shown, where the tick's own lies between two; None for the tick's.
        now_step: The moment of the view, in steps, where the history goes on beyond it; None for its last.
    """

    eyes_name: str = ""
    show_truth: bool = False
    state: str = ""
    banner: str = ""
    hint: str = ""
    keys: tuple[tuple[str, str], ...] = ()
    seed: int | None = None
    camera: Camera = field(default_factory=Camera)
    timeline: tuple[int, int, int] | None = None
    show_layers: bool = False
    layers: LayerShot | None = None
    layers_message: str = ""
    attention: bool = False
    notes: tuple[str, ...] = ()
    rival: Rival | None = None
    table: ScoreTable | None = None
    said: Percept | None = None
    now_step: float | None = None


class ViewComposer:
    """Composes views of one size; keeps fonts, texts, sprites and the scene's map, and no state of the drive.

    Args:
        size_px: Width and height.
        camera: The camera, whose shape decides the grid.

    Raises:
        ValueError: If the size is under `layout.MIN_SIZE_PX`.
    """

    def __init__(self, size_px: tuple[int, int] = BASE_SIZE_PX, camera: Camera | None = None) -> None:
        camera = camera or Camera()
        self.layout = lay_out(size_px, camera.width_px / camera.height_px)
        self._type = Typesetter(self.layout.scale)
        self._view = surface(size_px)
        self._background = _background(self.layout, self._type)
        self._camera_panel = CameraPanel(self.layout, self._type)
        self._map_panel = MapPanel(self.layout, self._type)
        self._gauges = Gauges(self.layout, self._type)
        self._percept_panel = PerceptPanel(self.layout, self._type)
        self._strip = StripChart(self.layout, self._type)
        self._layers_panel = LayersPanel(self.layout, self._type)
        self._bare = _bare(self.layout, self._camera_panel.place(camera)[0])
        self._rival_place = _rival_place(self.layout, camera)
        # In a third of the width, labels of full size would hide what they name.
        smaller = replace(self.layout, camera=self._rival_place, scale=_RIVAL_SCALE * self.layout.scale)
        self._rival_panel = CameraPanel(smaller, Typesetter(smaller.scale))

    def compose(self, tick: Tick, history: History, options: ViewOptions) -> pygame.Surface:
        """Return the view of a tick; the same surface each time."""
        view = self._view
        for area in self._bare:
            view.blit(self._background, area, area)
        self._draw_header(view, tick, options)
        said = options.said or tick.percept
        self._camera_panel.draw(
            view,
            tick,
            options.camera,
            options.eyes_name,
            show_truth=options.show_truth,
            said=said,
            shot=options.layers if options.attention else None,
        )
        rival = options.rival
        self._map_panel.draw(view, tick, options.camera, ghost=None if rival is None else rival.tick.world)
        self._draw_notes(view, options.notes)
        if options.show_layers:
            self._layers_panel.draw(view, options.layers, tick.world.step, options.layers_message)
        else:
            self._gauges.draw(view, tick)
            self._strip.draw(view, history, options.now_step)
            if rival is None:
                self._percept_panel.draw(view, said)
            else:
                self._draw_rival(view, rival, options)
        if options.timeline is not None:
            self._draw_timeline(view, options.timeline)
        if options.banner:
            self._draw_banner(view, options.banner)
        if options.table is not None:
            self._draw_table(view, options.table)
        if options.keys:
            self._draw_keys(view, options.keys)
        return view

    def locate(self, tick: Tick, point_px: tuple[int, int]) -> tuple[float, float] | None:
        """Return the world position under a point of the view; None if it is not on the map."""
        rect = self.layout.map
        if not rect.collidepoint(point_px):
            return None
        return self._map_panel.locate(tick.world, (point_px[0] - rect.left, point_px[1] - rect.top))

    def _draw_header(self, view: pygame.Surface, tick: Tick, options: ViewOptions) -> None:
        rect, px, type_ = self.layout.header, self.layout.px, self._type
        world = tick.world
        minutes, seconds = divmod(world.time_s, 60.0)
        y = rect.centery - px(8)
        x: float = rect.right
        for words, widest, colour in (
            (f"{int(minutes)}:{seconds:04.1f}", "00:00.0", INK),
            (f"step {world.step}", "step 0000", MUTED),
            (world.scene.light.time_of_day.value, "dusk", MUTED),
            (f"seed {world.scene.seed if options.seed is None else options.seed}", "", MUTED),
        ):
            type_.draw(view, words, (x, y), 13, colour, align=Align.RIGHT)
            x -= type_.width_px(widest, 13) + px(18)
        left = rect.left + px(176)
        if options.state:
            words = options.state.upper()
            pill = pygame.Rect(left, 0, type_.width_px(words, 12, Weight.BOLD) + px(20), px(22))
            pill.centery = rect.centery
            pygame.draw.rect(view, ORANGE, pill, border_radius=px(11))
            type_.draw(view, words, (pill.centerx, pill.top + px(4)), 12, NEAR_BLACK, Weight.BOLD, Align.CENTRE)
            left = pill.right + px(14)
        if options.hint:
            type_.draw(view, options.hint, (left, y), 13, FAINT)

    def _draw_banner(self, view: pygame.Surface, sentence: str) -> None:
        camera, px, type_ = self.layout.camera, self.layout.px, self._type
        lines = type_.wrapped(sentence, 18, camera.width - px(120), 3)
        height = px(26) * len(lines) + px(20)
        plate = pygame.Rect(0, 0, max(type_.width_px(line, 18) for line in lines) + px(48), height)
        plate.midbottom = (camera.centerx, camera.bottom - px(26))
        pygame.draw.rect(view, NEAR_BLACK, plate, border_radius=px(8))
        pygame.draw.rect(view, YELLOW, plate, px(1), border_radius=px(8))
        for index, line in enumerate(lines):
            type_.draw(view, line, (plate.centerx, plate.top + px(11 + 26 * index)), 18, INK, align=Align.CENTRE)

    def _draw_notes(self, view: pygame.Surface, notes: tuple[str, ...]) -> None:
        """Write what was changed, one line below the other, under the camera's caption."""
        camera, px, type_ = self.layout.camera, self.layout.px, self._type
        for index, note in enumerate(notes):
            text = type_.rendered(note, 12, YELLOW)
            line_h = max(px(22), text.get_height() + px(4))
            top = camera.top + max(px(32), px(14) + line_h) + line_h * index
            chip = text.get_rect(topleft=(camera.left + px(8), top)).inflate(px(10), px(3))
            chip.left = camera.left + px(8)
            pygame.draw.rect(view, NEAR_BLACK, chip, border_radius=px(3))
            view.blit(text, text.get_rect(center=chip.center))

    def _draw_timeline(self, view: pygame.Surface, timeline: tuple[int, int, int]) -> None:
        """Draw the kept ticks as a bar along the camera's lower edge, and a knob at the one that is shown."""
        first, last, shown = timeline
        bar = _timeline_bar(self.layout)
        px = self.layout.px
        pygame.draw.rect(view, NEAR_BLACK, bar.inflate(px(4), px(4)), border_radius=px(3))
        pygame.draw.rect(view, TRACK, bar, border_radius=px(2))
        share = (shown - first) / max(last - first, 1)
        done = bar.copy()
        done.width = round(bar.width * share)
        live = shown == last
        pygame.draw.rect(view, SKY_BLUE if live else ORANGE, done, border_radius=px(2))
        pygame.draw.circle(view, NEAR_BLACK, (bar.left + done.width, bar.centery), px(7))
        pygame.draw.circle(view, SKY_BLUE if live else ORANGE, (bar.left + done.width, bar.centery), px(5))

    def _draw_rival(self, view: pygame.Surface, rival: Rival, options: ViewOptions) -> None:
        """Draw the other driver's camera and how it fares, where the percept is else."""
        place, px, type_ = self._rival_place, self.layout.px, self._type
        panel, world = self.layout.percept, rival.tick.world
        ground = panel.inflate(-px(4), -px(4))
        pygame.draw.rect(view, PANEL, ground, border_radius=px(5))
        x, y = panel.left + px(14), panel.top + px(9)
        type_.draw(view, f"Beside you: {rival.name}", (x, y), 12, RIVAL_COLOUR, Weight.BOLD)
        self._rival_panel.draw(view, rival.tick, options.camera, "", show_truth=False)
        pygame.draw.rect(view, RIVAL_COLOUR, place, px(1))
        y = place.bottom + px(8)
        ahead_m = world.ego_s_m + world.scene.dropped_m
        words = f"{world.ego.speed_mps * 3.6:.0f} km/h · {ahead_m:.0f} m along the road"
        type_.draw(view, words, (x, y), 13, INK)
        reason = rival.ending or rival.tick.memory.reason
        for index, line in enumerate(type_.wrapped(reason, 12, panel.width - px(28), 2)):
            line_y = y + max(px(20), type_.line_px(13)) + max(px(17), type_.line_px(12)) * index
            if line_y + type_.line_px(12) <= panel.bottom:
                type_.draw(view, line, (x, line_y), 12, YELLOW if rival.ending else MUTED)

    def _shaded_plate(self, view: pygame.Surface, width: int, height: int) -> pygame.Rect:
        """Darken the view and return a plate in its middle."""
        px = self.layout.px
        shade = pygame.Surface(view.get_size(), pygame.SRCALPHA, 32)
        shade.fill((*WINDOW, 170))
        view.blit(shade, (0, 0))
        plate = pygame.Rect(0, 0, width, height)
        plate.center = view.get_rect().center
        pygame.draw.rect(view, PANEL, plate, border_radius=px(10))
        pygame.draw.rect(view, FAINT, plate, px(1), border_radius=px(10))
        return plate

    def _draw_keys(self, view: pygame.Surface, keys: tuple[tuple[str, str], ...]) -> None:
        px, type_ = self.layout.px, self._type
        rows = (len(keys) + 1) // 2
        key_w = max(type_.width_px(key, 14, Weight.BOLD) for key, _ in keys)
        does_w = max(type_.width_px(does, 14) for _, does in keys)
        column_w = key_w + does_w + px(28)
        plate = self._shaded_plate(view, 2 * column_w + px(84), px(30) * rows + px(76))
        type_.draw(view, "Keys", (plate.left + px(28), plate.top + px(20)), 18, INK, Weight.BOLD)
        for index, (key, does) in enumerate(keys):
            x = plate.left + px(28) + (index // rows) * (column_w + px(28))
            y = plate.top + px(56 + 30 * (index % rows))
            type_.draw(view, key, (x, y), 14, YELLOW, Weight.BOLD)
            type_.draw(view, does, (x + key_w + px(18), y), 14, INK)

    def _draw_table(self, view: pygame.Surface, table: ScoreTable) -> None:
        """Draw scores side by side: a tick or a cross, and what happened."""
        px, type_ = self.layout.px, self._type
        what_w = max(type_.width_px(what, 13, Weight.BOLD) for what, _ in table.rows) + px(16)
        cell_w = min(px(400), (view.get_width() - px(100) - what_w) // len(table.names))
        cells = [[(held, type_.wrapped(words, 12, cell_w - px(36), 2)) for held, words in row] for _, row in table.rows]
        heights = [px(10) + px(16) * max(len(lines) for _, lines in row) for row in cells]
        plate = self._shaded_plate(
            view, what_w + cell_w * len(table.names) + px(56), sum(heights) + px(116 if table.foot else 92)
        )
        x, y = plate.left + px(28), plate.top + px(18)
        type_.draw(view, table.title, (x, y), 18, INK, Weight.BOLD)
        y += px(34)
        for index, name in enumerate(table.names):
            type_.draw(view, name, (x + what_w + index * cell_w, y), 14, YELLOW, Weight.BOLD)
        y += px(26)
        for (what, _), row, height in zip(table.rows, cells, heights, strict=True):
            pygame.draw.line(view, PANEL_EDGE, (x, y - px(3)), (plate.right - px(28), y - px(3)))
            type_.draw(view, what, (x, y), 13, MUTED)
            for index, (held, lines) in enumerate(row):
                left = x + what_w + index * cell_w
                mark, colour = ("✓", GREEN) if held else ("✗", VERMILION)
                type_.draw(view, mark, (left, y - px(1)), 14, colour, Weight.BOLD)
                for number, line in enumerate(lines):
                    type_.draw(view, line, (left + px(20), y + px(16 * number)), 12, INK if held else ORANGE)
            y += height
        if table.foot:
            type_.draw(view, table.foot, (plate.centerx, plate.bottom - px(30)), 13, MUTED, align=Align.CENTRE)


def _timeline_bar(layout: Layout) -> pygame.Rect:
    """Return where the bar of the kept ticks lies."""
    camera, px = layout.camera, layout.px
    return pygame.Rect(camera.left + px(14), camera.bottom - px(13), camera.width - px(28), px(5))


def scrub_share(size_px: tuple[int, int], camera: Camera, point_px: tuple[int, int], *, near: bool) -> float | None:
    """Return how far along the bar of the kept ticks a point of the view is, from 0 to 1; None if it is not on it.

    Args:
        size_px: The view's size.
        camera: The camera, whose shape decides the grid.
        point_px: The point.
        near: Whether only points on the bar or near it count; else every point does, as while it is dragged.
    """
    layout = _composer(size_px, camera).layout
    bar = _timeline_bar(layout)
    if near and not bar.inflate(layout.px(16), layout.px(16)).collidepoint(point_px):
        return None
    return min(max((point_px[0] - bar.left) / bar.width, 0.0), 1.0)


def locate_on_map(
    size_px: tuple[int, int], camera: Camera, tick: Tick, point_px: tuple[int, int]
) -> tuple[float, float] | None:
    """Return the world position under a point of the view; None if it is not on the map."""
    return _composer(size_px, camera).locate(tick, point_px)


def _rival_place(layout: Layout, camera: Camera) -> pygame.Rect:
    """Return where the other driver's camera is shown: as wide as the percept's panel."""
    panel, px = layout.percept, layout.px
    width = panel.width - px(28)
    height = min(round(width * camera.height_px / camera.width_px), panel.height - px(100))
    return pygame.Rect(panel.left + px(14), panel.top + px(30), width, max(height, px(20)))


def _bare(layout: Layout, picture: pygame.Rect) -> list[pygame.Rect]:
    """Return what no panel fills anew: all but the camera's picture and the map, which are most of a view.

    Args:
        layout: Where everything lies.
        picture: Where the camera's picture lies.
    """
    (width, height), top, bottom = layout.size_px, layout.map.top, layout.map.bottom
    between = (0, picture.left, picture.right, layout.map.left, layout.map.right, width)
    columns = [
        pygame.Rect(left, top, right - left, bottom - top)
        for left, right in zip(between[::2], between[1::2], strict=True)
    ]
    above = [
        pygame.Rect(picture.left, y0, picture.width, y1 - y0)
        for y0, y1 in ((top, picture.top), (picture.bottom, bottom))
    ]
    return [pygame.Rect(0, 0, width, top), *columns, *above, pygame.Rect(0, bottom, width, height - bottom)]


def _background(layout: Layout, type_: Typesetter) -> pygame.Surface:
    """Return all that is the same in every view: grounds, the name, and the panels' titles."""
    background = surface(layout.size_px)
    background.fill(WINDOW)
    px = layout.px
    for panel in layout.panels:
        pygame.draw.rect(background, PANEL, panel, border_radius=px(6))
        pygame.draw.rect(background, PANEL_EDGE, panel, 1, border_radius=px(6))
    header = layout.header
    icon = pygame.Surface((px(22) * 4, px(22) * 4), pygame.SRCALPHA, 32)
    middle = (icon.get_width() / 2, icon.get_height() / 2)
    pygame.draw.polygon(icon, STOP_RED, octagon(middle, icon.get_width() / 2))
    small = pygame.transform.smoothscale(icon, (px(22), px(22)))
    background.blit(small, small.get_rect(midleft=(header.left, header.centery)))
    type_.draw(background, "Rolling Stop", (header.left + px(32), header.centery - px(11)), 18, INK, Weight.BOLD)
    for panel, title in (
        (layout.speed, "Speed"),
        (layout.pedals, "Pedals"),
        (layout.wheel, "Steering"),
        (layout.driver, "Driver"),
        (layout.percept, "Percept"),
    ):
        type_.draw(background, title, (panel.left + px(14), panel.top + px(9)), 12, MUTED)
    return background


@lru_cache(maxsize=4)
def _composer(size_px: tuple[int, int], camera: Camera) -> ViewComposer:
    """Return the composer of a size: a cache, which changes how fast a view comes and not what it shows."""
    return ViewComposer(size_px, camera)


def compose_view(
    tick: Tick,
    history: History | None = None,
    size_px: tuple[int, int] = BASE_SIZE_PX,
    options: ViewOptions | None = None,
) -> NDArray[np.uint8]:
    """Return the view of one turn of the loop; needs no display, and the same arguments give the same pixels.

    Args:
        tick: What to show.
        history: The last ten seconds; the tick alone if not given.
        size_px: Width and height; at least 640 x 360.
        options: What else to show.

    Returns:
        uint8, shape (height, width, 3), red first.

    Raises:
        ValueError: If the size is too small.
    """
    history = history if history is not None else History().with_tick(tick)
    view = draw_view(tick, history, size_px, options or ViewOptions())
    return np.asarray(cv2.cvtColor(pixels_bgrx(view), cv2.COLOR_BGRA2RGB), dtype=np.uint8)


def draw_view(tick: Tick, history: History, size_px: tuple[int, int], options: ViewOptions) -> pygame.Surface:
    """Return the same view as a surface, for a screen; the next view of this size is drawn onto it."""
    frame = tick.capture.frame
    camera = options.camera if frame is None else frame.camera
    return _composer(size_px, camera).compose(tick, history, options)
