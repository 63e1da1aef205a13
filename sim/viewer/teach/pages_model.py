"""Create the model: its layers as they were built, and what a convolution does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pygame
from numpy.typing import NDArray

from sim.percept import ObjectKind
from sim.viewer.palette import (
    FAINT,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    PANEL,
    PURPLE,
    SKY_BLUE,
    VERMILION,
    WINDOW,
    YELLOW,
    Rgb,
    mix,
)
from sim.viewer.teach.board import Board
from sim.viewer.teach.content import Layer, Model, Network
from sim.viewer.teach.lesson import Notebook
from sim.viewer.teach.page import Keys, Page
from sim.viewer.text import Align, Weight

_GROUPS: tuple[tuple[str, str, Rgb], ...] = (
    ("rgb", "the picture", INK),
    ("stem", "stem: fine detail", SKY_BLUE),
    ("context", "context: the wide view", GREEN),
    ("merge", "both together", YELLOW),
    ("head", "both together", YELLOW),
    ("sign", "what signs are where", VERMILION),
    ("road", "vehicles, people, stop line", PURPLE),
    ("lane", "how the lane runs", ORANGE),
)
_ROWS = {"sign": 0, "road": 2, "lane": 3}


def _colour(name: str) -> Rgb:
    return next((colour for start, _, colour in _GROUPS if name.startswith(start)), MUTED)


def layer_words(layer: Layer) -> str:
    """Return what a layer computes and how its learned numbers add up, in words."""
    if layer.kind == "InputLayer":
        return "The frame as it comes: red, green and blue, 0 to 255, at each pixel. Nothing is learned here."
    if layer.kind == "Add":
        return "Adds what two layers say of the same place: fine detail and the wide view. Nothing is learned here."
    if layer.kind == "Conv2D":
        rows, columns, inward, outward = layer.kernel
        steps = f", at every {_nth(layer.stride)} pixel" if layer.stride > 1 else ""
        gaps = ", with gaps between the pixels, to see wider" if layer.dilation > 1 else ""
        return (
            f"Convolution: {outward} filters, each looks at {rows} x {columns} places of {inward} maps{steps}{gaps}. "
            f"Learned numbers: {rows} x {columns} x {inward} x {outward} weights + {outward} = {layer.parameters:,}."
        )
    if layer.kind == "Dense":
        inward, outward = layer.kernel
        return (
            f"Dense: each of {outward} answers reads all {inward:,} numbers before it. "
            f"Learned numbers: {inward:,} x {outward} weights + {outward} = {layer.parameters:,}."
        )
    return layer.kind


def _nth(number: int) -> str:
    return {2: "second"}.get(number, f"{number}th")


@dataclass(frozen=True, slots=True)
class _Place:
    layer: Layer
    x: float
    y: float
    width: float
    height: float


class NetworkPage(Page):
    """The layers, drawn to scale from the model that was built."""

    chapter = "Create"
    title = "Create the model: layers, one after another"
    keys: Keys = (("↑ ↓  or  click", "choose a layer"),)

    def __init__(self) -> None:
        self.chosen = 3
        self._places: tuple[_Place, ...] = ()

    def draw(self, board: Board, notes: Notebook) -> None:
        """Draw it."""
        model = notes.model
        if model is None:
            board.text("The network is being built in another process …", 640, 340, 18, MUTED, align=Align.CENTRE)
            return
        parameters = sum(layer.parameters for layer in model.layers)
        board.paragraph(
            "A block is a stack of *maps*: its height shows how fine they are, its width how many lie side by side. "
            "From left to right the maps get coarser and more: less of where, more of what.",
            40, 94, 1200, 15,
        )  # fmt: skip
        self._places = self._places or _laid_out(model.layers)
        self.chosen = min(self.chosen, len(model.layers) - 1)
        by_name = {place.layer.name: place for place in self._places}
        for place in self._places:
            for name in place.layer.inputs:
                _connect(board, by_name[name], place, self._places)
        for number, place in enumerate(self._places):
            _draw_block(board, place, chosen=number == self.chosen)
        self._draw_groups(board)
        layer = model.layers[self.chosen]
        board.panel(40, 556, 1200, 96)
        board.text(layer.name, 60, 570, 18, _colour(layer.name), Weight.BOLD)
        shape = " x ".join(f"{size:,}" for size in layer.shape)
        what = "height x width x maps" if len(layer.shape) == 3 else "numbers"
        board.text(f"{layer.kind}; it puts out {shape}", 60, 598, 13, MUTED)
        board.text(f"({what})", 60, 618, 13, MUTED)
        board.paragraph(layer_words(layer), 380, 568, 580, 14)
        board.text(f"{parameters:,}", 1220, 566, 26, YELLOW, Weight.BOLD, Align.RIGHT)
        board.text("learned numbers in all;", 1220, 600, 13, MUTED, align=Align.RIGHT)
        board.text("random at first: it knows nothing", 1220, 618, 13, MUTED, align=Align.RIGHT)

    def _draw_groups(self, board: Board) -> None:
        seen: list[str] = []
        x = 40.0
        for _, words, colour in _GROUPS:
            if words in seen:
                continue
            seen.append(words)
            board.box(x, 533, 12, 12, colour)
            x = board.text(words, x + 18, 530, 13, MUTED) + 20

    def press(self, key: int, notes: Notebook) -> bool:
        """Choose a layer."""
        if notes.model is None or key not in (pygame.K_UP, pygame.K_DOWN):
            return False
        count = len(notes.model.layers)
        self.chosen = (self.chosen + (1 if key == pygame.K_DOWN else -1)) % count
        return True

    def click(self, x: float, y: float, notes: Notebook) -> bool:
        """Choose a layer."""
        for number, place in enumerate(self._places):
            if place.x - 6 <= x <= place.x + place.width + 6 and place.y - 14 <= y <= place.y + place.height + 6:
                self.chosen = number
                return True
        return False


def _laid_out(layers: tuple[Layer, ...]) -> tuple[_Place, ...]:
    """Give each layer its place: to the right of all that it reads; each branch in a row of its own."""
    depths: dict[str, int] = {}
    for layer in layers:
        depths[layer.name] = 1 + max((depths[name] for name in layer.inputs), default=-1)
    column = 1164.0 / (max(depths.values()) + 1)
    tops = {0: (146.0, 76.0), 1: (206.0, 216.0), 2: (400.0, 66.0), 3: (462.0, 66.0)}
    used: set[tuple[int, int]] = set()
    places: list[_Place] = []
    finest = max((layer.shape[0] for layer in layers if len(layer.shape) == 3), default=1)
    for layer in layers:
        row = next((row for start, row in _ROWS.items() if layer.name.startswith(start)), 1)
        depth = depths[layer.name]
        while (row, depth) in used:
            depth += 1
        used.add((row, depth))
        top, room = tops[row]
        # By the square root, or the coarse maps would be lines.
        height = room * 0.86 * (layer.shape[0] / finest) ** 0.5 if len(layer.shape) == 3 else 30.0
        height = max(height, 18.0)
        width = min(7.0 + 0.42 * layer.shape[-1], column - 16) if len(layer.shape) == 3 else 10.0
        middle = top + room / 2 + 8
        places.append(_Place(layer, 52 + depth * column, middle - height / 2, width, height))
    return tuple(places)


def _connect(board: Board, start: _Place, end: _Place, places: tuple[_Place, ...]) -> None:
    x0, y0 = start.x + start.width, start.y + start.height / 2
    x1, y1 = end.x, end.y + end.height / 2
    between = [each for each in places if x0 < each.x < x1 - 1 and each.y < y0 < each.y + each.height]
    if abs(y0 - y1) > 1:
        bend = x1 - 12
        points = [(x0, y0), (bend, y0), (bend, y1), (x1, y1)]
    elif between:
        # Over the heads of what it passes by.
        over = min(each.y for each in (*between, start, end)) - 26
        points = [(x0, y0), (x0 + 10, y0), (x0 + 10, over), (x1 - 12, over), (x1 - 12, y1), (x1, y1)]
    else:
        points = [(x0, y0), (x1, y1)]
    board.line(points, FAINT, 1.2)


def _short(name: str) -> str:
    """Return a layer's name without that of its branch, which its colour tells."""
    branch, _, rest = name.partition("_")
    return rest if branch in _ROWS and rest else name


