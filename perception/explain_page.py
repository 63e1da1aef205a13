"""One page on which a frame's way through the network can be looked at."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from math import exp
from pathlib import Path
from typing import Any

import cv2
import jinja2
import numpy as np
from numpy.typing import NDArray

from perception.channels import KIND_OF_CHANNEL, STRIDE
from perception.explain import (
    CHANNEL_OF_HEAD,
    Attention,
    Explainer,
    Head,
    PointingScores,
    SanityStep,
    coloured,
    overlay,
    points_at,
    strongest_channels,
    tile,
    true_boxes,
)
from perception.fovea import Answer, SecondLook, pictures_of, places_of
from perception.perceiver import Perceiver
from sim.camera import Camera, CameraFrame
from sim.errors import DatasetError
from sim.exchange.importing import Fit, fitted
from sim.files import write_atomically
from sim.truth import GroundTruth

SHOWN_CHANNELS = 12
"""Channels of each layer on the page."""

LOOK_PX = 192
"""Side of each of the second look's cuttings on the page."""

FIRST_COLOUR, SECOND_COLOUR = (255, 255, 255), (255, 214, 0)
"""Of the box by the first look and by the second."""

_TILE_PX = (224, 96)
_TEMPLATE = Path(__file__).with_name("explain.html.jinja")
_ABOUT = {
    "stem": "edges, colours and their simplest combinations, finer first",
    "context": "wider surroundings, at a sixteenth of the frame's resolution",
    "head": "what the answers are read from: fine detail with the surroundings added",
    "sign": "the branch of the signs, which knows no places",
    "road": "the branch of the road, which knows rows and columns",
    "lane": "where the lane runs",
}


@dataclass(frozen=True, slots=True, eq=False)
class HeadExplained:
    """One answer with what it rests on and both checks.

    Attributes:
        attention: The map.
        sanity: How much of the map is left as more of the weights are random, from the answer to the picture.
        pointed: Whether it points at such a thing; None where the truth is unknown or the frame shows none.
    """

    attention: Attention
    sanity: list[SanityStep]
    pointed: bool | None


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """A frame explained.

    Attributes:
        camera: Whose frame it is.
        rgb: The frame as the network saw it, uint8 (H, W, 3).
        activations: What every layer answered.
        heads: What every answer rests on.
        second_looks: What was looked at twice; empty if the network looks once.
    """

    camera: Camera
    rgb: NDArray[np.uint8]
    activations: dict[str, NDArray[np.float32]]
    heads: dict[Head, HeadExplained]
    second_looks: list[SecondLook]

    def to_dict(self) -> dict[str, Any]:
        """Return beliefs and checks as plain values."""
        return {
            head.value: {
                "belief": each.attention.belief,
                "cell": each.attention.cell,
                "layer": each.attention.layer,
                "pointed": each.pointed,
                "sanity": {step.layer: step.correlation for step in each.sanity},
            }
            for head, each in self.heads.items()
        }


def explain_frame(
    explainer: Explainer,
    rgb: NDArray[np.uint8],
    truth: GroundTruth | None = None,
    *,
    seed: int = 0,
    perceiver: Perceiver | None = None,
) -> Explained:
    """Explain one frame: every layer, every answer, both checks.

    Args:
        explainer: The network.
        rgb: uint8 (height_px, width_px, 3) of its camera.
        truth: What the frame shows, if known.
        seed: Of the random weights of the sanity check.
        perceiver: Of the same weights, whose second look is shown too.
    """
    heads: dict[Head, HeadExplained] = {}
    for head in Head:
        attention = explainer.grad_cam(rgb, head)
        boxes = true_boxes(truth, head) if truth is not None else []
        pointed = points_at(attention, boxes, explainer.camera) if boxes else None
        heads[head] = HeadExplained(attention, explainer.sanity_check(rgb, head, seed=seed), pointed)
    frame = CameraFrame(0, rgb, explainer.camera)
    twice = perceiver.second_looks(frame) if perceiver is not None else []
    return Explained(explainer.camera, rgb, explainer.activations(rgb), heads, twice)


def read_picture(path: Path, camera: Camera) -> NDArray[np.uint8]:
    """Return a picture of any size in the camera's: enlarged or reduced to cover it, what stands over cut off evenly.

    Raises:
        DatasetError: If there is no picture.
    """
    data = np.frombuffer(path.read_bytes(), np.uint8) if path.is_file() else np.zeros(0, np.uint8)
    try:
        bgr = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    except cv2.error:  # more pixels than it takes
        bgr = None
    if bgr is None:
        came = "another kind of file" if data.size else "no such file, or an empty one"
        raise DatasetError(f"Expected a picture (.png, .jpg) at {path}. Received: {came}.", hint="Check the path.")
    rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
    return fitted(rgb, [], camera, Fit.CROP)[0]


