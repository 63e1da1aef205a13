"""The guided tour's work: everything is told, in order; what was done is not done again; it stops when asked."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from perception.network import NetworkConfig, build_network
from perception.teach import teacher as teaching
from perception.teach.answers import Answerer, score, untrained
from perception.teach.network import fields_of_view, layers_of
from perception.teach.plan import make_plan, training_of
from perception.teach.process import TeachingProcess
from perception.teach.teacher import CLOSEUP_PARTS, Teacher, watched
from perception.training_config import TrainConfig
from sim.camera import Camera
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
PLAN = Plan(0, "demo", 4004, 20, 8, 2, 4, (6, 20), 4, quick=True)
CONFIG = TrainConfig(
    closeup_steps=8,
    closeup_batch=4,
    epochs=2,
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
    patch.setattr("perception.teach.driving.MOST_S", 1.0)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[News]]:
    out = tmp_path_factory.mktemp("tour")
    return out, teach(out)


def test_everything_is_told_in_the_order_of_the_pages(tour: tuple[Path, list[News]]) -> None:
    told = [each for each in tour[1] if not isinstance(each, Work)]
    assert told[-1] == Ended("")
    firsts = list(dict.fromkeys(type(each) for each in told))
    wanted = [Unseen, Model, Epoch, Losses, Trained, Drive, Lesson, Ended]
    assert [kind for kind in firsts if kind in wanted] == wanted
    kinds = Counter(type(each).__name__ for each in told)
    assert kinds["Favourites"] == 2 and kinds["Lesson"] == 2 and kinds["Drive"] == 1


def test_each_step_and_each_part_of_the_training_is_told(tour: tuple[Path, list[News]]) -> None:
    notes = Notebook(PLAN)
    for each in tour[1]:
        notes.take(each)
    steps = CONFIG.epochs * (18 // CONFIG.batch)
    assert len(notes.losses["closeups"]) == CONFIG.closeup_steps
    assert len(notes.losses["frames"]) == steps
    assert np.isfinite(notes.all_losses()).all()
    assert sorted(notes.epochs) == list(range(CLOSEUP_PARTS + CONFIG.epochs + 1))
    assert notes.epochs[CLOSEUP_PARTS].step == CONFIG.closeup_steps
    assert notes.trained is not None
    assert (Path(notes.trained.weights) / "rollingstop.npz").is_file()
    trials = notes.experiments["stickers"].trials
    assert trials and all(0.0 <= trial.beliefs[Network.TRAINED] <= 1.0 for trial in trials)


def test_what_is_told_fills_the_pages(tour: tuple[Path, list[News]], tmp_path: Path) -> None:
    notes = Notebook(PLAN)
    for each in tour[1]:
        notes.take(each)
    assert all(path.is_file() for path in save_pages(notes, tmp_path, (640, 360)))


def test_what_was_done_is_not_done_again(tour: tuple[Path, list[News]]) -> None:
    out, first = tour
    again = teach(out, frozenset(key_of(each) for each in first))
    kinds = {type(each) for each in again}
    assert Lesson not in kinds and Drive not in kinds and Losses not in kinds
    before, after = (next(each for each in told if isinstance(each, Trained)) for told in (first, again))
    assert after.found == before.found and after.answers == before.answers


def test_a_tour_that_is_left_goes_on_where_it_stood(tmp_path: Path, tour: tuple[Path, list[News]]) -> None:
    left = teach(tmp_path, stop_at="Training on whole frames")
    assert left[-1] == Ended("") and not any(isinstance(each, Trained) for each in left)
    rest = teach(tmp_path, frozenset(key_of(each) for each in left))
    whole, resumed = (next(each for each in told if isinstance(each, Trained)) for told in (tour[1], rest))
    assert resumed.answers[Network.TRAINED] == whole.answers[Network.TRAINED]


def test_a_fault_is_told_and_not_raised(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "manifest.json").write_text("{}")
    ended = teach(tmp_path)[-1]
    assert isinstance(ended, Ended) and "manifest" in ended.fault


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


def test_kinds_of_news_are_all_spoken_of(tour: tuple[Path, list[News]]) -> None:
    assert {Experiment, Favourites} <= {type(each) for each in tour[1]}
