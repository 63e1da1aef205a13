"""The guided tour's work: everything is told, in order; what was done is not done again; it stops when asked."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from perception.fovea import Answer, pictures_of
from perception.network import NetworkConfig, build_network
from perception.teach import teacher as teaching
from perception.teach.answers import Answerer, score, untrained
from perception.teach.network import fields_of_view, layers_of
from perception.teach.plan import make_plan, training_of
from perception.teach.process import TeachingProcess
from perception.teach.teacher import CLOSEUP_PARTS, Teacher, watched
from perception.teach.volume import SmallNetwork, cut_from, precision_of, quiz_of
from perception.training_config import TrainConfig
from sim.camera import Camera
from sim.errors import WeightsError
from sim.percept import ObjectKind
from sim.recording import SHIPPED_RECIPES, Recipe, load_recipe
from sim.viewer.teach.content import (
    Drive,
    Ended,
    Epoch,
    Experiment,
    Favourites,
    Lesson,
    Losses,
    Model,
    Network,
    News,
    Plan,
    Quiz,
    Sight,
    Thing,
    Trained,
    Unseen,
    Wish,
    Work,
)
from sim.viewer.teach.lesson import Notebook, key_of
from sim.viewer.teach.showing import save_pages

CAMERA = Camera(width_px=192, height_px=96, focal_px=206.0)
PLAN = Plan(0, "demo", 4004, 20, 8, 3, 4, (20,), 4, 3, quick=True)
CONFIG = TrainConfig(
    closeup_steps=8,
    closeup_batch=4,
    epochs=3,
    batch=4,
    validation_share=0.1,
    network=NetworkConfig(stem=(4, 8, 8), context=8, branch=8, lane_maps=2, lane_units=8),
)


def small_recipe() -> Recipe:
    return replace(load_recipe(SHIPPED_RECIPES / "demo.toml"), camera=CAMERA)


def teach(out: Path, known: frozenset[str] = frozenset(), stop_at: str = "") -> list[News]:
    """Do the whole of a tiny tour; it is left when some work begins."""
    told: list[News] = []

    def wishes(_wait_s: float) -> set[Wish]:
        left = stop_at and any(isinstance(each, Work) and each.words.startswith(stop_at) for each in told)
        return {Wish.TRAIN, Wish.STOP} if left else {Wish.TRAIN}

    Teacher(PLAN, out, told.append, wishes, known, recipe=small_recipe(), config=CONFIG).teach()
    return told


@pytest.fixture(scope="module", autouse=True)
def small_tour() -> None:
    patch = pytest.MonkeyPatch()
    patch.setattr(teaching, "TESTS", {True: 10})
    patch.setattr(teaching, "QUIZZED", {True: 10})
    patch.setattr("perception.teach.driving.MOST_S", 1.0)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[News], list[News]]:
    """What is told of a tour that is left in the middle of its training, and of its rest."""
    out = tmp_path_factory.mktemp("tour")
    left = teach(out, stop_at="Training on whole frames")
    return left, teach(out, frozenset(key_of(each) for each in left))


@pytest.fixture(scope="module")
def notes(tour: tuple[list[News], list[News]]) -> Notebook:
    notebook = Notebook(PLAN)
    for each in (*tour[0], *tour[1]):
        notebook.take(each)
    return notebook


@pytest.mark.slow
def test_everything_is_told_in_the_order_of_the_pages(tour: tuple[list[News], list[News]]) -> None:
    left, rest = tour
    wanted = [Unseen, Model, Epoch, Losses, Trained, Drive, Quiz, Lesson, Ended]
    firsts = list(dict.fromkeys(type(each) for each in (*left[:-1], *rest)))
    assert [kind for kind in firsts if kind in wanted] == wanted
    kinds = Counter(type(each) for each in rest)
    assert kinds[Lesson] == 1 and kinds[Drive] == 1 and kinds[Experiment] == 4


@pytest.mark.slow
def test_a_tour_that_is_left_goes_on_where_it_stood(tour: tuple[list[News], list[News]]) -> None:
    left, rest = tour
    assert left[-1] == Ended("") and rest[-1] == Ended("")
    assert not any(isinstance(each, Trained) for each in left)
    again = [each for each in rest if isinstance(each, Losses)]
    assert {each.phase for each in again} == {"frames"}
    assert [each.network for each in rest if isinstance(each, Favourites)] == [Network.TRAINED]


@pytest.mark.slow
def test_each_step_and_each_part_of_the_training_is_told(notes: Notebook) -> None:
    assert len(notes.losses["closeups"]) == CONFIG.closeup_steps
    assert len(notes.losses["frames"]) == CONFIG.epochs * (18 // CONFIG.batch)
    assert np.isfinite(notes.all_losses()).all()
    assert sorted(notes.epochs) == list(range(CLOSEUP_PARTS + CONFIG.epochs + 1))
    assert notes.epochs[CLOSEUP_PARTS].step == CONFIG.closeup_steps
    assert notes.trained is not None
    assert (Path(notes.trained.weights) / "rollingstop.npz").is_file()
    trials = notes.experiments["stickers"].trials
    assert trials and all(0.0 <= trial.beliefs[Network.TRAINED] <= 1.0 for trial in trials)


@pytest.mark.slow
def test_what_is_told_fills_the_pages(notes: Notebook, tmp_path: Path) -> None:
    assert all(path.is_file() for path in save_pages(notes, tmp_path, (640, 360)))


def test_a_fault_is_told_and_not_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise WeightsError("Expected weights. Received: none.")

    monkeypatch.setattr(teaching, "build_network", fail)
    assert teach(tmp_path)[-1] == Ended("Expected weights. Received: none.")


def test_the_shown_layers_hold_every_learned_number() -> None:
    model = build_network(NetworkConfig(), Camera())
    layers = layers_of(model)
    by_name = {layer.name: layer for layer in layers}
    assert sum(layer.parameters for layer in layers) == sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    assert set(by_name["merge"].inputs) == {"stem_8_3", "context_up"}
    assert by_name["sign_hidden"].inputs == ("head",)
    assert by_name["road_hidden"].inputs == ("head",)
    assert by_name["lane_hidden"].inputs == ("lane_maps",)


def test_a_place_sees_as_wide_as_is_said() -> None:
    """Held against the network itself: a pixel outside that view changes nothing, one at its edge does."""
    camera = Camera(width_px=192, height_px=96, focal_px=206.0)
    model = build_network(CONFIG.network, camera)
    widths = fields_of_view(layers_of(model), camera.height_px)
    assert widths["stem_2_1"] == 3 and widths["stem_4_2"] == 15 and widths["stem_8_3"] == 55
    from perception.backend import keras

    tapped = keras.Model(model.input, model.get_layer("stem_8_3").output)
    grey = np.full((1, 96, 192, 3), 128, np.uint8)
    before = np.asarray(tapped(grey))
    grey[0, 48, 96] = 255
    changed = (np.asarray(tapped(grey)) != before).any(axis=-1)[0]
    rows = np.flatnonzero(changed.any(axis=1))
    # A pixel reaches at most as many places as fit into the view.
    assert 1 < len(rows) <= -(-widths["stem_8_3"] // 8)


def test_frames_are_chosen_by_what_is_true_alone() -> None:
    picture = np.zeros((4, 4, 3), np.uint8)

    def at(distance_m: float, kind: ObjectKind = ObjectKind.STOP_SIGN) -> Sight:
        return Sight(f"{kind} {distance_m}", picture, (Thing(kind, (0, 0, 1, 1), 1.0, distance_m, asked=True),))

    sights = [at(55.0), at(10.0), at(15.0, ObjectKind.DISTRACTOR), at(25.0), at(18.0), at(40.0), at(12.0)]
    assert watched(sights) == (1, 3, 2, 4, 5, 0)


def seen(count: int = 3) -> list[Sight]:
    """Return frames with a red sign, a blue one, and a red one that nobody is asked about."""
    sights: list[Sight] = []
    for number in range(count):
        rgb = np.full((96, 192, 3), 110, np.uint8)
        rgb[20:40, 30 + number : 50 + number] = (200, 20, 30)
        rgb[20:40, 90:110] = (20, 30, 200)
        rgb[60:70, 150:160] = (200, 20, 30)
        sign = Thing(ObjectKind.STOP_SIGN, (30 + number, 20, 50 + number, 40), 1.0, 20.0, asked=True)
        other = Thing(ObjectKind.DISTRACTOR, (90, 20, 110, 40), 1.0, 20.0, asked=True)
        far = Thing(ObjectKind.STOP_SIGN, (150, 60, 160, 70), 1.0, 90.0, asked=False)
        sights.append(Sight(f"frame {number}", rgb, (sign, other, far)))
    return sights


def test_what_is_asked_about_is_cut_out_and_nothing_else() -> None:
    cut = cut_from(seen(), 0, views=2)
    answers = cut.answers.tolist()
    assert answers.count(Answer.STOP_SIGN) == 6 and answers.count(Answer.OTHER_SIGN) == 6
    assert answers.count(Answer.NOTHING) <= 12
    middle = cut.pictures[:, 24, 24, :3].astype(int)
    assert (middle[cut.signs][:, 0] > 150).all()
    assert (middle[cut.answers == Answer.OTHER_SIGN][:, 2] > 150).all()
    assert (np.abs(middle[cut.answers == Answer.NOTHING] - 110) < 40).all()
    again = cut_from(seen(), 0, views=2)
    assert np.array_equal(cut.pictures, again.pictures)


def test_the_quiz_shows_signs_and_others_by_what_is_true_of_them() -> None:
    cut = cut_from(seen(), 0, views=1)
    told = quiz_of(cut, 3)
    assert told.quiz.answers.tolist() == [True] * 3 + [False] * 3
    assert (told.quiz.cuttings, told.quiz.stop_signs) == (len(cut.answers), 3)
    for shown, place in zip(told.quiz.shown, told.places, strict=True):
        assert np.array_equal(shown, pictures_of(cut.pictures[place])[0])


@pytest.mark.parametrize(
    ("beliefs", "signs", "wanted"),
    [
        ([0.9, 0.8, 0.2, 0.1], [1, 1, 0, 0], 1.0),
        ([0.9, 0.8, 0.7, 0.1], [1, 0, 1, 0], (51 * 1.0 + 50 * 2 / 3) / 101),
        ([0.5, 0.5, 0.5, 0.5], [1, 0, 0, 0], 0.25),
    ],
)
def test_average_precision_is_cocos_and_of_equal_beliefs_the_wrong_ones_come_first(
    beliefs: list[float], signs: list[int], wanted: float
) -> None:
    assert precision_of(np.array(beliefs), np.array(signs, bool)) == pytest.approx(wanted)


def test_a_small_network_learns_red_from_blue_and_begins_anew_each_time() -> None:
    cut, asked = cut_from(seen(), 0), cut_from(seen(), 7, views=1)
    pupil = SmallNetwork(12)
    pupil.learn(cut, 1)
    first = pupil.beliefs(asked.pictures)
    assert precision_of(first, asked.signs) == 1.0
    pupil.learn(cut, 2)
    assert not np.array_equal(pupil.beliefs(asked.pictures), first)
    pupil.learn(cut, 1)
    assert np.allclose(pupil.beliefs(asked.pictures), first, atol=0.05)


def test_an_untrained_network_finds_nothing_to_be_sure_of() -> None:
    answerer = Answerer(CONFIG.network, CAMERA)
    answerer.use(untrained(CONFIG.network, CAMERA))
    sight = Sight("grey", np.full((96, 192, 3), 128, np.uint8), ())
    answers = answerer.all([sight])
    assert score([sight], answers)[0].n == 0
    assert answerer.sign_belief(sight, (0.0, 0.0, 192.0, 96.0)) < 0.3


def test_the_plan_trains_as_it_says() -> None:
    for quick in (False, True):
        plan = make_plan(seed=3, quick=quick)
        config = training_of(plan)
        assert (config.closeup_steps, config.epochs, config.batch) == (plan.closeup_steps, plan.epochs, plan.batch)
        assert plan.volume_frames[-1] == plan.frames


@pytest.mark.slow
def test_the_process_tells_and_ends_when_it_is_asked(tmp_path: Path) -> None:
    process = TeachingProcess(make_plan(quick=True), tmp_path, frozenset())
    told: list[News] = []
    try:
        ends_s = time.monotonic() + 120
        while not told and time.monotonic() < ends_s:
            told += process.poll()
            time.sleep(0.05)
    finally:
        process.close()
    assert isinstance(told[0], Work)
    assert not process.alive
