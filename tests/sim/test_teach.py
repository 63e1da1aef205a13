"""The guided tour's pages: drawn from what was told, turned by keys and mouse, kept and taken up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pygame
import pytest

from sim.errors import DisplayError
from sim.percept import ObjectKind
from sim.viewer.palette import WINDOW
from sim.viewer.teach.board import HEIGHT, WIDTH, Board
from sim.viewer.teach.content import (
    Data,
    Drive,
    Ended,
    Epoch,
    Estimate,
    Experiment,
    Favourite,
    Favourites,
    Layer,
    Lesson,
    Level,
    Look,
    Losses,
    Model,
    Moment,
    Network,
    News,
    Plan,
    Quiz,
    Sight,
    Thing,
    Trained,
    Trial,
    Unseen,
    Wish,
    Work,
)
from sim.viewer.teach.keeping import keep, taken_up
from sim.viewer.teach.lesson import Notebook, key_of
from sim.viewer.teach.pages_answer import shirt_words, sticker_words
from sim.viewer.teach.pages_model import ConvolutionPage, convolved, layer_words
from sim.viewer.teach.pages_predict import DrivePage
from sim.viewer.teach.pages_train import TrainPage, smoothed, thinned
from sim.viewer.teach.pages_volume import volume_words
from sim.viewer.teach.showing import all_pages, save_pages, show_tour
from sim.viewer.teach.sights import judged, overlap
from sim.viewer.teach.tour import Tour

PLAN = Plan(3, "demo", 4007, 80, 40, 2, 8, (10, 80), 20, 3, quick=True)
SIZES = ((1280, 720), (3840, 2160))
RNG = np.random.default_rng(5)


def thing(kind: ObjectKind, box: tuple[float, float, float, float], score: float = 1.0, asked: bool = True) -> Thing:
    return Thing(kind, box, score, 20.0, asked)


SIGN = thing(ObjectKind.STOP_SIGN, (400.0, 80.0, 430.0, 110.0))
FOUND = replace(SIGN, score=0.93)


def sight(name: str) -> Sight:
    car = thing(ObjectKind.VEHICLE, (100.0, 150.0, 180.0, 200.0))
    return Sight(name, RNG.integers(0, 255, (288, 672, 3), dtype=np.uint8), (SIGN, car))


def told() -> list[News]:
    """One of everything that can be told."""
    sights = tuple(sight(f"frame {k}") for k in range(8))
    found = Estimate(6, 8, 0.41, 0.93)
    kernel, bias = RNG.normal(size=(3, 3, 3, 4)).astype(np.float32), np.zeros(4, np.float32)
    layers = (
        Layer("rgb", "InputLayer", (288, 672, 3), 0, (), 1, 1, ()),
        Layer("stem_2_1", "Conv2D", (144, 336, 4), 112, (3, 3, 3, 4), 2, 1, ("rgb",)),
        Layer("sign_heat", "Conv2D", (36, 84, 2), 10, (1, 1, 4, 2), 1, 1, ("stem_2_1",)),
        Layer("lane", "Dense", (12,), 60, (4, 12), 1, 1, ("stem_2_1",)),
    )
    networks = (Network.TRAINED, Network.SHIPPED)
    answers = tuple((FOUND,) for _ in sights)
    level = Level("stem_2_1", "edges", (36, 84, 4), 3, ("ch 0",) * 4, np.full((4, 36, 84), 90, np.uint8), (1.0,) * 4)
    jpeg = np.frombuffer(_jpeg(sights[0].rgb), np.uint8)
    moments = tuple(
        Moment(jpeg, (FOUND,), 9.0 - 0.5 * k, float("nan") if k > 12 else 20.0 - k, "Stopping", "Stopping: a stop sign")
        for k in range(16)
    )
    patches = np.full((8, 20, 20, 3), 120, np.uint8)
    favourites = tuple(Favourite(k, patches, 5) for k in range(3))
    trials = tuple(Trial(f"thing {k}", sights[0], dict.fromkeys(networks, 0.9 - 0.2 * k)) for k in range(4))
    return [
        PLAN,
        Model(layers, sights[0], {Network.SHIPPED: kernel, Network.UNTRAINED: -kernel},
              {Network.SHIPPED: bias, Network.UNTRAINED: bias}, 1 / 64, -2.0, 2),
        Data(80, 5_000_000, 4.0, {"stop_sign": 40, "vehicle": 90}, 7, np.full(40, 22, np.float32),
             {"by day": 71, "at dusk": 9, "in town": 38, "in the country": 42},
             {"yield": 11}, 20),
        Unseen(sights, (0, 1, 2, 3, 4, 5)),
        Losses("closeups", 1, np.linspace(20, 3, 40, dtype=np.float32)),
        Losses("frames", 1, np.linspace(4, 1, 20, dtype=np.float32)),
        Epoch(0, "", 0, answers[:6], Estimate(0, 8, 0.0, 0.32), 3),
        Epoch(1, "closeups", 40, answers[:6], found, 1),
        Epoch(2, "frames", 60, answers[:6], found, 0),
        Trained("runs/teach/training", 70.0, dict.fromkeys(networks, answers), dict.fromkeys(networks, found),
                dict.fromkeys(networks, 1)),
        *(Drive(n, 3, 10, moments, "Stopped 1.2 m before the line, then went on.") for n in networks),
        *(Look(n, sights[k], (level,) * 5, (FOUND,)) for n in networks for k in range(2)),
        *(Favourites(n, 60, (("stem_8_3", "parts", 55, 48, favourites),) * 3) for n in networks),
        Quiz(260, 1154, 166, 90_000, np.full((12, 48, 48, 3), 90, np.uint8), np.arange(12) < 6),
        Lesson(24, 250, 64, 440, (0.55, 0.61, 0.58), (0.6,) * 12, here=True),
        Lesson(600, 250, 64, 10_548, (0.74, 0.78, 0.75), (0.9,) * 6 + (0.1,) * 6, here=True),
        Experiment("stickers", trials),
        Experiment("shirt", (*trials, *trials[:2])),
    ]  # fmt: skip


def _jpeg(rgb: np.ndarray[Any, Any]) -> bytes:
    import cv2

    return cv2.imencode(".jpg", rgb)[1].tobytes()


@pytest.fixture(scope="module")
def pieces() -> list[News]:
    return told()


@pytest.fixture
def notes(pieces: list[News]) -> Notebook:
    notebook = Notebook(PLAN)
    for piece in pieces:
        notebook.take(piece)
    return notebook


class Ruler(Board):
    """A board that remembers where its words end."""

    def __init__(self, size_px: tuple[int, int]) -> None:
        super().__init__(size_px)
        self.ends: list[tuple[str, float, float]] = []

    def text(self, words: str, x: float, y: float, size: float = 16, *rest: Any, **more: Any) -> float:
        right = super().text(words, x, y, size, *rest, **more)
        self.ends.append((words, right, y + 1.2 * size))
        return right


def key(code: int) -> pygame.event.Event:
    return pygame.event.Event(pygame.KEYDOWN, key=code)


@pytest.mark.parametrize("size_px", SIZES)
def test_every_page_is_drawn_and_no_word_leaves_its_place(notes: Notebook, size_px: tuple[int, int]) -> None:
    for page in all_pages():
        board = Ruler(size_px)
        board.clear()
        page.prepare(notes)
        page.draw(board, notes)
        assert (board.rgb() != WINDOW).any(axis=-1).mean() > 0.01, page.title
        for words, right, bottom in board.ends:
            assert right <= WIDTH - 30, (page.title, words)
            assert bottom <= 666, (page.title, words)


def test_pages_without_news_say_what_they_wait_for() -> None:
    for page in all_pages():
        board = Ruler((1280, 720))
        page.draw(board, Notebook(PLAN))
        assert board.ends, page.title


def test_keys_and_mouse_turn_the_pages(notes: Notebook) -> None:
    board, pages = Board((1280, 720)), all_pages()
    tour = Tour(pages, notes)
    assert tour.handle(key(pygame.K_LEFT), board) and tour.place == 0
    tour.handle(key(pygame.K_RIGHT), board)
    assert tour.place == 1
    click = pygame.event.Event(pygame.MOUSEBUTTONDOWN, button=1, pos=(1190, 690))
    tour.handle(click, board)
    assert tour.place == 2
    tour.handle(pygame.event.Event(pygame.MOUSEBUTTONDOWN, button=1, pos=(60, 690)), board)
    assert tour.place == 1
    tour.handle(key(pygame.K_4), board)
    assert tour.page.chapter == "Train"
    tour.handle(pygame.event.Event(pygame.MOUSEBUTTONDOWN, button=1, pos=(60, 20)), board)
    assert tour.place == 0
    tour.handle(key(pygame.K_END), board)
    tour.handle(key(pygame.K_RIGHT), board)
    assert tour.place == len(pages) - 1


def test_escape_leaves_the_list_of_keys_before_the_tour(notes: Notebook) -> None:
    board = Board((1280, 720))
    tour = Tour(all_pages(), notes)
    tour.draw(board)
    plain = board.rgb()
    tour.handle(key(pygame.K_F1), board)
    tour.draw(board)
    assert (board.rgb() != plain).any()
    tour.handle(key(pygame.K_ESCAPE), board)
    assert tour.running and not tour.show_keys
    tour.handle(key(pygame.K_ESCAPE), board)
    assert not tour.running


def test_what_is_kept_is_taken_up_as_it_was(pieces: list[News], tmp_path: Path) -> None:
    keep(tmp_path / "tour.npz", pieces, 7)
    again, place = taken_up(tmp_path / "tour.npz")
    assert place == 7
    assert [key_of(each) for each in again] == [key_of(each) for each in pieces]
    assert again[0] == PLAN
    lessons = [each for each in again if isinstance(each, Lesson)]
    assert lessons == [each for each in pieces if isinstance(each, Lesson)]
    assert any(isinstance(each, Quiz) for each in again)


def test_a_notebook_keeps_each_kind_of_what_it_was_told(pieces: list[News]) -> None:
    notes = Notebook(PLAN)
    for each in pieces:
        notes.take(each)
    assert {type(each) for each in notes.pieces()} == {type(each) for each in pieces}


def test_what_is_taken_up_is_what_it_was(pieces: list[News], tmp_path: Path) -> None:
    keep(tmp_path / "tour.npz", pieces, 7)
    again, _ = taken_up(tmp_path / "tour.npz")
    tests = next(each for each in again if isinstance(each, Unseen))
    first = next(each for each in pieces if isinstance(each, Unseen)).sights[0]
    assert tests.sights[0].truths == first.truths
    np.testing.assert_array_equal(tests.sights[0].rgb, first.rgb)


@pytest.mark.parametrize("damage", [b"", b"no archive", None])
def test_a_damaged_file_begins_the_tour_anew(damage: bytes | None, pieces: list[News], tmp_path: Path) -> None:
    path = tmp_path / "tour.npz"
    keep(path, pieces[:1], 3)
    path.write_bytes(path.read_bytes()[:-200] if damage is None else damage)
    assert taken_up(path) == ([], 0)
    assert taken_up(tmp_path / "missing.npz") == ([], 0)


def test_steps_that_are_taken_again_replace_the_first() -> None:
    notes = Notebook(PLAN)
    notes.take(Losses("frames", 1, np.array([4.0, 3.0, 2.0], np.float32)))
    notes.take(Losses("frames", 3, np.array([2.5, 1.5], np.float32)))
    assert notes.losses["frames"] == [4.0, 3.0, 2.5, 1.5]
    notes.take(Losses("closeups", 1, np.array([9.0], np.float32)))
    assert notes.all_losses().tolist() == [9.0, 4.0, 3.0, 2.5, 1.5]


def test_the_training_is_wished_for_once() -> None:
    wishes: list[Wish] = []
    notes = Notebook(PLAN, wishes.append)
    page = TrainPage()
    assert page.press(pygame.K_RETURN, notes) and page.press(pygame.K_RETURN, notes)
    assert wishes == [Wish.TRAIN]


def test_parts_of_the_training_can_be_gone_through(notes: Notebook) -> None:
    page, board = TrainPage(), Board((1280, 720))
    assert page.press(pygame.K_UP, notes) and page.chosen == 1
    page.press(pygame.K_UP, notes)
    assert page.chosen == 0
    page.draw(board, notes)
    first = board.rgb()
    page.press(pygame.K_DOWN, notes)
    page.press(pygame.K_DOWN, notes)
    assert page.chosen is None
    board.clear()
    page.draw(board, notes)
    assert (board.rgb() != first).any()
    page.click(48, 644, notes)
    assert page.chosen == 0
    page.press(pygame.K_SPACE, notes)
    page.advance(100.0, notes)
    assert page.advance(101.5, notes) and page.chosen == 1


def test_a_drive_plays_and_can_be_dragged(notes: Notebook) -> None:
    page = DrivePage()
    for tenth in range(30):
        page.advance(100.0 + tenth / 10, notes)
    assert page.place == 15 and not page.playing
    page.click(84 + 756 / 2, 560, notes)
    assert page.place == 8
    page.press(pygame.K_s, notes)
    assert page.network is Network.SHIPPED and page.place == 0


def test_the_pages_sum_is_the_networks_own() -> None:
    """Held against an independent convolution: OpenCV's correlation, taken at every second place."""
    import cv2

    rgb = RNG.integers(0, 255, (16, 24, 3), dtype=np.uint8)
    kernel = RNG.normal(size=(3, 3, 3)).astype(np.float32)
    model = Model((), Sight("", rgb, ()), {}, {}, 1 / 64, -2.0, 2)
    scaled = rgb.astype(np.float32) / 64 - 2
    ours = convolved(rgb, kernel, 0.25, model)
    whole = sum(cv2.filter2D(scaled[..., c], -1, kernel[..., c], borderType=cv2.BORDER_CONSTANT) for c in range(3))
    np.testing.assert_allclose(ours, np.asarray(whole)[1::2, 1::2] + 0.25, atol=1e-4)


