"""One picture of one turn of the loop: for the window, for films and for screenshots alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np
import pygame
from numpy.typing import NDArray

from sim.camera import Camera
from sim.loop import Tick
from sim.viewer.camera_panel import CameraPanel
from sim.viewer.gauges import Gauges
from sim.viewer.layout import BASE_SIZE_PX, Layout, lay_out
from sim.viewer.map_panel import MapPanel
from sim.viewer.palette import FAINT, INK, MUTED, NEAR_BLACK, ORANGE, PANEL, PANEL_EDGE, STOP_RED, WINDOW, YELLOW
from sim.viewer.percept_panel import PerceptPanel
from sim.viewer.shapes import octagon, pixels_bgrx, surface
from sim.viewer.strip import History, StripChart
from sim.viewer.text import Align, Typesetter, Weight

__all__ = ["History", "ViewComposer", "ViewOptions", "compose_view"]


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
    """

    eyes_name: str = ""
    show_truth: bool = False
    state: str = ""
    banner: str = ""
    hint: str = ""
    keys: tuple[tuple[str, str], ...] = ()
    seed: int | None = None
    camera: Camera = field(default_factory=Camera)


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

    def compose(self, tick: Tick, history: History, options: ViewOptions) -> NDArray[np.uint8]:
        """Return the view of a tick: uint8, shape (height, width, 3), red first."""
        view = self._view
        view.blit(self._background, (0, 0))
        self._draw_header(view, tick, options)
        self._camera_panel.draw(view, tick, options.camera, options.eyes_name, show_truth=options.show_truth)
        self._map_panel.draw(view, tick, options.camera)
        self._gauges.draw(view, tick)
        self._percept_panel.draw(view, tick.percept)
        self._strip.draw(view, history)
        if options.banner:
            self._draw_banner(view, options.banner)
        if options.keys:
            self._draw_keys(view, options.keys)
        return np.asarray(cv2.cvtColor(pixels_bgrx(view), cv2.COLOR_BGRA2RGB), dtype=np.uint8)

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
        plate.midbottom = (camera.centerx, camera.bottom - px(16))
        pygame.draw.rect(view, NEAR_BLACK, plate, border_radius=px(8))
        pygame.draw.rect(view, YELLOW, plate, px(1), border_radius=px(8))
        for index, line in enumerate(lines):
            type_.draw(view, line, (plate.centerx, plate.top + px(11 + 26 * index)), 18, INK, align=Align.CENTRE)

    def _draw_keys(self, view: pygame.Surface, keys: tuple[tuple[str, str], ...]) -> None:
        px, type_ = self.layout.px, self._type
        shade = pygame.Surface(view.get_size(), pygame.SRCALPHA, 32)
        shade.fill((*WINDOW, 170))
        view.blit(shade, (0, 0))
        key_w = max(type_.width_px(key, 15, Weight.BOLD) for key, _ in keys)
        does_w = max(type_.width_px(does, 15) for _, does in keys)
        plate = pygame.Rect(0, 0, key_w + does_w + px(88), px(30) * len(keys) + px(70))
        plate.center = view.get_rect().center
        pygame.draw.rect(view, PANEL, plate, border_radius=px(10))
        pygame.draw.rect(view, FAINT, plate, px(1), border_radius=px(10))
        type_.draw(view, "Keys", (plate.left + px(32), plate.top + px(20)), 18, INK, Weight.BOLD)
        for index, (key, does) in enumerate(keys):
            y = plate.top + px(56 + 30 * index)
            type_.draw(view, key, (plate.left + px(32), y), 15, YELLOW, Weight.BOLD)
            type_.draw(view, does, (plate.left + px(56) + key_w, y), 15, INK)


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
    options = options or ViewOptions()
    frame = tick.capture.frame
    camera = options.camera if frame is None else frame.camera
    history = history if history is not None else History().with_tick(tick)
    return _composer(size_px, camera).compose(tick, history, options)
