from __future__ import annotations

import json
import sys
from dataclasses import replace
from math import inf
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from perception.card import write_card
from perception.channels import Channel
from perception.comparison import classical, grid, neural
from perception.comparison.classical import Patches, collect, learn, propose
from perception.comparison.curves import Metric, PowerLaw, crossing_at, fit, summarise
from perception.comparison.frames import corruption_of, excerpt, stop_signs
from perception.comparison.grid import ABLATED, Condition, Model, Plan, parse_volumes, run
from perception.comparison.page import best_threshold, choose_scenes, write_page
from perception.comparison.plots import write_figure
from perception.comparison.verdict import sentences
from perception.corruptions import Corruption
from perception.decode import pairwise_iou
from perception.export import drawn_frames
from perception.fovea import OUTPUTS, Fovea, cut_candidates, pictures_of
from perception.fovea import Answer as Second
from perception.matching import Answer, SceneAnswers, Target, match, recall_at, score_kind
from perception.network import build_sign_detector, named_weights
from perception.perceiver import load_perceiver
from perception.pipeline import Preparer
from perception.scores import LOWEST_COUNTED
from perception.training_config import TrainConfig
from perception.weights import WEIGHTS_NAME, read_weights, save_weights
from sim.camera import CameraFrame
from sim.errors import DatasetError, RollingStopError, WeightsError
from sim.percept import ObjectKind
from sim.recording import Recipe, generate_dataset
from tests.perception.conftest import SMALL_CAMERA, SMALL_NETWORK

RED, GREY = (190, 30, 40), (120, 125, 120)
VOLUMES = (20, 30, 40)


