"""A sticker of a given picture on a sign's face: declared, kept in a file, drawn where it says."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from sim.camera import Camera
from sim.errors import RollingStopError
from sim.generate import generate_world
from sim.generate.restyle import with_sticker
from sim.render import Painter
from sim.render.faces import texture, textures
from sim.render.projection import View
from sim.signs import AS_NEW, SignKind, StopStyle, Weathering
from sim.spec import WorldSpec
from sim.stickers import (
    INKS,
    OCTAGON_AREA,
    Place,
    Sticker,
    noise_sticker,
    place_of,
    plain_sticker,
    read_sticker,
    write_sticker,
)

SPEC = WorldSpec(curvature_per_m=(0.0, 0.0), dusk_share=0.0, distractors=(0, 0))
PLACE = place_of(0.10, 0.0, -0.27, 2.0)


def _face(sticker, weathering=AS_NEW):
    return textures(StopStyle.HIGHWAY, 1, 0, 1.0, weathering.steps, sticker)


@pytest.mark.parametrize("weathering", [AS_NEW, Weathering(fade=0.6, dirt=0.5)])
def test_a_sticker_hides_its_share_of_the_face_and_nothing_else(weathering):
    bare, stuck = _face(None, weathering)[0].astype(int), _face(plain_sticker(PLACE, (0, 90, 200)), weathering)[0]

    changed = np.abs(stuck.astype(int) - bare).max(axis=2) > 0
    rows, columns = np.nonzero(changed)
    size = len(bare)
    assert changed.sum() / (OCTAGON_AREA * size * size) == pytest.approx(0.10, abs=0.006)
    assert (rows.min() + rows.max() + 1) / (2 * size) - 0.5 == pytest.approx(PLACE.v, abs=0.01)
    assert (columns.max() + 1 - columns.min()) / size == pytest.approx(PLACE.width, abs=0.02)
    assert (stuck[size // 2 + round(PLACE.v * size), size // 2, :3] == (0, 90, 200)).all()
    np.testing.assert_array_equal(stuck[..., 3], bare[..., 3])


def test_a_sticker_that_reaches_over_the_edge_is_cut_by_it():
    face = _face(plain_sticker(Place(0.45, 0.45, 0.5, 0.5)))[0]

    assert (face[-10:, -10:] == 0).all()
    assert (face[..., :3] <= face[..., 3:]).all()


def test_every_copy_of_a_face_carries_the_sticker():
    sticker = noise_sticker(PLACE, 8, 16, 3)
    key = (StopStyle.HIGHWAY, 1, 0, 1.0, AS_NEW.steps, sticker)

    for number, copy in enumerate(_face(sticker)):
        assert not np.array_equal(copy, _face(None)[number])
    np.testing.assert_array_equal(texture(key, 60.0), _face(sticker)[2])


def test_noise_is_printable_and_the_same_for_the_same_seed():
    one, same, other = (noise_sticker(PLACE, 8, 16, seed) for seed in (3, 3, 4))

    assert one == same != other
    assert one.picture.shape == (8, 16, 3)
    inks = np.array(INKS)
    assert (one.picture >= inks.min(axis=0)).all() and (one.picture <= inks.max(axis=0)).all()


def test_a_world_carries_its_sticker_into_the_frame_and_nowhere_else():
    world = generate_world(5, SPEC)
    painter = Painter(Camera())

    bare, again = (painter.look(with_sticker(world, None), truth=False)[0].rgb.astype(int) for _ in range(2))
    changed = with_sticker(world, plain_sticker(Place(0.0, 0.0, 0.5, 0.5), (0, 0, 0)))
    frame, truth = painter.look(changed)

    np.testing.assert_array_equal(bare, again)
    rows, columns = np.nonzero(np.abs(frame.rgb.astype(int) - bare).max(axis=2))
    box = next(thing.box for thing in truth.objects if thing.applies_to_ego)
    assert len(rows) > 4
    assert box[0] - 1 <= columns.min() and columns.max() <= box[2] + 1
    assert box[1] - 1 <= rows.min() and rows.max() <= box[3] + 1
    sign = next(sign for sign in changed.scene.signs if sign.kind is SignKind.STOP and sign.applies_to_ego)
    assert sign.attributes["conditions"] == "sticker"
    assert View.of(changed, Camera(), 1.0).depth_m(sign.x_m, sign.y_m) > 10


def test_a_sticker_survives_its_file(tmp_path):
    sticker = noise_sticker(PLACE, 8, 16, 3)

    write_sticker(sticker, tmp_path / "sticker.json")

    assert read_sticker(tmp_path / "sticker.json") == sticker


def test_what_is_no_sticker_is_refused_in_one_line(tmp_path):
    with pytest.raises(RollingStopError, match="no such file"):
        read_sticker(tmp_path / "none.json")
    path = tmp_path / "sticker.json"
    write_sticker(plain_sticker(PLACE), path)
    raw = json.loads(path.read_text())
    for change, words in (({"rgb": "ff"}, "hexadecimal"), ({"width": 2.0}, "width"), ({"glue": 1}, "glue")):
        path.write_text(json.dumps({**raw, **change}))
        with pytest.raises(RollingStopError, match=words):
            read_sticker(path)
    path.write_text("no JSON")
    with pytest.raises(RollingStopError, match="JSONDecodeError"):
        read_sticker(path)


def test_a_place_knows_its_area_and_whether_it_is_on_the_octagon():
    assert place_of(0.1, 0.0, 0.0).area_share == pytest.approx(0.1)
    assert place_of(0.1, 0.0, 0.0).on_octagon
    assert not place_of(0.1, 0.35, 0.35).on_octagon
    with pytest.raises(ValueError, match="centre"):
        replace(plain_sticker(PLACE), u=0.7)
    with pytest.raises(ValueError, match="rows"):
        Sticker(0.0, 0.0, 0.1, 0.1, 0, 1, "")