def _draw_block(board: Board, place: _Place, *, chosen: bool) -> None:
    colour = _colour(place.layer.name)
    fill = colour if chosen else mix(colour, PANEL, 0.55)
    board.box(place.x, place.y, place.width, place.height, fill)
    board.box(place.x, place.y, place.width, place.height, INK if chosen else colour, 2.0 if chosen else 1.0)
    words = "picture" if place.layer.kind == "InputLayer" else _short(place.layer.name)
    size = 11.0
    wide = board.width_of(words, size)
    middle = min(max(place.x + place.width / 2, 40 + wide / 2), 1240 - wide / 2)
    # A connection that passes behind a name does not strike it through.
    board.box(middle - wide / 2 - 2, place.y - 15, wide + 4, 13, WINDOW)
    board.text(words, middle, place.y - 15, size, INK if chosen else MUTED, align=Align.CENTRE)


def convolved(rgb: NDArray[np.uint8], kernel: NDArray[np.float32], bias: float, model: Model) -> NDArray[np.float32]:
    """Return one filter's map of a frame before it is cut off at 0, as the network's first layer computes it.

    Args:
        rgb: uint8, shape (height, width, 3), both even.
        kernel: Shape (3, 3, 3): rows, columns, colours.
        bias: What is added at every place.
        model: How pixels are scaled, and the stride, 2.

    Returns:
        Shape (height / 2, width / 2). At a stride of two, "same" padding adds a row below and a column at the right.
    """
    scaled = np.pad(rgb.astype(np.float32) * model.scale + model.offset, ((0, 1), (0, 1), (0, 0)))
    rows, columns = rgb.shape[0] // model.stride, rgb.shape[1] // model.stride
    out = np.full((rows, columns), bias, np.float32)
    for row in range(3):
        for column in range(3):
            part = scaled[row :: model.stride, column :: model.stride][:rows, :columns]
            out += part @ kernel[row, column]
    return out


