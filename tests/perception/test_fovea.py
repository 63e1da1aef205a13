"""The second look: what it cuts out, what it is told, and what becomes of scores."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from perception import second_lessons
from perception.attack.optimise import _cuttings
from perception.attack.views import CUT_PX
from perception.augment import SHARES, AugmentConfig
from perception.backend import tf
from perception.channels import Channel
from perception.fovea import (
    CROWDED,
    CUTTING_CHANNELS,
    FARTHEST_CENTRE,
    FINE,
    FOVEA_PX,
    GLANCES,
    LOOKED_AT,
    LOWEST_LOOKED_AT,
    MOST_LOOKED_AT,
    OUTPUTS,
    SURROUNDINGS,
    THING,
    WEIGHING,
    Answer,
    Fovea,
    Measured,
    build_fovea,
    cut_candidates,
    folded,
    is_fovea,
    load_fovea,
    log_odds,
    measured_boxes,
    pictures_of,
    places_of,
    true_measures,
)
from perception.labels import no_labels
from perception.learner import tempered
from perception.perceiver import Perceiver, load_perceiver
from perception.pipeline import Preparer, decode_image
from perception.second_boxes import Told, boxes_to_show
from perception.second_cuttings import cut_changed
from perception.train import train
from perception.training_config import TrainConfig
from perception.weights import arrays_of, read_weights
from sim.camera import CameraFrame
from sim.errors import WeightsError
from sim.percept import ObjectKind
from sim.recording import Dataset
from tests.perception.conftest import SMALL_CAMERA, SMALL_TRAINING, Trained

WIDTHS = (4, 4, 8)
SECOND_TRAINING = replace(
    SMALL_TRAINING, closeup_steps=0, epochs=0, fovea_steps=3, fovea_batch=8, fovea=WIDTHS, shuffle_buffer=8
)


@pytest.fixture(scope="module")
def twice(trained: Trained, small_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("twice")
    train(small_dataset.path, folder, SECOND_TRAINING, start_from=trained.folder, workers=1)
    return folder


AS_BEFORE = (0.0, 0.0, -np.log(THING), -np.log(THING), 0.0, -3.0)
"""Measures of a square thing that fills the candidate's box."""


def answering(
    answer: Answer,
    sureness: float,
    weighing: tuple[float, float, float],
    measures: tuple[float, ...] = AS_BEFORE,
) -> Fovea:
    """Return a second look that always answers the same."""
    outputs = np.zeros((1, OUTPUTS), np.float32)
    outputs[0, answer] = sureness
    outputs[0, len(Answer) :] = measures
    return Fovea(
        np.array([weighing] * len(LOOKED_AT), np.float32), lambda cuttings: np.repeat(outputs, len(cuttings), axis=0)
    )


