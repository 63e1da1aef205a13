"""A person's eyes, measured: each picture for a fifth of a second, a mask over what lingers, and one question.

    ready -> fixation -> picture -> mask -> question -> fixation of the next ... -> done

`GlanceTest` is what happens, with time and keys handed in; `ask` is the window around it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from time import monotonic

import cv2
import numpy as np
import pygame
from numpy.typing import NDArray

from sim.seeding import Stream, stream
from sim.viewer.display import open_display, require_screen
from sim.viewer.palette import FAINT, INK, MUTED, PANEL, STOP_RED, WINDOW
from sim.viewer.shapes import octagon, pixels_bgrx, surface
from sim.viewer.text import Align, Typesetter, Weight

SHOWN_S = 0.2
FIXATION_S, MASK_S = 0.5, 0.3

WIDTH_SHARE = 0.96
"""Share of the window's width that a picture takes."""

FRAME_HZ = 60

SIZE_PX = (1280, 720)

YES, NO, GO, END = pygame.K_y, pygame.K_n, pygame.K_SPACE, pygame.K_ESCAPE


class Phase(Enum):
    """Where a test stands."""

    READY = "ready"
    FIXATION = "fixation"
    PICTURE = "picture"
    MASK = "mask"
    QUESTION = "question"
    DONE = "done"


_NEXT = {Phase.FIXATION: Phase.PICTURE, Phase.PICTURE: Phase.MASK, Phase.MASK: Phase.QUESTION}


class GlanceTest:
    """One test: its pictures, its answers so far, and what is on the screen.

    Args:
        pictures: Each uint8 rgb (H, W, 3).
        shown_s: How long each is shown.

    Attributes:
        phase: Where it stands.
        answers: True for yes, in the order of the pictures; shorter than `pictures` if it was ended early.
        seen_s: How long each was truly shown.

    Raises:
        ValueError: If there is no picture.
    """

    def __init__(self, pictures: Sequence[NDArray[np.uint8]], shown_s: float = SHOWN_S) -> None:
        if not pictures:
            raise ValueError("Expected at least one picture. Received: none.")
        self.phase = Phase.READY
        self.answers: list[bool] = []
        self.seen_s: list[float] = []
        self._pictures = pictures
        self._lasts_s = {Phase.FIXATION: FIXATION_S, Phase.PICTURE: shown_s, Phase.MASK: MASK_S}
        self._since_s = 0.0
        self._screens: dict[tuple[Phase, int, tuple[int, int]], pygame.Surface] = {}

    @property
    def count(self) -> int:
        """How many pictures there are."""
        return len(self._pictures)

    def advance(self, now_s: float) -> None:
        """Go on to the next phase if this one's time is over."""
        lasts_s = self._lasts_s.get(self.phase)
        if lasts_s is not None and now_s - self._since_s >= lasts_s - 0.5 / FRAME_HZ:
            if self.phase is Phase.PICTURE:
                self.seen_s.append(now_s - self._since_s)
            self._enter(_NEXT[self.phase], now_s)

    def press(self, key: int, now_s: float) -> None:
        """Take a key: SPACE begins, Y and N answer a question that is asked, Esc ends with what there is."""
        if key == END:
            self._enter(Phase.DONE, now_s)
        elif self.phase is Phase.READY and key == GO:
            self._enter(Phase.FIXATION, now_s)
        elif self.phase is Phase.QUESTION and key in (YES, NO):
            self.answers.append(key == YES)
            over = len(self.answers) == self.count
            self._enter(Phase.DONE if over else Phase.FIXATION, now_s)

    def draw(self, target: pygame.Surface) -> None:
        """Draw what is on the screen; whatever takes time is made once, before its turn."""
        size_px = target.get_size()
        words = Typesetter(size_px[1] / SIZE_PX[1])
        middle = (size_px[0] / 2, size_px[1] / 2)
        target.fill(WINDOW)
        place = min(len(self.answers), self.count - 1)
        if self.phase in (Phase.PICTURE, Phase.MASK, Phase.QUESTION):
            phase = Phase.PICTURE if self.phase is Phase.PICTURE else Phase.MASK
            picture = self._screen(phase, place, size_px)
            target.blit(picture, picture.get_rect(center=middle))
        else:
            # Made now, so that the picture comes without delay.
            self._screen(Phase.PICTURE, place, size_px)
            self._screen(Phase.MASK, place, size_px)
        if self.phase is Phase.READY:
            self._draw_ready(target, words, middle)
        elif self.phase is Phase.FIXATION:
            arm = round(0.02 * size_px[1])
            for along in ((arm, 0), (0, arm)):
                ends = [(middle[0] + sign * along[0], middle[1] + sign * along[1]) for sign in (-1, 1)]
                pygame.draw.line(target, INK, *ends, width=3)
        elif self.phase is Phase.QUESTION:
            _draw_question(target, words, middle)
        if self.phase is not Phase.READY:
            foot = f"{min(len(self.answers) + 1, self.count)} of {self.count}   ·   Esc ends with what there is"
            words.draw(target, foot, (middle[0], 0.955 * size_px[1]), 14, FAINT, align=Align.CENTRE)

    def _enter(self, phase: Phase, now_s: float) -> None:
        self.phase, self._since_s = phase, now_s

    def _draw_ready(self, target: pygame.Surface, words: Typesetter, middle: tuple[float, float]) -> None:
        scale = target.get_height() / SIZE_PX[1]
        pygame.draw.polygon(target, STOP_RED, octagon((middle[0], 190 * scale), 62 * scale))
        words.draw(target, "A stop sign for you?", (middle[0], 290 * scale), 34, INK, Weight.BOLD, Align.CENTRE)
        for line, text in enumerate(
            (
                f"{self.count} frames, each for {self._lasts_s[Phase.PICTURE]:g} s, then noise over it.",
                "You drive. Y: there is a stop sign that you must obey.   N: there is none.",
                "About half of the frames have none; many have other signs. Guess if you must.",
            )
        ):
            words.draw(target, text, (middle[0], (358 + 34 * line) * scale), 19, MUTED, align=Align.CENTRE)
        words.draw(target, "SPACE begins   ·   Esc leaves", (middle[0], 500 * scale), 19, INK, align=Align.CENTRE)

    def _screen(self, phase: Phase, place: int, size_px: tuple[int, int]) -> pygame.Surface:
        key = (phase, place, size_px)
        if key not in self._screens:
            # Of earlier pictures none comes back.
            self._screens = {each: drawn for each, drawn in self._screens.items() if each[1] == place}
            rgb = self._pictures[place]
            self._screens[key] = _as_surface(rgb if phase is Phase.PICTURE else mask_of(rgb, place), size_px)
        return self._screens[key]


