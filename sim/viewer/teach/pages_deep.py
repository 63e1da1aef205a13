"""What deep means: one frame's way through the layers, and what channels answer to most."""

from __future__ import annotations

import pygame

from sim.viewer.palette import INK, MUTED, SKY_BLUE, YELLOW
from sim.viewer.teach.board import Board
from sim.viewer.teach.content import Layer, Level, Network
from sim.viewer.teach.lesson import Notebook
from sim.viewer.teach.page import Keys, Page
from sim.viewer.teach.pages_predict import waiting
from sim.viewer.teach.sights import draw_sight
from sim.viewer.text import Align, Weight

_WORDS = (
    "*Edges and colours.* Each place looks at a few pixels.",
    "*Strokes and corners*, put together from edges.",
    "*Parts*: a slanted side, a white letter on red.",
    "*Evidence*: what speaks for a sign here, and what against.",
    "*The decision*: is the middle of such a thing here?",
)


class LayersPage(Page):
    """The answers of the layers to one frame, side by side."""

    chapter = "Deep"
    title = "What deep means: many layers before anything is decided"
    keys: Keys = (("↑ ↓", "another frame"), ("S", "shipped, yours, untrained"))

    def __init__(self) -> None:
        self.network = Network.SHIPPED
        self.frame = 0

    def press(self, key: int, notes: Notebook) -> bool:
        """Choose frame and network."""
        names = _names(notes)
        if not names:
            return False
        if key in (pygame.K_UP, pygame.K_DOWN):
            self.frame = (self.frame + (1 if key == pygame.K_DOWN else -1)) % len(names)
        elif key == pygame.K_s:
            known = tuple(dict.fromkeys(network for network, _ in notes.looks))
            self.network = known[(known.index(self.network) + 1) % len(known)] if self.network in known else known[0]
        else:
            return False
        return True

    def draw(self, board: Board, notes: Notebook) -> None:
        """Draw it."""
        names = _names(notes)
        look = notes.looks.get((self.network, names[self.frame % len(names)])) if names else None
        if look is None:
            waiting(board, notes, "The layers are being asked …")
            return
        draw_sight(board, look.sight, 40, 94, 420, answers=look.answers)
        board.text(f"network: {look.network}", 484, 96, 16, YELLOW, Weight.BOLD)
        depth = depth_of(notes.model.layers, "sign_heat") if notes.model is not None else "many"
        y = board.paragraph(
            f"A *deep* network lets a picture pass through many layers, here {depth} convolutions, before "
            "anything is decided. Each asks its small question of what the layer before it found, and so sees wider "
            "and means more. Nobody chose the questions: training did. Compare the untrained network (S): the same "
            "layers, and no decision.",
            484, 124, 756, 15,
        )  # fmt: skip
        board.paragraph(
            "Shown are the four channels of each layer that answer most to the stop sign, compared with the rest of "
            "the frame. The headings say what such layers mostly answer to, not what one channel found. Bright: its "
            "strongest answer here, the number beside its name; a small number means little.",
            484, y + 5, 756, 13, MUTED,
        )  # fmt: skip
        width = (1200 - 4 * 14) / 5
        for number, level in enumerate(look.levels[:5]):
            self._draw_level(board, level, 40 + number * (width + 14), width, _WORDS[number])

    def _draw_level(self, board: Board, level: Level, x: float, width: float, words: str) -> None:
        board.text(level.layer, x, 284, 14, SKY_BLUE, Weight.BOLD)
        sees = f"a place sees {level.sees_px} px" if level.sees_px < 672 else "a place sees all"
        board.text(f"{level.shape[2]} maps, {sees}", x, 303, 12, MUTED, width=width)
        board.paragraph(words, x, 321, width, 12.5)
        y = 360.0
        each = 70.0
        for number, grey in enumerate(level.maps[:4]):
            wide = each * grey.shape[1] / grey.shape[0]
            board.heat(grey, x, y, wide, each)
            board.text(level.numbers[number], x + wide + 6, y + 16, 11, MUTED, width=width - wide - 6)
            board.text(f"{level.peaks[number]:.2g}", x + wide + 6, y + 34, 11, INK)
            y += each + 4


def depth_of(layers: tuple[Layer, ...], name: str) -> int:
    """Return how many convolutions lie on the longest way from the picture to a layer, itself included."""
    by_name = {layer.name: layer for layer in layers}

    def deep(layer: Layer) -> int:
        before = max((deep(by_name[other]) for other in layer.inputs), default=0)
        return before + (layer.kind == "Conv2D")

    return deep(by_name[name]) if name in by_name else 0


def _names(notes: Notebook) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for _, name in notes.looks))


class FavouritesPage(Page):
    """What channels answer to most, over many frames."""

    chapter = "Deep"
    title = "What does a channel look for? Ask what it likes best"
    keys: Keys = (("S", "shipped, yours, untrained"),)

    def __init__(self) -> None:
        self.network = Network.SHIPPED

    def press(self, key: int, notes: Notebook) -> bool:
        """Choose the network."""
        known = tuple(notes.favourites)
        if key != pygame.K_s or not known:
            return False
        self.network = known[(known.index(self.network) + 1) % len(known)] if self.network in known else known[0]
        return True

    def draw(self, board: Board, notes: Notebook) -> None:
        """Draw it."""
        shown = notes.favourites.get(self.network)
        if shown is None:
            waiting(board, notes, "The channels are being asked …")
            return
        board.paragraph(
            f"For each channel: the places in {shown.frames} unseen frames to which it answers most, one a frame, "
            "cut out as wide as the channel sees (at most 96 px). No text says what a channel is for; these pictures "
            "do. Shown are the three whose best places lie on stop signs most often; the others look at roads, sky, "
            "houses and cars.",
            40, 94, 1200, 15,
        )  # fmt: skip
        board.text(f"network: {shown.network}", 1240, 156, 15, YELLOW, Weight.BOLD, Align.RIGHT)
        height = 152.0
        for row, (name, caption, sees, channels, favourites) in enumerate(shown.layers[:3]):
            y = 182.0 + row * (height + 6)
            board.panel(40, y, 1200, height)
            board.text(name, 56, y + 14, 16, SKY_BLUE, Weight.BOLD)
            board.text(caption, 56, y + 38, 14, INK, width=150)
            board.text(f"{channels} channels", 56, y + 62, 12, MUTED)
            wide = f"a place sees {sees} px" if sees < 672 else "a place sees all"
            board.text(wide, 56, y + 80, 12, MUTED)
            for number, favourite in enumerate(favourites[:3]):
                x = 214.0 + number * 344
                count = len(favourite.patches)
                words = f"channel {favourite.channel}: {favourite.on_signs} of {count} on a stop sign"
                board.text(words, x, y + 8, 13, INK)
                for place, patch in enumerate(favourite.patches[:10]):
                    r, c = divmod(place, 5)
                    board.picture(patch, x + c * 60, y + 30 + r * 60, 57, 57)
