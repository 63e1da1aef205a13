"""What the second look learns from: changed pictures, stickers, and the opponent who paints them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from perception import second_cuttings
from perception.augment import AugmentConfig
from perception.fovea import (
    CUTTING_CHANNELS,
    FOVEA_PX,
    THING,
    Answer,
    build_fovea,
    log_odds,
)
from perception.second_boxes import Told
from perception.second_cuttings import BARE, Cut, Opponent, cut_changed, pasted

WIDTHS = (4, 4, 8)


@pytest.mark.parametrize("change", [second_cuttings._turned, second_cuttings._ending])
def test_a_changed_picture_still_shows_the_thing_in_its_box(change):
    rgb = np.zeros((120, 160, 3), np.uint8)
    cv2.circle(rgb, (80, 60), 12, (200, 30, 40), -1)
    boxes = np.array([[66.0, 45.0, 90.0, 70.0], [68.0, 48.0, 92.0, 72.0]], np.float32)
    for seed in range(20):
        picture, there = change(rgb, boxes, np.random.default_rng(seed))
        rows, columns = np.nonzero(picture[..., 0] > 100)
        found = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert there[1] == pytest.approx(found, abs=2.5)
        assert np.abs(there[0] - there[1]).max() < 8.0


def told_of(box: tuple[float, ...], answer: Answer) -> Told:
    """Return one box that shows a thing 20 m away."""
    boxes = np.array([box], np.float32)
    return Told(boxes, np.array([answer], np.int32), boxes, np.log(np.array([20.0 / 720.0], np.float32)))


def test_cuttings_of_a_changed_picture_repeat_themselves():
    rgb = np.random.default_rng(1).integers(0, 256, (96, 192, 3), dtype=np.uint8)
    told = told_of((10.0, 10.0, 30.0, 30.0), Answer.STOP_SIGN)
    made = [cut_changed(rgb, told, 0, AugmentConfig(), np.random.default_rng(5)) for _ in range(2)]

    assert made[0].rgb.shape == (FOVEA_PX, FOVEA_PX, CUTTING_CHANNELS)
    assert (made[0].rgb == made[1].rgb).all()
    assert (made[0].sticker == made[1].sticker).all()


@pytest.mark.parametrize("answer", [Answer.STOP_SIGN, Answer.OTHER_SIGN, Answer.NOTHING, Answer.VEHICLE, Answer.PERSON])
def test_stickers_are_put_on_signs_of_every_kind_and_on_nothing_else(answer):
    always = AugmentConfig(cut_sticker=1.0, cut_sticker_others=1.0, cut_deceit=1.0)
    rgb = np.full((96, 192, 3), 60, np.uint8)
    told = told_of((40.0, 20.0, 70.0, 50.0), answer)
    for seed in range(20):
        cut = cut_changed(rgb, told, 0, always, np.random.default_rng(seed))

        shares = (cut.sticker != BARE).mean(axis=(0, 1))
        if answer in (Answer.STOP_SIGN, Answer.OTHER_SIGN):
            # Of the sign's box, which fills 1 / 1.5 of a cutting's side; a turned sign is narrower.
            fine = shares[:-1].mean()
            assert 0.2 * 0.03 / THING**2 < fine < 0.17 / THING**2
            assert 0.0 < shares[-1] < fine
            assert cut.texels.max() <= cut.light
            assert cut.deceitful is (answer is Answer.STOP_SIGN)
        else:
            assert not shares.any()


@pytest.mark.parametrize(("answer", "share"), [(Answer.STOP_SIGN, 0.8), (Answer.OTHER_SIGN, 0.1)])
def test_stop_signs_and_other_signs_wear_stickers_as_often_as_each_is_to(answer, share):
    often = AugmentConfig(cut_sticker=0.8, cut_sticker_others=0.1)
    rgb = np.full((96, 192, 3), 60, np.uint8)
    told = told_of((40.0, 20.0, 70.0, 50.0), answer)

    cuts = [cut_changed(rgb, told, 0, often, np.random.default_rng(seed)) for seed in range(200)]

    # Three standard deviations of a share of 200.
    assert np.mean([(cut.sticker != BARE).any() for cut in cuts]) == pytest.approx(share, abs=0.09)


def test_an_opponent_paints_stickers_that_make_stop_signs_look_like_none():
    fovea = build_fovea(WIDTHS)
    rng = np.random.default_rng(2)
    weights = fovea.get_layer("fovea_answers")
    weights.kernel.assign(rng.normal(0.0, 1.0, weights.kernel.shape))
    stickers = np.full((FOVEA_PX, FOVEA_PX, CUTTING_CHANNELS // 3), BARE, np.uint8)
    stickers[10:30, 10:30, 0] = np.arange(400).reshape(20, 20) % 64
    cuts = [
        Cut(
            rng.integers(0, 256, (FOVEA_PX, FOVEA_PX, CUTTING_CHANNELS), dtype=np.uint8),
            Answer.STOP_SIGN,
            np.full(5, np.nan, np.float32),
            stickers,
            np.full((64, 3), 100.0, np.float32),
            200.0,
            deceitful,
        )
        for deceitful in (True, False)
    ]

    batch = Opponent(fovea).put_on(cuts)

    def belief(rgb):
        logits = fovea(rgb, training=False).numpy()[:, : len(Answer)].astype(np.float64)
        return log_odds(logits, np.full(len(rgb), Answer.STOP_SIGN))

    plain = pasted(
        np.stack([cut.rgb for cut in cuts]), np.stack([cut.sticker for cut in cuts]), np.stack([c.texels for c in cuts])
    )
    assert (batch.rgb[1] == plain[1]).all()
    worn = np.repeat(stickers != BARE, 3, axis=-1)
    assert (batch.rgb[:, ~worn] == plain[:, ~worn]).all()
    assert batch.rgb[:, worn].max() <= 200
    before, after = belief(plain), belief(batch.rgb)
    assert after[0] < before[0]