@pytest.mark.parametrize("side", [6, 24, 90])
def test_a_cutting_shows_the_thing_and_the_other_its_surroundings(side):
    rgb = np.zeros((200, 300, 3), np.uint8)
    left, top = 100, 60
    rgb[top : top + side, left : left + side] = (200, 30, 40)

    (cutting,) = cut_candidates(rgb, np.array([[left, top, left + side, top + side]], np.float32))

    for part, extent, size in zip(
        pictures_of(cutting), (THING, SURROUNDINGS), (FINE * FOVEA_PX, FOVEA_PX), strict=True
    ):
        assert part.shape == (size, size, 3)
        red = part[..., 0] > 100
        assert red[size // 2, size // 2]
        assert red.sum() == pytest.approx((size / extent) ** 2, rel=0.25)
        rows, columns = np.nonzero(red)
        # Half a pixel of nine.
        middle = pytest.approx(size / 2 - 0.5, abs=size / 16)
        assert rows.mean() == pytest.approx(columns.mean(), abs=size / 48) == middle


def test_a_folded_picture_unfolds_into_itself():
    fine = np.random.default_rng(3).integers(0, 256, (FINE * FOVEA_PX, FINE * FOVEA_PX, 3), dtype=np.uint8)
    wide = np.zeros((FOVEA_PX, FOVEA_PX, 3), np.uint8)

    cutting = np.concatenate([folded(fine), wide], axis=-1)

    assert cutting.shape[-1] == CUTTING_CHANNELS
    assert (pictures_of(cutting)[0] == fine).all()
    # The first three channels are the upper left pixel of each square of 2 x 2, the next the one to its right.
    assert (cutting[..., :3] == fine[::2, ::2]).all()
    assert (cutting[..., 3:6] == fine[::2, 1::2]).all()


@pytest.mark.parametrize("box", [(-40, -30, -10, -5), (290, 190, 340, 240), (0, 0, 300, 200), (5, 5, 5, 5)])
def test_what_lies_outside_the_frame_repeats_its_edge(box):
    rgb = np.full((200, 300, 3), 77, np.uint8)

    assert (cut_candidates(rgb, np.array([box], np.float32)) == 77).all()


def test_the_gradients_path_cuts_what_the_perceiver_cuts():
    rng = np.random.default_rng(4)
    coarse = rng.integers(0, 256, (1, 16, 16, 3)).astype(np.float32)
    rgb = tf.image.resize(coarse, (CUT_PX, CUT_PX)).numpy()
    boxes = np.array([[50.0, 40.0, 82.0, 72.0]], np.float32)

    theirs = cut_candidates(rgb[0].round().astype(np.uint8), boxes).astype(np.float32)
    ours = _cuttings(tf.constant(rgb), tf.constant(boxes)).numpy()

    assert np.abs(ours - theirs)[..., :-3].mean() < 2.0
    assert np.abs(ours - theirs)[:, 8:-8, 8:-8, -3:].mean() < 4.0


def test_log_odds_are_those_of_the_softmax_and_bounded():
    logits = np.array([[1.0, 2.0, 0.5, -1.0, 0.0], [0.0, 90.0, 0.0, 0.0, 0.0]])

    odds = log_odds(logits, np.array([1, 1]))

    share = np.exp(logits[0]) / np.exp(logits[0]).sum()
    assert odds[0] == pytest.approx(np.log(share[1] / (1 - share[1])))
    assert odds[1] == 12.0


def test_the_second_look_raises_and_lowers_what_it_looks_at_and_nothing_else():
    rgb = np.zeros((100, 100, 3), np.uint8)
    kinds = np.array([Channel.STOP_SIGN, Channel.PEDESTRIAN, Channel.VEHICLE, Channel.STOP_SIGN])
    boxes = np.tile(np.array([10.0, 10.0, 20.0, 20.0], np.float32), (4, 1))
    scores = np.array([0.6, 0.5, 0.4, LOWEST_LOOKED_AT / 2])

    done = answering(Answer.STOP_SIGN, 6.0, (0.5, 1.0, 0.0)).revise(rgb, boxes, scores, kinds)

    assert done.seen.tolist() == [0, 1]
    assert done.scores[0] > 0.9
    assert done.scores[1] < 0.1
    assert done.scores[2:].tolist() == scores[2:].tolist()
    assert done.boxes == pytest.approx(boxes, abs=0.51)
    assert len(done.log_spans) == len(done.log_spreads) == 2


def test_what_is_added_changes_nothing_before_it_has_learned():
    fovea = build_fovea(WIDTHS)
    weights = {weight.path: weight for weight in fovea.trainable_variables}
    cuttings = np.random.default_rng(3).integers(0, 256, (4, FOVEA_PX, FOVEA_PX, CUTTING_CHANNELS), np.uint8)
    before = np.asarray(fovea(cuttings, training=False))

    for name in ("fovea_2_more/kernel", "fovea_4_more/kernel"):
        weights[name].assign(2.0 * weights[name])
    same = np.asarray(fovea(cuttings, training=False))
    weights["fovea_2_again/kernel"].assign(weights["fovea_2_again/kernel"] + 0.1)

    assert (same == before).all()
    assert not np.allclose(np.asarray(fovea(cuttings, training=False)), before)


def test_many_glances_outvote_one_that_errs_and_close_in_on_the_thing():
    thing = (40.0, 30.0, 64.0, 54.0)
    rgb = np.zeros((96, 128, 3), np.uint8)
    rgb[30:54, 40:64] = 255
    calls = []

    def judge(cuttings):
        """Believe in a stop sign, but for the first glance; measure the white square's edges."""
        outputs = np.zeros((len(cuttings), OUTPUTS), np.float32)
        for row, cutting in zip(outputs, cuttings, strict=True):
            row[Answer.STOP_SIGN] = 6.0 if calls else -6.0
            white = pictures_of(cutting)[0][..., 0] > 128
            columns, rows = (np.flatnonzero(white.any(axis=axis)) for axis in (0, 1))
            (u0, u1), (v0, v1) = ((found[0] / 96, (found[-1] + 1) / 96) for found in (columns, rows))
            measures = ((u0 + u1) / 2 - 0.5, (v0 + v1) / 2 - 0.5, np.log(u1 - u0), np.log(v1 - v0))
            row[len(Answer) :][: len(measures)] = measures
        calls.append(len(cuttings))
        return outputs

    fovea = Fovea(np.array([(0.0, 1.0, 0.0)] * len(LOOKED_AT), np.float32), judge)
    boxes = np.array([(36.0, 28.0, 58.0, 52.0), (36.0, 28.0, 58.0, 52.0)], np.float32)
    scores, channels = np.array([0.5, 0.5]), np.array([Channel.STOP_SIGN, Channel.VEHICLE])

    final, measured = fovea.ponder(rgb, boxes, scores, channels)

    assert calls == [1] * (2 * len(GLANCES))
    assert final[0] > 0.95
    assert measured[0] == pytest.approx(thing, abs=1.0)
    assert np.abs(measured[0] - thing).max() < np.abs(boxes[0] - thing).max()
    assert final[1] == 0.5
    assert measured[1].tolist() == boxes[1].tolist()


def test_no_more_candidates_than_agreed_are_looked_at():
    count = MOST_LOOKED_AT + 3
    scores = np.linspace(0.9, 0.5, count)

    done = answering(Answer.NOTHING, 6.0, (0.0, 1.0, 0.0)).revise(
        np.zeros((50, 50, 3), np.uint8), np.tile([1.0, 1, 9, 9], (count, 1)), scores, np.zeros(count, np.int64)
    )

    assert (done.scores[:MOST_LOOKED_AT] < 0.5).all()
    assert done.scores[MOST_LOOKED_AT:].tolist() == scores[MOST_LOOKED_AT:].tolist()


@pytest.mark.parametrize("box", [(40.0, 20.0, 60.0, 40.0), (41.3, 20.2, 49.9, 31.7), (-6.0, 2.0, 30.0, 39.0)])
def test_what_is_measured_right_gives_the_things_own_box_and_distance(box):
    thing = np.array([[43.0, 22.0, 57.0, 41.0]], np.float32)
    places = places_of(np.array([box], np.float32), (96, 192, 3))
    log_span = np.log(np.array([17.0]) / SMALL_CAMERA.focal_px)

    measures = np.append(true_measures(thing, log_span, places), [[-3.0]], axis=1)

    inside = np.abs(measures[0, :2]).max() <= FARTHEST_CENTRE
    assert (measured_boxes(measures, places) == pytest.approx(thing, abs=1e-3)) == inside
    assert measures[0, Measured.LOG_SIZE] - np.log(places[0, 0, 2]) == pytest.approx(log_span[0], abs=1e-5)


def test_measures_out_of_all_bounds_give_boxes_near_the_candidate():
    places = places_of(np.array([[40.0, 20.0, 60.0, 40.0]], np.float32), (96, 192, 3))

    (box,) = measured_boxes(np.array([[9.0, -9.0, 50.0, -50.0, 0.0, 0.0]]), places)

    assert np.isfinite(box).all()
    assert 0 < box[3] - box[1] < box[2] - box[0] <= 45.0 + 1e-3


def test_a_sign_is_as_far_as_the_second_look_measures_and_found_twice_it_is_one():
    peaks = np.zeros((64, 8), np.float32)
    # Both halves of one sign are believed to be one.
    peaks[:2, :6] = [(0.6, Channel.STOP_SIGN, 10, 10, 26, 26), (0.5, Channel.STOP_SIGN, 18, 10, 34, 26)]
    # So unsure that its distance counts for nothing beside the second look's.
    peaks[:2, 6:8] = np.log(99.0), 3.0

    def judge(cuttings):
        outputs = np.zeros((len(cuttings), OUTPUTS), np.float32)
        outputs[:, Answer.STOP_SIGN] = 5.0
        # The sign's middle is right of the one's and left of the other's.
        outputs[:, len(Answer) :] = [
            (side * 4 / 24, 0.0, np.log(20 / 24), np.log(20 / 24), np.log(0.76 * 24 / 20), -3.0) for side in (1, -1)
        ][: len(cuttings)]
        return outputs

    fovea = Fovea(np.array([(0.5, 1.0, 0.0)] * len(LOOKED_AT), np.float32), judge)
    perceive = Perceiver(SMALL_CAMERA, None, 0.2, lambda rgb: (peaks.copy(), np.zeros(6, np.float32)), fovea)

    (sign,) = perceive(CameraFrame(0, np.zeros((96, 192, 3), np.uint8), SMALL_CAMERA)).detections

    assert sign.box == pytest.approx((12.0, 8.0, 32.0, 28.0), abs=0.01)
    assert sign.distance_m == pytest.approx(0.76 * SMALL_CAMERA.focal_px / 20, rel=1e-3)


def test_boxes_are_told_by_what_they_overlap_and_doubtful_ones_are_not_shown():
    labels = replace(
        no_labels(),
        boxes=np.array([[40, 20, 60, 40], [100, 20, 120, 40], [150, 20, 160, 60]], np.float32),
        channels=np.array([Channel.STOP_SIGN, Channel.DISTRACTOR, Channel.PEDESTRIAN], np.int32),
        distances_m=np.full(3, 20.0, np.float32),
        asked=np.array([True, True, False]),
    )
    peaks = np.zeros((5, 8), np.float32)
    peaks[:, 0] = 0.9, 0.8, 0.7, 0.6, 0.0001
    peaks[:, 2:6] = [
        (41, 21, 61, 41),  # the stop sign
        (101, 20, 121, 40),  # the other sign
        (46, 26, 66, 46),  # a corner of the stop sign: doubtful
        (5, 60, 25, 80),  # nothing
        (5, 5, 25, 25),  # hardly believed
    ]

    shown = boxes_to_show(labels, peaks, SMALL_CAMERA, np.random.default_rng(1))

    told = {tuple(box): answer for box, answer in zip(shown.boxes.tolist(), shown.answers.tolist(), strict=True)}
    assert told[(41, 21, 61, 41)] == Answer.STOP_SIGN
    assert told[(101, 20, 121, 40)] == Answer.OTHER_SIGN
    assert told[(5, 60, 25, 80)] == Answer.NOTHING
    assert (46, 26, 66, 46) not in told
    assert (5, 5, 25, 25) not in told
    assert Answer.PERSON not in told.values()
    sign = shown.boxes.tolist().index([41, 21, 61, 41])
    assert np.isnan(shown.things).all(), "nobody knows boxes and distances exactly where the road is not asked for"

    shown = boxes_to_show(replace(labels, road_asked=True), peaks, SMALL_CAMERA, np.random.default_rng(1))

    assert shown.things[sign].tolist() == [40, 20, 60, 40]
    assert shown.log_spans[sign] == pytest.approx(np.log(20.0 / SMALL_CAMERA.focal_px))
    assert np.isnan(shown.things[shown.answers == Answer.NOTHING]).all()


def test_among_more_candidates_than_any_road_has_each_is_believed_less():
    fovea = answering(Answer.STOP_SIGN, 2.0, (0.5, 1.0, 0.0))
    rgb = np.zeros((96, 192, 3), np.uint8)

    def first_of(count: int) -> float:
        boxes = np.tile(np.array([10, 10, 30, 30], np.float32), (count, 1))
        return fovea.revise(rgb, boxes, np.full(count, 0.5), np.full(count, Channel.STOP_SIGN)).scores[0]

    assert first_of(1) == first_of(MOST_LOOKED_AT)
    odds = [score / (1.0 - score) for score in (first_of(MOST_LOOKED_AT), first_of(3 * MOST_LOOKED_AT))]
    assert odds[1] == pytest.approx(odds[0] / 3.0**CROWDED)


def test_a_part_of_another_sign_shows_that_sign_and_a_stop_sign_before_one_does_not():
    labels = replace(
        no_labels(),
        boxes=np.array([[40, 20, 80, 60], [100, 20, 140, 60], [110, 30, 126, 46]], np.float32),
        channels=np.array([Channel.DISTRACTOR, Channel.DISTRACTOR, Channel.STOP_SIGN], np.int32),
        distances_m=np.full(3, 20.0, np.float32),
        asked=np.array([True, True, True]),
        road_asked=True,
    )
    peaks = np.zeros((4, 8), np.float32)
    peaks[:, 0] = 0.9, 0.8, 0.7, 0.6
    peaks[:, 2:6] = [
        (46, 24, 70, 48),  # the stop sign on a poster, with an IoU of 0.36
        (110, 30, 126, 46),  # a stop sign before a poster
        (118, 32, 134, 48),  # half of it: doubtful
        (66, 46, 94, 74),  # a poster's corner, most of it beside the poster
    ]

    shown = boxes_to_show(labels, peaks, SMALL_CAMERA, np.random.default_rng(1))

    told = {tuple(box): k for k, box in enumerate(shown.boxes.tolist())}
    part = told[(46, 24, 70, 48)]
    assert shown.answers[part] == Answer.OTHER_SIGN
    assert np.isnan(shown.things[part]).all() and np.isnan(shown.log_spans[part])
    assert shown.answers[told[(110, 30, 126, 46)]] == Answer.STOP_SIGN
    assert (118, 32, 134, 48) not in told
    assert shown.answers[told[(66, 46, 94, 74)]] == Answer.NOTHING


def test_training_the_second_look_leaves_the_first_as_it_was(twice: Path, trained: Trained) -> None:
    before, after = read_weights(trained.folder)[1], read_weights(twice)[1]

    assert {name for name in after if not is_fovea(name)} == set(before)
    assert all((after[name] == before[name]).all() for name in before)
    assert after[WEIGHING].shape == (len(LOOKED_AT), 3)
    assert after["fovea_1/bias"].shape == (WIDTHS[0],)


def test_the_same_lessons_give_the_same_second_look_on_any_number_of_threads(
    twice: Path, trained: Trained, small_dataset: Dataset, tmp_path: Path
) -> None:
    train(small_dataset.path, tmp_path, SECOND_TRAINING, start_from=trained.folder, workers=3)

    first, second = read_weights(twice)[1], read_weights(tmp_path)[1]
    assert all((first[name] == second[name]).all() for name in first)


def test_weights_with_a_second_look_make_a_perceiver_that_takes_it(twice: Path, small_dataset: Dataset) -> None:
    perceive = load_perceiver(twice, lowest_score=0.0)
    example = next(small_dataset.examples())

    percept = perceive(CameraFrame(5, decode_image(example, SMALL_CAMERA), SMALL_CAMERA))

    assert perceive.fovea is not None
    scores = [each.score for each in percept.detections]
    assert scores == sorted(scores, reverse=True)


def test_a_lesson_starts_from_the_second_look_that_is_there(
    twice: Path, small_dataset: Dataset, tmp_path: Path
) -> None:
    still = replace(SECOND_TRAINING, learning_rate=1e-9, weight_decay=0.0)
    train(small_dataset.path, tmp_path, still, start_from=twice, workers=1)

    before, after = read_weights(twice)[1], read_weights(tmp_path)[1]
    assert all(np.allclose(before[name], after[name], atol=1e-5) for name in before if name != WEIGHING)


def test_of_a_second_look_a_share_of_what_is_named_remains(twice: Path, small_dataset: Dataset, tmp_path: Path) -> None:
    train(small_dataset.path, tmp_path / "more", SECOND_TRAINING, start_from=twice, workers=1)
    half = replace(SECOND_TRAINING, fovea_base_share=0.5)
    train(
        small_dataset.path, tmp_path / "half", half, start_from=tmp_path / "more", temper_by=twice, workers=1
    )  # fmt: skip
    train(small_dataset.path, tmp_path / "all", SECOND_TRAINING, start_from=tmp_path / "more", workers=1)

    named, learned, kept = (read_weights(folder)[1] for folder in (twice, tmp_path / "all", tmp_path / "half"))
    for name in named:
        if is_fovea(name) and name != WEIGHING:
            assert kept[name] == pytest.approx(0.5 * named[name] + 0.5 * learned[name], abs=1e-5)


@pytest.mark.parametrize("wrong", [None, np.zeros((1, 3), np.float32), np.full((2, 3), np.nan, np.float32)])
def test_a_second_look_without_its_weighing_is_refused(wrong):
    arrays = arrays_of(build_fovea(WIDTHS))
    if wrong is not None:
        arrays[WEIGHING] = wrong

    with pytest.raises(WeightsError, match=WEIGHING):
        load_fovea(arrays)


def test_a_second_look_of_odd_sizes_is_refused():
    arrays = arrays_of(build_fovea(WIDTHS)) | {WEIGHING: np.zeros((2, 3), np.float32)}
    arrays["fovea_3/kernel"] = np.zeros((3, 3, 4, 99), np.float32)

    with pytest.raises(WeightsError, match="fovea_3/kernel"):
        load_fovea(arrays)


@pytest.mark.parametrize("shape", [(), (0,), (4, 4), (10_000,)])
def test_a_second_look_of_no_channels_or_too_many_is_refused(shape):
    arrays = arrays_of(build_fovea(WIDTHS)) | {WEIGHING: np.zeros((2, 3), np.float32)}
    arrays["fovea_1/bias"] = np.zeros(shape, np.float32)

    with pytest.raises(WeightsError, match="1 to 1024 channels"):
        load_fovea(arrays)


def test_a_frame_of_doubtful_boxes_alone_is_passed_over(trained: Trained, small_dataset: Dataset, monkeypatch) -> None:
    shown = second_lessons.boxes_to_show
    calls = []

    def sometimes(*args):
        calls.append(args)
        told = shown(*args)
        return (
            Told(*(part[:0] for part in (told.boxes, told.answers, told.things, told.log_spans)))
            if len(calls) % 2
            else told
        )

    monkeypatch.setattr(second_lessons, "boxes_to_show", sometimes)
    _, arrays = read_weights(trained.folder)

    learned = second_lessons.learn_to_look_twice(small_dataset, 36, SECOND_TRAINING, arrays, 1)

    assert len(calls) > 10
    assert np.isfinite(learned[WEIGHING]).all()


@pytest.mark.parametrize("own", [None, AugmentConfig(blur=0.9, cut_sticker=0.0)])
def test_lessons_change_frames_in_their_own_way_and_show_each_box_twice(
    trained: Trained, small_dataset: Dataset, monkeypatch, own
) -> None:
    config = replace(SECOND_TRAINING, fovea_steps=3, fovea_augment=own)
    used, shown = [], []

    def prepared(camera, augment, seed):
        used.append(augment)
        return Preparer(camera, augment, seed)

    def told(labels, peaks, *args):
        shown.append((id(labels), peaks[:, 2:6].copy()))
        return boxes_to_show(labels, peaks, *args)

    monkeypatch.setattr(second_lessons, "Preparer", prepared)
    monkeypatch.setattr(second_lessons, "boxes_to_show", told)

    second_lessons.learn_to_look_twice(small_dataset, 36, config, read_weights(trained.folder)[1], 1)

    assert used == 2 * [own or config.augment]
    for (frame, boxes), (again, displaced) in zip(shown[::2], shown[1::2], strict=False):
        assert frame == again
        aside = np.abs(boxes + np.roll(boxes, 2, axis=1) - displaced - np.roll(displaced, 2, axis=1))[:, :2] / 2.0
        assert 0.0 < (aside / (boxes[:, 2:] - boxes[:, :2])).max() < 0.4


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_the_last_lessons_change_frames_in_a_way_of_their_own(
    trained: Trained, small_dataset: Dataset, monkeypatch, share: float
) -> None:
    last = AugmentConfig(**dict.fromkeys(SHARES, 0.0))
    asked = {"fovea_last_share": share, "fovea_last_augment": last} if share else {}
    config = replace(SECOND_TRAINING, fovea_steps=120, **asked)
    ways: list[AugmentConfig] = []

    def cut(rgb, told, number, augment, rng):
        ways.append(augment)
        return cut_changed(rgb, told, number, augment, rng)

    monkeypatch.setattr(second_lessons, "cut_changed", cut)

    second_lessons.learn_to_look_twice(small_dataset, 36, config, read_weights(trained.folder)[1], 1)

    before = ways.index(last) if last in ways else len(ways)
    shown = config.fovea_steps * config.fovea_batch
    assert ways == before * [config.augment] + (len(ways) - before) * [last]
    assert (last in ways) == (share > 0.0)
    # Sixteen frames at a time are cut in one way, each twice.
    assert share == 0.0 or 0.0 <= before - (1.0 - share) * shown < 300


@pytest.mark.parametrize("half", [{"fovea_last_share": 0.5}, {"fovea_last_augment": AugmentConfig()}])
def test_last_lessons_that_are_told_by_half_are_refused(half):
    with pytest.raises(ValueError, match="together, or neither"):
        TrainConfig(**half)


def test_of_two_distances_each_counts_as_much_as_it_is_sure():
    peaks = np.zeros((64, 8), np.float32)
    peaks[0] = 0.6, Channel.STOP_SIGN, 10, 10, 26, 26, np.log(40.0), -2.0
    second_m = 0.76 * SMALL_CAMERA.focal_px / 16
    measures = (0.0, 0.0, -np.log(THING), -np.log(THING), np.log(0.76 * THING), -2.0)
    fovea = answering(Answer.STOP_SIGN, 5.0, (0.5, 1.0, 0.0), measures)
    perceive = Perceiver(SMALL_CAMERA, None, 0.2, lambda rgb: (peaks.copy(), np.zeros(6, np.float32)), fovea)

    (sign,) = perceive(CameraFrame(0, np.zeros((96, 192, 3), np.uint8), SMALL_CAMERA)).detections

    assert sign.distance_m == pytest.approx(np.sqrt(40.0 * second_m), rel=1e-3)
    assert sign.distance_spread_m == pytest.approx(sign.distance_m * np.sqrt(2.0) * np.exp(-2.0), rel=1e-3)


def test_everything_that_was_looked_at_twice_can_be_shown():
    peaks = np.zeros((64, 8), np.float32)
    peaks[:3, :6] = [
        (0.9, Channel.VEHICLE, 40, 40, 60, 60),
        (0.6, Channel.STOP_SIGN, 10, 10, 30, 30),
        (0.3, Channel.PEDESTRIAN, 70, 30, 80, 60),
    ]
    fovea = answering(Answer.STOP_SIGN, 5.0, (0.5, 1.0, 0.0))
    perceive = Perceiver(SMALL_CAMERA, None, 0.2, lambda rgb: (peaks, np.zeros(6, np.float32)), fovea)
    frame = CameraFrame(0, np.zeros((96, 192, 3), np.uint8), SMALL_CAMERA)

    looks = perceive.second_looks(frame)

    assert [(look.channel, round(look.first, 4)) for look in looks] == [
        (Channel.STOP_SIGN, 0.6),
        (Channel.PEDESTRIAN, 0.3),
    ]
    assert all(look.shares.argmax() == Answer.STOP_SIGN and look.shares.sum() == pytest.approx(1.0) for look in looks)
    (sign,) = (each for each in perceive(frame).detections if each.kind is ObjectKind.STOP_SIGN)
    assert sign.score == pytest.approx(looks[0].score, abs=1e-6)
    assert looks[1].score < 0.1
    assert replace(perceive, fovea=None).second_looks(frame) == []


def test_what_was_learned_is_tempered_by_what_was_known():
    learned, base = {"a": np.array([2.0], np.float32), "b": np.array([1.0], np.float32)}, {"a": np.zeros(1, np.float32)}

    assert tempered(learned, base, 0.0)["a"] == 2.0
    assert tempered(learned, base, 0.25)["a"] == 1.5
    assert tempered(learned, base, 0.25)["b"] == 1.0