def test_the_convolution_follows_the_mouse(notes: Notebook) -> None:
    page, board = ConvolutionPage(), Board((1280, 720))
    page.draw(board, notes)
    assert page.place is not None
    page.click(40 + 588 / 2, 134 + 126, notes)
    assert page.place == (72, 168)
    assert page.press(pygame.K_t, notes) and page.press(pygame.K_DOWN, notes)
    page.draw(board, notes)


def test_signs_are_counted_once_and_hidden_ones_not_at_all() -> None:
    hidden = thing(ObjectKind.STOP_SIGN, (100.0, 80.0, 120.0, 100.0), asked=False)
    elsewhere = thing(ObjectKind.STOP_SIGN, (600.0, 80.0, 630.0, 110.0), 0.8)
    unsure = replace(FOUND, score=0.3)
    assert judged([SIGN, hidden], [FOUND]) == (1, 1, 0)
    assert judged([SIGN, hidden], [unsure]) == (0, 1, 0)
    assert judged([SIGN], [FOUND, replace(FOUND, score=0.7), elsewhere]) == (1, 1, 2)
    assert judged([hidden], [replace(hidden, score=0.9)]) == (0, 0, 0)
    assert overlap(SIGN.box, SIGN.box) == 1.0
    assert overlap(SIGN.box, hidden.box) == 0.0


