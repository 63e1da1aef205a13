"""The differentiable paste agrees with the painter, and descending lowers the score."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from perception.attack.optimise import (
    PLACES,
    AttackConfig,
    SignScorer,
    Start,
    candidate_places,
    find_stickers,
    picture_size,
    sign_mask,
)
from perception.attack.views import CUT_PX, pasted, pasting, region_px, take_views
from perception.channels import STRIDE
from perception.weights import read_weights
from sim.camera import Camera
from sim.spec import WorldSpec
from sim.stickers import INKS, noise_sticker, place_of, plain_sticker

SPEC = WorldSpec(approach_m=(60.0, 70.0), curvature_per_m=(0.0, 0.0), distractors=(0, 1))


@pytest.fixture(scope="module")
def views():
    return take_views(SPEC, 11, 6, Camera())


def test_views_show_the_whole_sign_and_repeat_themselves(views):
    again = take_views(SPEC, 11, 2, Camera())

    for view, same in zip(views, again, strict=False):
        np.testing.assert_array_equal(view.plain, same.plain)
    for view in views:
        x0, y0, x1, y1 = view.box_px
        assert 0 <= x0 < x1 <= CUT_PX and 0 <= y0 < y1 <= CUT_PX
        assert x1 - x0 == pytest.approx(720 * 0.76 / view.distance_m, rel=0.1)
        mask = sign_mask(view)
        assert mask[int((y0 + y1) / 2 / STRIDE), int((x0 + x1) / 2 / STRIDE)] == 1
        assert 1 <= mask.sum() < 0.25 * mask.size


@pytest.mark.parametrize("kind", ["plain", "noise"])
def test_what_is_pasted_is_what_the_painter_draws(views, kind, monkeypatch):
    place = place_of(0.12, 0.1, -0.15, 1.6)
    rows, columns = picture_size(place)
    sticker = plain_sticker(place, (0, 60, 200)) if kind == "plain" else noise_sticker(place, rows, columns, 2)
    # The same views again, with the sticker itself where else nothing is on the sign: drawn by the painter.
    from perception.attack import views as module

    stuck = module.with_sticker
    monkeypatch.setattr(module, "with_sticker", lambda world, on_it: stuck(world, on_it or sticker))
    painted = [view.plain for view in take_views(SPEC, 11, 6, Camera())]
    size = region_px(views, place)

    for view, truth in zip(views, painted, strict=True):
        way = pasting(view, place, sticker.rows, sticker.columns, size)
        done = pasted(view, way, sticker.picture)
        hidden = np.abs(truth - view.plain).mean(axis=2) > 3
        assert hidden.any()
        error = np.abs(done - truth).mean(axis=2)
        assert error[hidden].mean() < 0.35 * np.abs(truth - view.plain).mean(axis=2)[hidden].mean()
        assert error[~hidden].mean() < 0.3


def test_a_few_steps_make_the_network_less_sure(views):
    config = AttackConfig(
        area=0.15, views=8, held_back=4, places=2, place_steps=2, finalists=2, steps=16, batch=4, seed=1
    )

    found = find_stickers(SPEC, config)

    assert [(each.place, each.start) for each in found.places] == [
        (place, start) for place in candidate_places(config) for start in Start
    ]
    assert len(found.candidates) == 2
    assert found.candidates[0].score <= found.candidates[1].score
    for candidate in found.candidates:
        picture, inks = candidate.sticker.picture, np.array(INKS)
        assert (candidate.sticker.place, candidate.start) in [(each.place, each.start) for each in found.places]
        assert candidate.sticker.place.area_share == pytest.approx(0.15)
        assert (picture >= inks.min(axis=0)).all() and (picture <= inks.max(axis=0)).all()
        assert len(candidate.losses) == 16
        assert np.mean(candidate.losses[-4:]) < candidate.losses[0]
        assert candidate.held_back["optimised"] < candidate.held_back["none"]


def test_a_descent_from_white_begins_with_nearly_white_paper():
    config = AttackConfig(
        area=0.15, views=2, held_back=1, places=1, place_steps=1, finalists=2, steps=1, batch=2, seed=1
    )

    found = find_stickers(SPEC, config)

    light = {each.start: each.sticker.picture.mean() for each in found.candidates}
    assert light[Start.WHITE] > 190 > light[Start.NOISE]


def test_the_scorer_agrees_with_whole_frames(views):
    card, arrays = read_weights()
    scorer = SignScorer(card.network, arrays)

    assert scorer.mean_score(views, None) > 0.5


def test_places_lie_on_the_face_and_small_signs_of_them_are_refused():
    places = candidate_places(AttackConfig(area=0.1))

    assert len(places) == len(PLACES)
    assert all(place.on_octagon and place.area_share == pytest.approx(0.1) for place in places)
    assert len(candidate_places(AttackConfig(area=0.4))) < len(PLACES)


@pytest.mark.parametrize(
    "wrong", [{"area": 0.0}, {"area": 0.9}, {"steps": 0}, {"places": 99}, {"finalists": 0}, {"seed": -1}]
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="Expected"):
        replace(AttackConfig(), **wrong)