def write_explanation(
    explained: Explained, path: Path, title: str, pointing: dict[Head, PointingScores] | None = None
) -> None:
    """Write the page: one HTML file with its pictures inside.

    Args:
        explained: The frame.
        path: Where.
        title: What the frame is.
        pointing: The pointing game over many frames, if it was played.

    Raises:
        StorageError: If it cannot be written.
    """
    heads = [
        {
            "name": head.value.replace("_", " "),
            "picture": _as_uri(_with_cell(explained.rgb, each.attention), ".jpg"),
            "belief": _in_words(each.attention),
            "layer": each.attention.layer,
            "pointed": each.pointed,
            "after_all": each.sanity[-1].correlation,
            "curve": _curve(each.sanity),
        }
        for head, each in explained.heads.items()
    ]
    layers = [_layer(name, answer) for name, answer in explained.activations.items()]
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    page = environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(
        title=title,
        frame=_as_uri(explained.rgb, ".jpg"),
        heads=heads,
        layers=layers,
        second_looks=[_second_look(each, explained) for each in explained.second_looks],
        steps=[step.layer for step in next(iter(explained.heads.values())).sanity],
        pointing={head.value.replace("_", " "): each for head, each in (pointing or {}).items()},
    )
    write_atomically(path, page.encode())


def _second_look(look: SecondLook, explained: Explained) -> dict[str, Any]:
    thing, surroundings = (
        cv2.resize(part, (LOOK_PX, LOOK_PX), interpolation=cv2.INTER_NEAREST) for part in pictures_of(look.cuttings)
    )
    left, top, side = places_of(np.array([look.box]), explained.rgb.shape)[0, 0].tolist()
    for box, colour in ((look.box, FIRST_COLOUR), (look.measured, SECOND_COLOUR)):
        x0, y0, x1, y1 = (
            round((edge - start) * LOOK_PX / side) for edge, start in zip(box, (left, top) * 2, strict=True)
        )
        cv2.rectangle(thing, (x0, y0), (x1, y1), colour, 1)
    return {
        "kind": KIND_OF_CHANNEL[look.channel].value.replace("_", " "),
        "picture": _as_uri(tile([thing, surroundings], 2)),
        "first": look.first,
        "score": look.score,
        "distance_m": explained.camera.focal_px * exp(look.log_span),
        "shares": [(each.name.lower().replace("_", " "), float(look.shares[each])) for each in Answer],
    }


def _layer(name: str, answer: NDArray[np.float32]) -> dict[str, Any]:
    about = _ABOUT.get(name.split("_")[0], "")
    if answer.ndim == 1:
        top = max(float(np.abs(answer).max()), 1e-9)
        bars = coloured((np.abs(answer) / top)[None], (min(8 * len(answer), 900), 32))
        return {"name": name, "about": about, "shape": f"{len(answer)} units", "picture": _as_uri(bars), "shown": ""}
    chosen = strongest_channels(answer, SHOWN_CHANNELS)
    height, width, channels = answer.shape
    tiles = [coloured(_spread(answer[..., k]), _TILE_PX) for k in chosen]
    return {
        "name": name,
        "about": about,
        "shape": f"{channels} channels of {width} x {height}",
        "picture": _as_uri(tile(tiles, 4), ".jpg"),
        "shown": ", ".join(str(int(k)) for k in chosen),
    }


def _spread(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return values spread over 0 to 1; the outermost thousandths are cut off."""
    low, high = np.quantile(values, [0.001, 0.999])
    return (values - low) / max(float(high - low), 1e-9)


def _with_cell(rgb: NDArray[np.uint8], attention: Attention) -> NDArray[np.uint8]:
    """Return the map over the frame, with a ring about the cell that was asked."""
    picture = overlay(rgb, attention)
    if attention.cell is not None:
        row, column = attention.cell
        middle = (round((column + 0.5) * STRIDE), round((row + 0.5) * STRIDE))
        cv2.circle(picture, middle, 20, (86, 180, 233), 2, cv2.LINE_AA)
    return picture


def _in_words(attention: Attention) -> str:
    if attention.head in CHANNEL_OF_HEAD:
        return f"believed with {attention.belief:.2f} at its strongest place"
    side = "left" if attention.belief >= 0 else "right"
    return f"{abs(attention.belief):.2f} m {side} of the lane's middle"


def _curve(sanity: list[SanityStep]) -> str:
    """Return the points of a line 300 wide and 60 high: the correlation as more weights are random; 1 is the top."""
    values = [1.0, *(step.correlation for step in sanity)]
    last = max(len(values) - 1, 1)
    return " ".join(f"{300 * k / last:.1f},{60 - 60 * max(value, 0.0):.1f}" for k, value in enumerate(values))


def _as_uri(rgb: NDArray[np.uint8], suffix: str = ".png") -> str:
    """Return a picture as a data URI, so that the page is one file."""
    options = [cv2.IMWRITE_JPEG_QUALITY, 88] if suffix == ".jpg" else []
    _, data = cv2.imencode(suffix, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), options)
    kind = "jpeg" if suffix == ".jpg" else "png"
    return f"data:image/{kind};base64,{base64.b64encode(data.tobytes()).decode()}"