_FRAME = (40.0, 134.0, 588.0)
_MAP_X = 652.0


class ConvolutionPage(Page):
    """One filter on a real frame, with its sum worked out at a place that can be moved."""

    chapter = "Create"
    title = "What one filter of a convolution does"
    keys: Keys = (("↑ ↓", "another filter"), ("click, drag", "look at another place"), ("T", "trained or untrained"))

    def __init__(self) -> None:
        self.filter = 0
        self._network = Network.SHIPPED
        self.place: tuple[int, int] | None = None
        self._order: tuple[int, ...] = ()
        self._map: tuple[tuple[Network, int], NDArray[np.float32]] | None = None

    def press(self, key: int, notes: Notebook) -> bool:
        """Choose filter and weights."""
        if notes.model is None:
            return False
        network = self._shown(notes.model)
        count = notes.model.kernels[network].shape[-1]
        if key in (pygame.K_UP, pygame.K_DOWN):
            self.filter = (self.filter + (1 if key == pygame.K_DOWN else -1)) % count
        elif key == pygame.K_t:
            known = tuple(notes.model.kernels)
            self._network = known[(known.index(network) + 1) % len(known)]
        else:
            return False
        return True

    def click(self, x: float, y: float, notes: Notebook) -> bool:
        """Look at another place."""
        if notes.model is None:
            return False
        height, width = notes.model.sight.rgb.shape[:2]
        left, top, wide = _FRAME
        for start in (left, _MAP_X):
            u, v = (x - start) / wide * width, (y - top) / wide * width
            if 0 <= u < width and 0 <= v < height:
                self.place = (min(int(v) // 2, height // 2 - 2), min(int(u) // 2, width // 2 - 2))
                return True
        return False

    def draw(self, board: Board, notes: Notebook) -> None:
        """Draw it."""
        model = notes.model
        if model is None:
            board.text("The network is being built in another process …", 640, 340, 18, MUTED, align=Align.CENTRE)
            return
        network = self._shown(model)
        number = self._ordered(model)[self.filter]
        kernel = model.kernels[network][..., number]
        bias = float(model.biases[network][number])
        sums = self._sums(model, network, number)
        rgb = model.sight.rgb
        if self.place is None:
            self.place = _most_telling(model, sums)
        left, top, wide = _FRAME
        state = "untrained: random numbers" if network is Network.UNTRAINED else f"{network}"
        board.text("A frame", left, 106, 14, INK, Weight.BOLD)
        board.text(f"Filter {number} of the first layer, {state}: its map", _MAP_X, 106, 14, INK, Weight.BOLD)
        board.picture(rgb, left, top, wide)
        answers = np.maximum(sums, 0.0)
        peak = max(float(answers.max()), 1e-6)
        board.heat(np.round(255 * answers / peak).astype(np.uint8), _MAP_X, top, wide)
        zoom = wide / rgb.shape[1]
        row, column = self.place
        for start in (left, _MAP_X):
            x, y = start + 2 * column * zoom, top + 2 * row * zoom
            board.box(x - 5, y - 5, 3 * zoom + 10, 3 * zoom + 10, YELLOW, 2)
        self._draw_sum(board, model, kernel, bias, float(sums[row, column]), peak)

    def _ordered(self, model: Model) -> tuple[int, ...]:
        """Return the filters in the order in which they tell most of the sign and what is about it."""
        if not self._order:
            first = next(iter(model.kernels))
            kernels, biases = model.kernels[first], model.biases[first]
            maps = [convolved(model.sight.rgb, kernels[..., k], float(biases[k]), model) for k in range(len(biases))]
            rows, columns = _about_sign(model)
            spreads = [-float(np.maximum(each[rows, columns], 0).std()) for each in maps]
            self._order = tuple(int(k) for k in np.argsort(spreads))
        return self._order

    def _shown(self, model: Model) -> Network:
        return self._network if self._network in model.kernels else next(iter(model.kernels))

    def _sums(self, model: Model, network: Network, number: int) -> NDArray[np.float32]:
        key = (network, number)
        if self._map is None or self._map[0] != key:
            bias = float(model.biases[network][number])
            self._map = (key, convolved(model.sight.rgb, model.kernels[network][..., number], bias, model))
        return self._map[1]

    def _draw_sum(
        self, board: Board, model: Model, kernel: NDArray[np.float32], bias: float, total: float, peak: float
    ) -> None:
        row, column = self.place or (0, 0)
        height, width = model.sight.rgb.shape[:2]
        y0, x0 = min(2 * row, height - 3), min(2 * column, width - 3)
        patch = model.sight.rgb[y0 : y0 + 3, x0 : x0 + 3]
        top, side = 430.0, 120.0
        board.text("3 x 3 pixels", 40, top - 24, 13, MUTED)
        board.pixels(patch, 40, top, side, side)
        strongest = float(np.abs(kernel).max())
        total_words: list[str] = []
        x = 196.0
        for colour, name in enumerate(("red", "green", "blue")):
            board.text(f"{name}: its weights", x, top - 24, 13, MUTED)
            scaled = patch[..., colour].astype(np.float32) * model.scale + model.offset
            part = float((scaled * kernel[..., colour]).sum())
            total_words.append(f"{part:+.2f}".replace("-", "−"))
            for r in range(3):
                for c in range(3):
                    value = float(kernel[r, c, colour])
                    share = min(abs(value) / strongest, 1.0)
                    fill = mix(PANEL, ORANGE if value > 0 else SKY_BLUE, 0.15 + 0.75 * share)
                    board.box(x + c * side / 3, top + r * side / 3, side / 3 - 1, side / 3 - 1, fill)
                    words = f"{value:+.2f}".replace("-", "−")
                    board.text(
                        words, x + (c + 0.5) * side / 3, top + r * side / 3 + 12, 11,
                        (10, 12, 15) if share > 0.45 else INK, align=Align.CENTRE,
                    )  # fmt: skip
            board.text(total_words[-1], x + side / 2, top + side + 6, 17, INK, Weight.BOLD, Align.CENTRE)
            x += side + 26
        after = max(total, 0.0)
        words = f"{bias:+.2f}".replace("-", "−")
        board.panel(40, 586, 588, 62)
        line = f"{' '.join(total_words)} {words} (bias) = {total:+.2f}".replace("-", "−")
        board.text(line, 56, 596, 16, INK, Weight.BOLD)
        end = "below 0 becomes 0: " if total < 0 else "above 0 stays: "
        board.text(f"{end}the filter answers {after:.2f} here; at most {peak:.2f} in this frame", 56, 621, 14, YELLOW)
        y = board.paragraph(
            "*A filter asks one small question at every place.* It multiplies each of the 3 x 3 x 3 colour values by "
            "its weight, adds them up, and answers how well the place fits: bright where it fits, dark where not.",
            _MAP_X, 406, 588, 15,
        )  # fmt: skip
        y = board.paragraph(
            "Orange weights want brightness, blue ones want dark. Orange beside blue finds an *edge*; orange for one "
            "colour and blue for another finds a *colour*.",
            _MAP_X, y + 8, 588, 15,
        )  # fmt: skip
        y = board.paragraph(
            f"A pixel's value v, 0 to 255, enters as v / {1 / model.scale:g} − {-model.offset:g}, so that values lie "
            "about zero. The next layer asks the same of these maps, and the next of those.",
            _MAP_X, y + 8, 588, 13, MUTED,
        )  # fmt: skip
        board.box(_MAP_X, 640, 12, 12, ORANGE)
        end = board.text("positive weight", _MAP_X + 18, 637, 12, MUTED)
        board.box(end + 16, 640, 12, 12, SKY_BLUE)
        board.text("negative weight", end + 34, 637, 12, MUTED)


def _about_sign(model: Model) -> tuple[slice, slice]:
    """Return rows and columns of the maps in and about the frame's stop sign; all of them if it shows none."""
    signs = [thing for thing in model.sight.truths if thing.kind is ObjectKind.STOP_SIGN]
    if not signs:
        return slice(None), slice(None)
    x0, y0, x1, y1 = (round(side / model.stride) for side in signs[0].box)
    return slice(max(y0 - 2, 0), y1 + 2), slice(max(x0 - 2, 0), x1 + 2)


def _most_telling(model: Model, sums: NDArray[np.float32]) -> tuple[int, int]:
    """Return where the filter answers most in and about the frame's stop sign, or anywhere if there is none."""
    rows, columns = _about_sign(model)
    part = sums[rows, columns]
    row, column = divmod(int(part.argmax()), part.shape[1])
    row, column = row + (rows.start or 0), column + (columns.start or 0)
    return min(row, sums.shape[0] - 2), min(column, sums.shape[1] - 2)