def test_words_follow_from_what_was_measured(pieces: list[News], notes: Notebook) -> None:
    few, many = (each for each in pieces if isinstance(each, Lesson))
    assert "worst of those with many beats" in volume_words(few, many)
    assert "overlap" in volume_words(few, replace(many, precisions=(0.6, 0.78)))
    assert "did better" in volume_words(few, replace(many, precisions=(0.2, 0.3)))
    shown = sight("place 0")

    def trial(words: str, belief: float, kind: ObjectKind) -> Trial:
        return Trial(words, replace(shown, truths=(replace(SIGN, kind=kind),)), {Network.SHIPPED: belief})

    stuck = Experiment("stickers", tuple(trial("x", belief, ObjectKind.STOP_SIGN) for belief in (0.9, 0.8, 0.2)))
    assert "loses it under x" in sticker_words(stuck)
    unmoved = Experiment("stickers", tuple(trial("x", belief, ObjectKind.STOP_SIGN) for belief in (0.9, 0.8, 0.7)))
    assert "loses none" in sticker_words(unmoved)
    sign, shirt = trial("a stop sign", 0.9, ObjectKind.STOP_SIGN), trial("a T-shirt", 0.9, ObjectKind.DISTRACTOR)
    assert "takes 1 of 1 other things for one: a T-shirt" in shirt_words(Experiment("shirt", (sign, shirt)))
    calm = trial("a T-shirt", 0.1, ObjectKind.DISTRACTOR)
    assert "fooled by none" in shirt_words(Experiment("shirt", (sign, calm)))


