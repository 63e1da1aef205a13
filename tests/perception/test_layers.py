"""Looking into the network: the pictures are those of its own layers, and a decision agrees with the percept."""

from __future__ import annotations

import numpy as np
import pytest

from perception.channels import Channel
from perception.fovea import FINE, FOVEA_PX
from perception.layers import STAGES, load_layers
from perception.perceiver import load_perceiver
from sim.camera import Camera, CameraFrame
from sim.errors import WeightsError
from sim.generate import generate_world
from sim.percept import ObjectKind
from sim.render import Painter
from sim.spec import WorldSpec
from sim.world import place_ego
from tests.perception.conftest import Trained

SPEC = WorldSpec(junctions=(1, 1), approach_m=(30.0, 30.0), dusk_share=0.0, distractors=(0, 0))


def test_each_layer_shows_its_strongest_channels_first(trained: Trained) -> None:
    look = load_layers(trained.folder)
    camera = look.camera
    world = generate_world(3, SPEC)
    frame, _ = Painter(camera).look(world, truth=False)
    assert frame is not None
    views = look(frame)
    assert [view.name for view in views] == [*(name for name, _ in STAGES), "decision"]
    for view in views:
        assert 1 <= len(view.maps) <= 4
        for picture in view.maps:
            height, width = picture.grey.shape
            assert camera.height_px % height == 0
            assert camera.width_px % width == 0
            assert picture.grey.dtype == np.uint8
    for view in views[:-1]:
        spreads = [picture.peak * ((picture.grey / 255.0) ** 2).std() for picture in view.maps]
        assert spreads == pytest.approx(sorted(spreads, reverse=True), rel=0.05, abs=0.01)
        assert all(picture.grey.max() in (0, 255) for picture in view.maps)
    black = CameraFrame(0, np.zeros_like(frame.rgb), camera)
    assert not np.array_equal(look(black)[0].maps[0].grey, views[0].maps[0].grey)
    other = Camera(width_px=camera.width_px * 2)
    with pytest.raises(WeightsError, match="camera"):
        look(CameraFrame(0, np.zeros((other.height_px, other.width_px, 3), np.uint8), other))


def test_the_decision_of_the_shipped_network_is_where_its_percept_has_the_sign() -> None:
    world = generate_world(3, SPEC)
    line = world.scene.network.stop_lines[0]
    world = place_ego(world, line.s_m - 24.0, 0.0, 0.0, 5.0)
    perceive, look = load_perceiver(), load_layers()
    frame, _ = Painter(look.camera).look(world, truth=False)
    assert frame is not None
    (sign,) = [each for each in perceive(frame).detections if each.kind is ObjectKind.STOP_SIGN and each.score > 0.5]
    decision, second = look(frame)[-2:]
    picture = decision.maps[0]
    assert picture.name == Channel.STOP_SIGN.name.lower().replace("_", " ")
    row, column = np.unravel_index(int(picture.grey.argmax()), picture.grey.shape)
    x0, y0, x1, y1 = sign.box
    assert x0 - 8 <= 8 * column + 4 <= x1 + 8
    assert y0 - 8 <= 8 * row + 4 <= y1 + 8
    assert picture.peak > 0.5
    assert second.maps == ()
    assert second.again
    best = second.again[0]
    # Both scores are those of the percept: one frame, one judgement.
    assert (best.name, best.answer) == ("stop sign", "stop sign")
    assert best.score == pytest.approx(sign.score, abs=0.02)
    assert best.first == pytest.approx(picture.peak, abs=0.02)
    assert [each.score for each in second.again] == sorted((each.score for each in second.again), reverse=True)
    sizes = ((FINE * FOVEA_PX, FINE * FOVEA_PX, 3), (FOVEA_PX, FOVEA_PX, 3))
    assert all(tuple(part.shape for part in each.cuttings) == sizes for each in second.again)


def test_attention_lies_on_the_sign_and_is_asked_for() -> None:
    world = generate_world(3, SPEC)
    world = place_ego(world, world.scene.network.stop_lines[0].s_m - 20.0, 0.0, 0.0, 5.0)
    look = load_layers()
    frame, truth = Painter(look.camera).look(world)
    assert frame is not None
    assert truth is not None
    assert not any(view.over_camera for view in look(frame))
    view = look(frame, attention=True)[-1]
    assert view.over_camera
    row, column = np.unravel_index(int(view.maps[0].grey.argmax()), view.maps[0].grey.shape)
    x0, y0, x1, y1 = next(each.box for each in truth.objects if each.kind is ObjectKind.STOP_SIGN)
    assert x0 - 8 <= 8 * column + 4 <= x1 + 8
    assert y0 - 8 <= 8 * row + 4 <= y1 + 8
    assert view.maps[0].peak > 0.5


def test_a_frame_without_anything_is_looked_at_once() -> None:
    look = load_layers()
    second = look(CameraFrame(0, np.full((look.camera.height_px, look.camera.width_px, 3), 90, np.uint8), look.camera))[
        -1
    ]
    assert second.name == "second look"
    assert second.again is not None
    assert all(each.score < 0.5 for each in second.again)