def mask_of(rgb: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """Return noise of several grains in a picture's own colours: what it left on the retina goes under in it.

    Args:
        rgb: uint8 (H, W, 3).
        seed: Of the noise.
    """
    rng = stream(seed, Stream.TEXTURE, 1)
    height, width = rgb.shape[:2]
    pixels = rgb.reshape(-1, 3)
    total = np.zeros((height, width, 3), np.float32)
    for grain_px in (4, 12, 36):
        rows, columns = -(-height // grain_px), -(-width // grain_px)
        drawn = pixels[rng.integers(len(pixels), size=rows * columns)].reshape(rows, columns, 3).astype(np.float32)
        total += cv2.resize(drawn, (width, height), interpolation=cv2.INTER_NEAREST)
    mean = total.mean(axis=(0, 1))
    # Sums of three are paler than what they are made of.
    return np.clip(mean / 3 + (total - mean) / np.sqrt(3), 0, 255).astype(np.uint8)


def ask(
    pictures: Sequence[NDArray[np.uint8]],
    *,
    shown_s: float = SHOWN_S,
    watch: Callable[[GlanceTest, pygame.Surface], None] | None = None,
) -> GlanceTest:
    """Ask a person about each picture, in a window that stays open; return the test with the answers.

    Args:
        pictures: Each uint8 rgb (H, W, 3).
        shown_s: How long each is shown.
        watch: Told the test and what is on the screen, at every turn.

    Raises:
        DisplayError: If there is no screen.
    """
    require_screen()
    screen = open_display(SIZE_PX)
    clock, test = pygame.time.Clock(), GlanceTest(pictures, shown_s)
    pygame.mouse.set_visible(False)
    while test.phase is not Phase.DONE:
        for event in pygame.event.get():
            if event.type == pygame.QUIT:
                test.press(END, monotonic())
            elif event.type == pygame.KEYDOWN:
                test.press(event.key, monotonic())
        test.advance(monotonic())
        test.draw(screen)
        pygame.display.flip()
        if watch is not None:
            watch(test, screen)
        clock.tick(FRAME_HZ)
    pygame.mouse.set_visible(True)
    return test


def show_until_key(rgb: NDArray[np.uint8], *, watch: Callable[[pygame.Surface], None] | None = None) -> None:
    """Show a picture in the window until any key, then close it.

    Args:
        rgb: uint8 (H, W, 3).
        watch: Told what is on the screen, at every turn.

    Raises:
        DisplayError: If there is no screen.
    """
    screen = pygame.display.get_surface() or open_display(SIZE_PX)
    clock, over = pygame.time.Clock(), False
    while not over:
        over = any(event.type in (pygame.QUIT, pygame.KEYDOWN) for event in pygame.event.get())
        screen.fill(WINDOW)
        picture = _as_surface(rgb, screen.get_size(), share=1.0)
        screen.blit(picture, picture.get_rect(center=screen.get_rect().center))
        pygame.display.flip()
        if watch is not None:
            watch(screen)
        clock.tick(20)
    pygame.display.quit()


def _draw_question(target: pygame.Surface, words: Typesetter, middle: tuple[float, float]) -> None:
    scale = target.get_height() / SIZE_PX[1]
    panel = pygame.Rect(0, 0, round(470 * scale), round(120 * scale))
    panel.center = (round(middle[0]), round(middle[1]))
    pygame.draw.rect(target, PANEL, panel, border_radius=round(12 * scale))
    words.draw(target, "A stop sign for you?", (middle[0], panel.top + 20 * scale), 28, INK, Weight.BOLD, Align.CENTRE)
    words.draw(target, "Y: yes      N: no", (middle[0], panel.top + 70 * scale), 20, MUTED, align=Align.CENTRE)


def _as_surface(rgb: NDArray[np.uint8], room_px: tuple[int, int], share: float = WIDTH_SHARE) -> pygame.Surface:
    """Return a picture as large as it fits into a window."""
    height, width = rgb.shape[:2]
    factor = min(share * room_px[0] / width, share * room_px[1] / height)
    size_px = (max(1, round(width * factor)), max(1, round(height * factor)))
    method = cv2.INTER_CUBIC if factor > 1 else cv2.INTER_AREA
    drawn = surface(size_px)
    pixels_bgrx(drawn)[...] = cv2.cvtColor(cv2.resize(rgb, size_px, interpolation=method), cv2.COLOR_RGB2BGRA)
    return drawn