def test_layers_tell_how_their_numbers_add_up(pieces: list[News]) -> None:
    layers = next(each for each in pieces if isinstance(each, Model)).layers
    assert "3 x 3 x 3 x 4 weights + 4 = 112" in layer_words(layers[1])
    assert "4 x 12 weights + 12 = 60" in layer_words(layers[3])


def test_a_curve_is_smoothed_by_what_came_before() -> None:
    values = np.array([4.0, 2.0, 0.0, 0.0], np.float32)
    assert smoothed(values, 2).tolist() == [4.0, 3.0, 1.0, 0.0]
    assert thinned(values, 2)[-1] == (3, 0.0)
    assert len(smoothed(values[:0])) == 0


def test_pages_are_saved_without_a_display(notes: Notebook, tmp_path: Path) -> None:
    paths = save_pages(notes, tmp_path, (640, 360))
    assert len(paths) == len(all_pages())
    assert all(path.stat().st_size > 3000 for path in paths)


def test_the_window_turns_takes_news_and_keeps_the_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    waiting: list[News] = [Work("Building", 1, 3), Ended("")]
    turns: list[int] = []

    def poll() -> list[News]:
        turns.append(1)
        if len(turns) == 3:
            pygame.event.post(key(pygame.K_RIGHT))
            pygame.event.post(key(pygame.K_F1))
        if len(turns) == 6:
            pygame.event.post(pygame.event.Event(pygame.QUIT))
        return [waiting.pop(0)] if waiting else []

    notes = Notebook(PLAN)
    place = show_tour(notes, poll, kept=tmp_path / "tour.npz", size_px=(640, 360))
    assert place == 1
    assert taken_up(tmp_path / "tour.npz")[1] == 1


def test_without_a_screen_one_line_names_the_headless_way(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(DisplayError, match="teach --headless"):
        show_tour(Notebook(PLAN), lambda: [])


def test_the_board_keeps_its_shape_in_any_window() -> None:
    board = Board((2000, 720))
    assert board.scale == 1.0
    assert board.units((360, 0)) == (0.0, 0.0)
    assert board.rect(0, 0, WIDTH, HEIGHT).size == (1280, 720)
