"""In a window of any size no text lies on another, or out of the view."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

import numpy as np
import pygame
import pytest

from sim.camera import Camera
from sim.control import DriverConfig
from sim.generate import generate_world
from sim.loop import OracleEyes, Tick
from sim.percept import Detection, LaneEstimate, ObjectKind, StopLineEstimate
from sim.spec import WorldSpec
from sim.viewer.layers import LayerShot, LayerView, LookAgain, MapPicture
from sim.viewer.session import DriveSetup, Session
from sim.viewer.strip import History
from sim.viewer.text import Typesetter
from sim.viewer.view import Rival, ViewComposer, ViewOptions

SIZES_PX = ((640, 360), (800, 450), (640, 480), (1024, 576), (1280, 720), (1920, 1080), (2560, 1080), (3840, 2160))
REASON = "Stopping: stop sign 31 m ahead, seen for 1.2 s; the line that belongs to it is believed 29.4 m ahead of here"


@dataclass
class Written:
    """Each text that was drawn, where, and on which surface."""

    texts: list[tuple[str, pygame.Rect, int]] = field(default_factory=list)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Written:
    noted, plain = Written(), Typesetter.draw

    def draw(self: Typesetter, target: pygame.Surface, text: str, *where: Any, **how: Any) -> pygame.Rect:
        rect = plain(self, target, text, *where, **how)
        full = self.rendered(text, where[1], *where[2:4]).get_size() if len(where) > 1 else rect.size
        noted.texts.append((text, pygame.Rect(rect.topleft, full), id(target)))
        return rect

    monkeypatch.setattr(Typesetter, "draw", draw)
    return noted


@pytest.fixture(scope="module")
def tick() -> Tick:
    setup = DriveSetup(lambda seed: generate_world(seed, WorldSpec()), OracleEyes(), lambda _: DriverConfig())
    session = Session(setup, 3, want_truth=True)
    for _ in range(40):
        session.step()
    assert session.tick is not None
    kinds = tuple(ObjectKind)
    detections = tuple(
        Detection(kinds[k % len(kinds)], (40.0 + 60 * k, 90.0, 60.0 + 60 * k, 110.0), 0.99 - 0.07 * k, 104.6, 24.7)
        for k in range(9)
    )
    lane, line = LaneEstimate(-0.37, 0.012, -1 / 137.0, 0.97), StopLineEstimate(104.2, 11.9, 0.96)
    percept = replace(session.tick.percept, detections=detections, lane=lane, stop_line=line)
    return replace(session.tick, percept=percept, memory=replace(session.tick.memory, reason=REASON, stop_at_m=29.4))


def shot() -> LayerShot:
    grey = np.full((18, 42), 90, np.uint8)
    maps = tuple(MapPicture(f"ch {k}", grey, 12.5) for k in range(4))
    layers = tuple(LayerView(f"stem_{k}", "parts in their place", "stem · 48 at 1/8", maps) for k in range(10))
    cuttings = (np.full((48, 48, 3), 90, np.uint8),) * 2
    again = tuple(LookAgain("stop sign", cuttings, 0.41, "other sign", 0.93, 0.02) for _ in range(3))
    return LayerShot(39, (*layers, LayerView("second look", "second look: both scores", "48 x 48", (), again)))


@pytest.mark.parametrize("size_px", SIZES_PX)
@pytest.mark.parametrize("shown", ["plain", "layers", "duel"])
def test_no_text_lies_on_another_or_out_of_the_view(
    size_px: tuple[int, int], shown: str, tick: Tick, written: Written
) -> None:
    options = ViewOptions("network", hint="H: keys", seed=3, timeline=(0, 39, 39), state="paused · 1/8 speed")
    if shown == "layers":
        options = replace(options, show_layers=True, layers=shot())
    elif shown == "duel":
        options = replace(options, rival=Rival(tick, "network eyes"), timeline=None)
    view = ViewComposer(size_px, Camera()).compose(tick, History().with_tick(tick), options)
    assert len(written.texts) > 20
    # Fonts leave room above and below their letters.
    drawn = [(text, rect.inflate(0, -rect.height // 3), on) for text, rect, on in written.texts if text]
    hits = [(a[0], b[0]) for a, b in combinations(drawn, 2) if a[2] == b[2] and a[1].colliderect(b[1])]
    assert not (hits if shown == "plain" else [pair for pair in hits if not _covered(pair)])
    for text, rect, on in drawn:
        if on == id(view):
            assert view.get_rect().contains(rect), text


def _covered(pair: tuple[str, str]) -> bool:
    """Return whether one of two texts is a title on the ground, which a panel that is drawn later covers."""
    return bool({"Speed", "Pedals", "Steering", "Driver", "Percept"} & set(pair))
