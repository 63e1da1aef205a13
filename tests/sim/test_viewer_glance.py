from __future__ import annotations

import numpy as np
import pygame
import pytest

from sim.errors import DisplayError
from sim.viewer.glance import FIXATION_S, MASK_S, SHOWN_S, GlanceTest, Phase, ask, mask_of, show_until_key


def pictures(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [rng.integers(0, 255, (72, 168, 3), np.uint8) for _ in range(count)]


@pytest.fixture
def dummy_screen(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    yield
    pygame.display.quit()


def key(code: int) -> None:
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=code))


def test_each_picture_is_shown_for_its_time_and_answered_only_when_asked():
    test = GlanceTest(pictures(2))
    assert test.phase is Phase.READY
    test.press(pygame.K_y, 0.0)
    assert (test.phase, test.answers) == (Phase.READY, [])
    test.press(pygame.K_SPACE, 1.0)
    for lasts_s, phase, after in (
        (FIXATION_S, Phase.FIXATION, Phase.PICTURE),
        (SHOWN_S, Phase.PICTURE, Phase.MASK),
        (MASK_S, Phase.MASK, Phase.QUESTION),
    ):
        start = {Phase.FIXATION: 1.0, Phase.PICTURE: 1.0 + FIXATION_S, Phase.MASK: 1.0 + FIXATION_S + SHOWN_S}[phase]
        test.advance(start + lasts_s - 0.05)
        assert test.phase is phase
        test.press(pygame.K_n, start + lasts_s - 0.05)
        test.advance(start + lasts_s)
        assert test.phase is after
    assert test.answers == []
    assert test.seen_s == [pytest.approx(SHOWN_S)]
    test.press(pygame.K_y, 9.0)
    assert (test.phase, test.answers) == (Phase.FIXATION, [True])


def test_escape_ends_with_what_there_is():
    test = GlanceTest(pictures(3))
    test.press(pygame.K_SPACE, 0.0)
    for now_s in np.arange(0.0, 2.0, 0.02):
        test.advance(float(now_s))
    test.press(pygame.K_n, 2.0)
    test.press(pygame.K_ESCAPE, 2.1)
    assert (test.phase, test.answers) == (Phase.DONE, [False])


def test_the_mask_has_the_pictures_colours_and_hides_it():
    rgb = np.zeros((288, 672, 3), np.uint8)
    rgb[:144] = (60, 90, 200)
    rgb[120:170, 320:370] = (200, 20, 30)
    mask = mask_of(rgb, 5)
    assert mask.shape == rgb.shape
    assert abs(mask.mean(axis=(0, 1)) - rgb.mean(axis=(0, 1))).max() < 25
    upper, lower = ([half.mean() for half in np.split(each, 2)] for each in (rgb, mask))
    assert abs(lower[0] - lower[1]) < 0.3 * abs(upper[0] - upper[1])
    assert (mask == mask_of(rgb, 5)).all()
    assert (mask != mask_of(rgb, 6)).any()


def test_a_person_answers_with_the_keys_in_a_window(dummy_screen):
    phases: list[Phase] = []
    blank: list[bool] = []

    def press(test: GlanceTest, screen: pygame.Surface) -> None:
        if not phases or phases[-1] is not test.phase:
            phases.append(test.phase)
            blank.append(bool(np.ptp(pygame.surfarray.pixels2d(screen)) == 0))
            if test.phase is Phase.READY:
                key(pygame.K_SPACE)
            elif test.phase is Phase.QUESTION:
                key(pygame.K_y if not test.answers else pygame.K_n)

    test = ask(pictures(2), shown_s=0.05, watch=press)
    assert test.answers == [True, False]
    assert len(test.seen_s) == 2
    assert not any(blank)
    turn = [Phase.FIXATION, Phase.PICTURE, Phase.MASK, Phase.QUESTION]
    assert phases == [Phase.READY, *turn, *turn, Phase.DONE]


def test_closing_the_window_ends_the_test(dummy_screen):
    test = ask(pictures(1), watch=lambda test, screen: pygame.event.post(pygame.event.Event(pygame.QUIT)))
    assert test.answers == []


def test_the_result_stays_until_a_key_is_pressed(dummy_screen):
    turns: list[int] = []

    def watch(screen: pygame.Surface) -> None:
        turns.append(int(pygame.surfarray.pixels3d(screen).max()))
        if len(turns) == 3:
            key(pygame.K_RETURN)

    show_until_key(np.full((90, 160, 3), 200, np.uint8), watch=watch)
    assert turns == [200, 200, 200, 200]
    assert pygame.display.get_surface() is None


def test_without_a_screen_one_line_says_so(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(DisplayError, match="Expected a screen"):
        ask(pictures(1))


def test_no_picture_is_refused():
    with pytest.raises(ValueError, match="at least one picture"):
        GlanceTest([])