def painted(rng: np.random.Generator, sides: int) -> tuple[np.ndarray, tuple[float, float, float, float]]:
    """Return a noisy grey picture with one red polygon and a white bar across it, and the polygon's box."""
    rgb = np.full((120, 160, 3), GREY, np.uint8)
    radius, u, v = rng.uniform(9, 16), rng.uniform(30, 130), rng.uniform(30, 90)
    angles = (np.arange(sides) + 0.5) * 2 * np.pi / sides + (np.pi / 2 if sides == 3 else 0.0)
    points = np.stack([u + radius * np.cos(angles), v + radius * np.sin(angles)], axis=1)
    cv2.fillPoly(rgb, [np.round(points * 16).astype(np.int32)], RED, cv2.LINE_AA, 4)
    cv2.line(rgb, (round(u - 0.5 * radius), round(v)), (round(u + 0.5 * radius), round(v)), (240, 240, 240), 2)
    noisy = np.clip(rgb + rng.normal(0, 6, rgb.shape), 0, 255).astype(np.uint8)
    low, high = points.min(axis=0), points.max(axis=0)
    return noisy, (float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def lesson(count: int, seed: int) -> list[tuple[np.ndarray, list[Target]]]:
    """Return pictures of octagons, which are stop signs, and of triangles and squares, which are not."""
    rng = np.random.default_rng(seed)
    pictures = []
    for number in range(count):
        rgb, box = painted(rng, (8, 3, 8, 4)[number % 4])
        pictures.append((rgb, [Target(box, 20.0, True)] if number % 2 == 0 else []))
    return pictures


@pytest.fixture(scope="module")
def other_dataset(tmp_path_factory):
    recipe = Recipe(name="tiny_test", seed=8, count=24, frames_per_shard=16, camera=SMALL_CAMERA)
    return generate_dataset(recipe, tmp_path_factory.mktemp("data") / "tiny_test", workers=1)


@pytest.fixture(scope="module")
def small_models():
    """Make the network small, for as long as these tests run."""
    patch = pytest.MonkeyPatch()
    sizes = {"network": SMALL_NETWORK, "fovea": (8, 8, 8), "fovea_batch": 8, "shuffle_buffer": 8}
    patch.setattr(grid, "TrainConfig", lambda **words: TrainConfig(**words, **sizes))
    yield
    patch.undo()


WHOLE = tuple(model for model in Model if model not in ABLATED)
PLAN = Plan(volumes=VOLUMES, seeds=1, test_count=20, steps=10, batch=4, models=WHOLE)


@pytest.fixture(scope="module")
def comparison(small_dataset, other_dataset, small_models, trained, tmp_path_factory):
    return run(PLAN, small_dataset, other_dataset, tmp_path_factory.mktemp("compare"), weights=trained.folder)


@pytest.mark.parametrize("seed", range(4))
def test_a_larger_volume_contains_the_smaller_one_of_its_seed(small_dataset, seed):
    small, large = excerpt(small_dataset, 10, seed), excerpt(small_dataset, 30, seed)
    indices = [example.index for example in small.examples()]
    assert indices == list(range(small.start, small.start + 10))
    assert set(indices) <= {example.index for example in large.examples()}
    shuffled = [each.index for group in small.row_groups() for each in small.read_row_group(*group)]
    assert sorted(shuffled) == indices


def test_seeds_learn_from_frames_of_their_own_while_there_are_enough(small_dataset):
    parts = [set(range(part.start, part.stop)) for part in (excerpt(small_dataset, 8, seed) for seed in range(3))]
    assert not (parts[0] & parts[1] or parts[0] & parts[2] or parts[1] & parts[2])


def test_more_frames_than_there_are_is_told_in_one_line(small_dataset):
    with pytest.raises(DatasetError, match="at least 1,000 frames to train on"):
        excerpt(small_dataset, 1000, 0)


def test_each_corruption_takes_its_turn():
    assert [corruption_of(index) for index in range(15)] == list(Corruption)
    assert corruption_of(15) is Corruption.GAUSSIAN_NOISE


def test_a_red_octagon_is_proposed_and_a_grey_wall_is_not():
    rgb, box = painted(np.random.default_rng(3), 8)
    assert pairwise_iou(np.array([box], np.float32), propose(rgb)).max() > 0.65
    assert len(propose(np.full((60, 80, 3), GREY, np.uint8))) == 0


def test_the_classical_pipeline_learns_an_octagon_from_a_triangle_and_a_square():
    pytest.importorskip("sklearn")
    pipeline = learn(collect(lesson(80, 1), 0, 80), 0)
    scenes = [SceneAnswers(targets, pipeline(rgb)) for rgb, targets in lesson(60, 2)]
    scores, _, _ = score_kind(scenes, {})
    assert scores.ap.value > 0.95
    right = [answer.score for scene in scenes if scene.targets for answer in scene.answers[:1]]
    wrong = [answer.score for scene in scenes if not scene.targets for answer in scene.answers[:1]]
    assert np.mean(right) > 0.8
    assert np.mean(wrong or [0.0]) < 0.2


def test_a_sign_that_is_not_asked_for_teaches_nothing():
    rgb, box = painted(np.random.default_rng(4), 8)
    asked, ignored, none = (
        collect([(rgb, targets)], 0, 1) for targets in ([Target(box, 20.0, True)], [Target(box, 20.0, False)], [])
    )
    assert asked.signs.any()
    assert not none.signs.any()
    assert len(none.signs) >= 1
    assert len(ignored.signs) < len(none.signs)


def test_too_few_signs_to_learn_from_is_told_in_one_line():
    with pytest.raises(DatasetError, match="red regions that are stop signs"):
        learn(Patches(np.zeros((9, 4), np.float32), np.arange(9) < 2, np.arange(9)), 0)


def test_without_scikit_learn_one_line_says_what_to_type(monkeypatch, small_dataset, other_dataset, tmp_path):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(RollingStopError) as told:
        run(PLAN, small_dataset, other_dataset, tmp_path)
    assert ".[compare]" in str(told.value)


def test_recall_at_a_precision_is_that_of_the_scores():
    rng = np.random.default_rng(5)
    scenes = []
    for _ in range(120):
        box = (10.0, 10.0, 30.0, 30.0)
        answers = [Answer(box, round(float(rng.beta(6, 2)), 2), 20.0)] if rng.random() < 0.8 else []
        if rng.random() < 0.4:
            answers.append(Answer((60.0, 60.0, 80.0, 80.0), round(float(rng.beta(3, 3)), 2), 20.0))
        scenes.append(SceneAnswers([Target(box, 20.0, True)], answers))
    scores, _, _ = score_kind(scenes, {})
    found = match(scenes)
    once = np.ones(len(found.scores), np.int64)
    for level, told in ((0.90, scores.recall_at_90), (0.97, scores.recall_at_97), (0.99, scores.recall_at_99)):
        assert recall_at(level, found.scores, found.right, once, 120) == pytest.approx(told.value)
        # Every detection twice is the same set, drawn twice.
        assert recall_at(level, found.scores, found.right, 2 * once, 240) == pytest.approx(told.value)
    assert 0.0 < scores.recall_at_99.value < scores.recall_at_90.value < 1.0


def test_a_power_law_is_found_again():
    volumes = (100, 300, 1000, 3000, 10_000)
    law = fit(volumes, [2.0 * n**-0.4 + 0.03 for n in volumes])
    assert isinstance(law, PowerLaw)
    assert (law.a, law.b, law.c) == pytest.approx((2.0, -0.4, 0.03), rel=1e-3)
    plain = fit(volumes[:3], [0.9 * n**-0.2 for n in volumes[:3]])
    assert (plain.a, plain.b, plain.c) == pytest.approx((0.9, -0.2, 0.0), rel=1e-3)
    assert fit(volumes[:2], [0.5, 0.4]) is None


def test_the_crossing_is_where_the_network_is_ahead_for_good():
    volumes = (100, 1000, 10_000)
    level = np.array([0.1, 0.1, 0.1])
    assert crossing_at(volumes, np.array([1.0, 0.1001, 0.01]), level) == pytest.approx(1000, rel=0.01)
    assert crossing_at(volumes, np.array([1.0, 0.2, 0.05]), level) == pytest.approx(1000 * 10**0.5, rel=0.01)
    assert crossing_at(volumes, np.array([0.05, 0.2, 0.05]), level) > 1000
    assert crossing_at(volumes, np.array([0.05, 0.04, 0.03]), level) == -inf
    assert crossing_at(volumes, np.array([0.5, 0.4, 0.3]), level) == inf


def test_the_network_learns_the_same_from_the_same_seed_and_its_loss_falls(small_dataset):
    config = TrainConfig(seed=3, batch=4, network=SMALL_NETWORK)
    part = excerpt(small_dataset, 20, 1)
    arrays, early = neural.train_detector(part, 6, config)
    again, _ = neural.train_detector(part, 6, config)
    assert all((arrays[name] == again[name]).all() for name in arrays)
    _, late = neural.train_detector(part, 60, config)
    assert late < 0.8 * early


def test_the_network_learns_from_its_excerpt_alone(small_dataset, monkeypatch):
    seen: set[int] = set()
    real = neural.decode_image
    monkeypatch.setattr(neural, "KEPT_DECODED", 0)
    monkeypatch.setattr(
        neural, "decode_image", lambda example, camera: seen.add(example.index) or real(example, camera)
    )
    part = excerpt(small_dataset, 10, 1)
    cuts = neural._cuts(part, TrainConfig(network=SMALL_NETWORK))
    for _ in range(neural.CUTS_PER_FRAME * 25):
        next(cuts)
    assert seen == set(range(part.start, part.stop))


def test_a_second_look_learns_from_its_excerpt_alone_and_the_same_from_the_same_seed(small_dataset, monkeypatch):
    config = TrainConfig(seed=3, batch=4, fovea_batch=16, shuffle_buffer=8, network=SMALL_NETWORK, fovea=(8, 8, 8))
    part = excerpt(small_dataset, 12, 1)
    arrays, _ = neural.train_detector(part, 20, config)
    seen: set[int] = set()
    real = Preparer.change
    monkeypatch.setattr(Preparer, "change", lambda self, each, number: seen.add(each.index) or real(self, each, number))
    fovea, again = (neural.learn_second_look(part, 20, config, arrays) for _ in range(2))
    assert seen == set(range(part.start, part.stop))
    rgb, box = painted(np.random.default_rng(5), 8)
    cuttings, channels = cut_candidates(rgb, np.array([box])), np.array([Channel.STOP_SIGN])
    assert (fovea.evidence(cuttings, channels) == again.evidence(cuttings, channels)).all()


@pytest.mark.parametrize("without", [None, *(part for part in neural.Part if part != "first_belief")], ids=str)
def test_a_second_look_lacks_the_part_that_it_is_to_do_without_and_no_other(without, small_dataset, monkeypatch):
    config = TrainConfig(seed=1, batch=4, network=SMALL_NETWORK, fovea=(8, 8, 8))
    first = named_weights(build_sign_detector(SMALL_NETWORK, "float32"))
    arrays = {name: weight.numpy() for name, weight in first.items()}
    asked = {}

    def learn(_frames, stop, config, find, _workers, *, build, show):
        asked.update(config=config, find=find, show=show, model=build(config.fovea, "float32"))
        return named_weights(asked["model"])

    monkeypatch.setattr(neural, "train_second_look", learn)
    monkeypatch.setattr(neural, "fill", lambda *_words, **_more: None)
    fovea = neural.learn_second_look(excerpt(small_dataset, 12, 0), 20, config, arrays, without)
    augment = asked["config"].fovea_augment
    assert (augment.cut_sticker, augment.cut_sticker_others) == (0.0, 0.0)
    assert (augment.light == augment.cut_turned == 0.0) == (without is neural.Part.AUGMENTATION)
    assert augment.light in (0.0, config.augment.light)
    peaks = asked["find"](np.stack(drawn_frames(7, 2))[:, :96, :160])
    assert (not peaks.any()) == (without is neural.Part.CANDIDATES)
    deep = any("more" in name for name in named_weights(asked["model"]))
    assert deep == (without is not neural.Part.DEPTH)
    assert fovea.weighing.tolist() == [[1.0, 1.0, 0.0]] * 2
    assert (asked["show"] is None) == (without not in (neural.Part.SHARPNESS, neural.Part.SURROUNDINGS))


def test_without_surroundings_or_sharpness_a_second_look_is_shown_neither_in_lessons_nor_later(monkeypatch):
    rgb, box = painted(np.random.default_rng(6), 8)
    cuttings = cut_candidates(rgb, np.array([box, box]))
    sharp, about = pictures_of(cuttings[0])
    seen = []
    fovea = Fovea(neural.BOTH_ALIKE, lambda given: seen.append(given) or np.zeros((len(given), OUTPUTS), np.float32))
    for show in neural._BLINDED.values():
        fovea.shown(show).evidence(cuttings, np.full(2, Channel.STOP_SIGN))
    blurred, isolated = (pictures_of(each[0]) for each in seen)
    means = sharp.reshape(48, 2, 48, 2, 3).mean(axis=(1, 3))
    assert np.abs(blurred[0][::2, ::2] - means).max() <= 0.5
    assert (blurred[0] == np.kron(blurred[0][::2, ::2], np.ones((2, 2, 1), np.uint8))).all()
    assert (blurred[1] == about).all()
    assert (isolated[0] == sharp).all()
    assert (isolated[1] == 128).all()


def test_both_looks_log_odds_are_added():
    rgb = np.full((96, 96, 3), 90, np.uint8)
    believed = 1 / (1 + np.exp(-1.0))
    peaks = np.array(
        [
            [believed, Channel.STOP_SIGN, 20, 20, 40, 40, 3.0, 0.0],
            [believed, Channel.DISTRACTOR, 20, 20, 40, 40, 3.0, 0.0],
            [0.01, Channel.STOP_SIGN, 60, 60, 80, 80, 3.0, 0.0],
        ],
        np.float32,
    )

    def judge(cuttings):
        logits = np.full((len(cuttings), OUTPUTS), -30.0, np.float32)
        logits[:, Second.STOP_SIGN], logits[:, Second.OTHER_SIGN] = 2.0, 0.0
        logits[:, len(Second) :] = 0.0
        return logits

    def look(fovea):
        return neural.NeuralDetector(lambda pictures: np.stack([peaks] * len(pictures)), fovea)(rgb[None])[0]

    fovea = Fovea(neural.BOTH_ALIKE, judge)
    once, twice, alone = look(None), look(fovea), look(neural.deciding_alone(fovea))
    assert once[0].score < believed  # a distractor in its place speaks against it
    assert twice[0].score == pytest.approx(1 / (1 + np.exp(-3.0)), rel=1e-5)
    assert [each.score for each in twice[1:]] == pytest.approx([0.01])
    assert alone[0].score == pytest.approx(1 / (1 + np.exp(-2.0)), rel=1e-5)
    # The cutting shows 1.5 sides: a thing as large as that is half as large again as its box.
    assert twice[0].box == pytest.approx((15.0, 15.0, 45.0, 45.0))


def test_every_model_answers_every_test_frame_once_for_each_volume_and_seed(comparison):
    assert len(comparison.results) == 2 + 3 * len(VOLUMES)
    for result in comparison.results:
        assert all(len(result.answers[condition]) == PLAN.test_count for condition in Condition)
    assert len(comparison.of(Model.CNN, 20)) == len(comparison.of(Model.CNN2, 20)) == 1
    assert comparison.of(Model.RULE)[0].train_s == 0.0


def test_corrupted_frames_are_others_than_clean_ones(comparison):
    for index in range(3):
        clean, corrupted = (comparison.test.picture(index, condition) for condition in Condition)
        assert clean.shape == corrupted.shape
        assert (clean != corrupted).any()


@pytest.mark.parametrize("models", [[Model.CNN], [Model.CNN2], [Model.CNN, Model.CNN2]], ids="-".join)
def test_a_run_that_was_stopped_goes_on_where_it_stood(
    models, comparison, small_dataset, other_dataset, trained, monkeypatch
):
    made, first_looks = [], []
    real, real_training = grid._made, neural.train_detector

    def watched(*words):
        made.append(words[:3])
        return real(*words)

    def watched_training(*words):
        first_looks.append(words[0].count)
        return real_training(*words)

    monkeypatch.setattr(grid, "_made", watched)
    monkeypatch.setattr(neural, "train_detector", watched_training)
    lost = [comparison.folder / grid.RESULTS / f"{model}-000020-0.json" for model in models]
    before = [path.read_text() for path in lost]
    for path in lost:
        path.unlink()
    again = run(PLAN, small_dataset, other_dataset, comparison.folder, weights=trained.folder)
    assert made == [(model, 20, 0) for model in models]
    assert first_looks == [20]  # one and two looks share it, and answer as when each learned its own
    for then, path in zip(map(json.loads, before), lost, strict=True):
        assert json.loads(path.read_text())["answers"] == then["answers"]
    assert [each.answers for each in again.results] == [each.answers for each in comparison.results]


def test_a_report_trains_nothing_and_takes_what_is_there(comparison, small_dataset, other_dataset, trained, tmp_path):
    longer = replace(PLAN, volumes=(*VOLUMES, 48), seeds=2)
    partly = run(longer, small_dataset, other_dataset, comparison.folder, weights=trained.folder, only_report=True)
    assert [each.answers for each in partly.results] == [each.answers for each in comparison.results]
    panel = summarise(partly, resamples=10).panel(Condition.CLEAN, Metric.AP50)
    whole = summarise(comparison, resamples=10).panel(Condition.CLEAN, Metric.AP50)
    assert [p.mean.value for p in panel.curves[Model.CNN]] == [p.mean.value for p in whole.curves[Model.CNN]]
    assert panel.duels[Model.CNN].volumes == VOLUMES
    with pytest.raises(RollingStopError, match="Expected results in"):
        run(longer, small_dataset, other_dataset, tmp_path, weights=trained.folder, only_report=True)


def test_results_of_another_budget_are_not_mixed_in(comparison, small_dataset, other_dataset, trained):
    longer = Plan(volumes=VOLUMES, seeds=1, test_count=20, steps=11, batch=4)
    with pytest.raises(RollingStopError, match="one with other frames, budget or weights"):
        run(longer, small_dataset, other_dataset, comparison.folder, weights=trained.folder)


def test_the_shipped_network_answers_with_both_looks_as_in_a_drive():
    perceive = load_perceiver(lowest_score=LOWEST_COUNTED)
    assert perceive.fovea is not None
    pictures = drawn_frames(99, 3)
    frames = SimpleNamespace(pictures=lambda condition: pictures if condition is Condition.CLEAN else pictures[:1])
    made = grid._made_shipped(None, frames)
    assert [len(made.answers[condition]) for condition in Condition] == [3, 1]
    assert any(made.answers[Condition.CLEAN])
    for step, told in enumerate(made.answers[Condition.CLEAN]):
        seen = perceive(CameraFrame(step, pictures[step], perceive.camera)).detections
        assert [each.score for each in told] == [each.score for each in seen if each.kind is ObjectKind.STOP_SIGN]


def test_frames_of_another_camera_than_the_weights_are_told_in_one_line(small_dataset, other_dataset, tmp_path):
    with pytest.raises(WeightsError, match="frames of the camera that the weights were trained for"):
        run(PLAN, small_dataset, other_dataset, tmp_path)


def test_other_weights_are_another_comparison(comparison, small_dataset, other_dataset, trained, tmp_path):
    card, arrays = read_weights(trained.folder)
    arrays["stem_2_1/bias"] = arrays["stem_2_1/bias"] + 0.01
    other = tmp_path / WEIGHTS_NAME
    sha256, size = save_weights(other, arrays)
    write_card(replace(card, sha256=sha256, bytes=size), other)
    with pytest.raises(RollingStopError, match="one with other frames, budget or weights"):
        run(PLAN, small_dataset, other_dataset, comparison.folder, weights=other)


def test_a_damaged_result_is_told_in_one_line(tmp_path):
    (tmp_path / "hog-000100-0.json").write_text('{"fingerprint": 1}')
    with pytest.raises(RollingStopError, match="to be a result of a comparison"):
        grid.read_result(tmp_path / "hog-000100-0.json", "")


def test_training_frames_are_no_test_frames(small_dataset, tmp_path):
    with pytest.raises(DatasetError, match="other seeds than those trained on"):
        run(PLAN, small_dataset, small_dataset, tmp_path)


def test_weights_that_know_the_test_frames_are_told_in_one_line(small_dataset, other_dataset, trained, tmp_path):
    plan = replace(PLAN, volumes=(20,), models=(Model.SHIPPED,))
    with pytest.raises(DatasetError, match="other seeds than the weights were trained on"):
        run(plan, other_dataset, small_dataset, tmp_path, weights=trained.folder)


def test_of_fewer_seeds_than_planned_each_is_drawn_as_often(comparison):
    first = comparison.of(Model.HOG, 20)[0]
    few = {each: [[] for _ in first.answers[each]] for each in Condition}
    two = [replace(first, seed=0), replace(first, seed=1, answers=few)]
    planned = replace(comparison, plan=replace(PLAN, seeds=3), results=two)

    panel = summarise(planned, resamples=300).panel(Condition.CLEAN, Metric.AP50)

    (point,) = panel.curves[Model.HOG]
    found, nothing = point.seeds
    assert nothing == 0.0 and found > 0.0
    assert point.mean.value == pytest.approx(found / 2)
    # Of two seeds both are the same in half of the resamples: nothing at all, or what the one found.
    assert point.mean.low == 0.0 and point.mean.high > 0.9 * found


def test_seeds_are_averaged_and_drawn_for_both_learners_alike(comparison):
    plan = replace(comparison.plan, seeds=3)
    learned = [each for each in comparison.results if each.volume]
    nothing = dict.fromkeys(Condition, [[]] * plan.test_count)
    more = [
        replace(each, seed=seed, answers=nothing if seed == 2 else each.answers) for each in learned for seed in (1, 2)
    ]
    one, three = (
        summarise(comparison, resamples=40),
        summarise(replace(comparison, plan=plan, results=[*comparison.results, *more]), resamples=40),
    )
    for model in (Model.HOG, Model.CNN):
        before = one.panel(Condition.CLEAN, Metric.AP50).curves[model]
        after = three.panel(Condition.CLEAN, Metric.AP50).curves[model]
        for a, b in zip(before, after, strict=True):
            assert b.mean.value == pytest.approx(2 / 3 * a.mean.value)
            assert b.seeds == pytest.approx((a.mean.value, a.mean.value, 0.0))
            assert b.mean.low <= a.mean.low
            # Some resample draws no failed seed, some draws nothing else.
            assert a.mean.value == 0.0 or b.mean.low < 0.4 * a.mean.value


def test_the_summary_agrees_with_the_scores_and_is_written(comparison, tmp_path):
    summary = summarise(comparison, resamples=20)
    json.dumps(summary.to_dict())
    for condition in Condition:
        for model, level in summary.panel(condition, Metric.AP50).levels.items():
            scenes = [
                SceneAnswers(stop_signs(example), answers)
                for example, answers in zip(
                    comparison.test.examples, comparison.of(model)[0].answers[condition], strict=True
                )
            ]
            assert level.value == pytest.approx(score_kind(scenes, {})[0].ap.value)
            assert level.low <= level.value <= level.high
    panel = summary.panel(Condition.CLEAN, Metric.RECALL_99)
    assert [point.volume for point in panel.curves[Model.HOG]] == list(VOLUMES)
    for points in panel.curves.values():
        assert all(point.mean.value == pytest.approx(np.mean(point.seeds)) for point in points)
    only = replace(comparison, plan=replace(PLAN, volumes=VOLUMES[:1]))
    few = summarise(replace(only, results=[each for each in only.results if each.volume <= VOLUMES[0]]), resamples=5)
    assert few.panel(Condition.CLEAN, Metric.AP50).duels[Model.CNN].crossing is None
    assert all("; with" not in each and "From" not in each for each in sentences(few))
    told = sentences(summary)
    assert len(told) == 8
    assert sum("the CNN with two looks" in each for each in told) == 4
    figure, drawing = write_figure(summary, tmp_path)
    assert drawing.read_text().startswith("<?xml")
    write_page(comparison, summary, figure, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert page.count("data:image/") > 1
    assert 'src="http' not in page
    assert choose_scenes(comparison)


def test_the_best_threshold_parts_right_from_wrong(comparison):
    truth = [[Answer(t.box, 0.9, t.distance_m) for t in frame if t.counts] for frame in comparison.test.targets]
    wrong = [[*frame, Answer((0.0, 0.0, 4.0, 4.0), 0.2, 9.0)] for frame in truth]
    perfect = grid.Result(Model.RULE, 0, 0, 0.0, {}, dict.fromkeys(Condition, wrong))
    assert best_threshold(comparison, perfect) == 0.9
    empty = grid.Result(Model.RULE, 0, 0, 0.0, {}, dict.fromkeys(Condition, [[]] * PLAN.test_count))
    assert best_threshold(comparison, empty) == inf


def test_volumes_are_read_from_words():
    assert parse_volumes("300, 100,1_000") == (100, 300, 1000)
    for words in ("", "many", "1,2.5"):
        with pytest.raises(ValueError, match="Expected volumes such as"):
            parse_volumes(words)
    with pytest.raises(ValueError, match="at least 10 frames"):
        Plan(volumes=(3, 100))
    assert classical.FOLDS >= 2
