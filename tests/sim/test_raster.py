import cv2
import numpy as np
import pygame
import pytest

from sim.compiled import compiled
from sim.render.exposure import FIELD_UNIT, NOISE_REACH, blur_across, blur_down, expose, expose_by_table
from sim.render.raster import count_number, fill_and_count, fill_chosen, fill_layers, fill_polygons, numbers_under
from sim.render.texturing import lay_face, lay_grain

HEIGHT, WIDTH = 60, 80


def _polygons(rng: np.random.Generator, count: int) -> list[np.ndarray]:
    """Convex ones about the picture, large and small, in it and beyond its edges."""
    found = []
    for _ in range(count):
        turns = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 12))))
        centre, reach = rng.uniform(-20, 100, 2), rng.uniform(0.5, 60, 2)
        found.append(centre + reach * np.stack([np.cos(turns), np.sin(turns)], axis=1))
    return found


def _packed(polygons: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    last = np.cumsum([len(polygon) for polygon in polygons])
    return np.concatenate(polygons), np.concatenate([[0], last[:-1]]), last


def test_polygons_cover_what_pygame_fills():
    polygons = _polygons(np.random.default_rng(1), 400)
    star = np.array([[40, 2], [47, 22], [70, 22], [52, 35], [58, 57], [40, 44], [22, 57], [28, 35], [10, 22], [33, 22]])
    flat = np.array([[5.0, 30.4], [60.0, 30.1], [33.0, 30.7]])
    for polygon in [*polygons, star.astype(np.float64), flat]:
        expected = np.zeros((HEIGHT, WIDTH), np.uint8)
        pygame.draw.polygon(pygame.image.frombuffer(expected.data, (WIDTH, HEIGHT), "P"), 7, polygon.tolist())
        filled = np.zeros_like(expected)
        fill_polygons(filled, *_packed([polygon]), np.array([7], np.uint8))
        assert (filled == expected).all(), polygon


def test_layers_are_filled_each_with_its_own_polygons():
    points, first, last = _packed(_polygons(np.random.default_rng(2), 6))
    targets, values = np.array([0, 2, 0, 2, 2, 0]), np.arange(1, 7, dtype=np.uint8)
    layers = np.zeros((3, HEIGHT, WIDTH), np.uint8)
    fill_layers(layers, points, first, last, targets, values)
    for layer in range(3):
        alone = np.zeros((HEIGHT, WIDTH), np.uint8)
        own = targets == layer
        fill_polygons(alone, points, first[own], last[own], values[own])
        assert (layers[layer] == alone).all()


def test_a_choice_of_polygons_is_filled_as_it_would_be_alone():
    points, first, last = _packed(_polygons(np.random.default_rng(3), 9))
    values, chosen = np.arange(1, 10, dtype=np.uint8), np.arange(9) % 3 > 0
    some, alone = (np.zeros((HEIGHT, WIDTH), np.uint8) for _ in range(2))
    fill_chosen(some, points, first, last, values, chosen, 2, 8)
    own = np.flatnonzero(chosen[2:8]) + 2
    fill_polygons(alone, points, first[own], last[own], values[own])
    assert (some == alone).all()


def test_things_are_counted_before_and_after_they_are_hidden():
    def square(u: float, v: float, side: float) -> np.ndarray:
        return np.array([[u, v], [u + side, v], [u + side, v + side], [u, v + side]])

    # One thing of two squares that overlap, something that hides part of it, and a thing out of the picture.
    squares = [square(10, 10, 9), square(15, 15, 9), square(20, 20, 20), square(300, 300, 5)]
    points, first, last = _packed(squares)
    bounds = np.array([[*s.min(axis=0), *s.max(axis=0)] for s in squares])
    owners, covers = np.array([42, 42, 0, 43]), np.array([0, 0, 201, 0], np.uint8)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    things, found = fill_and_count(mask, points, first, last, bounds, owners, covers, np.zeros((0, 4)), 1.0, 199)
    assert found.tolist() == [42]
    assert things.tolist() == [[1, 100 + 100 - 25, 10, 10, 25, 25, 0, 1]]
    assert count_number(mask, 1, 10, 10, 25, 25) == (175 - 25, 10, 10, 25, 25)
    under = numbers_under(mask, points, first[:2], last[:2], (10, 10, 25, 25))
    assert {int(number): int(under[number]) for number in np.flatnonzero(under)} == {1: 150, 201: 25}


def test_what_is_not_near_a_thing_is_not_drawn():
    points, first, last = _packed([np.array([[1.0, 1.0], [5.0, 1.0], [5.0, 5.0]])])
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    bounds, none = np.array([[1.0, 1.0, 5.0, 5.0]]), np.array([0])
    for also, drawn in ((np.zeros((0, 4)), False), (np.array([[4.0, 4.0, 9.0, 9.0]]), True)):
        fill_and_count(mask, points, first, last, bounds, none, np.array([201], np.uint8), also, 1.0, 199)
        assert mask.any() == drawn


@pytest.mark.parametrize("reach", [1, 2, 7])
def test_blurs_are_means(reach):
    picture = np.random.default_rng(reach).integers(0, 256, (24, 40, 3)).astype(np.uint8)
    across, down = picture.copy(), picture.copy()
    blur_across(across, 5, 31, reach)
    blur_down(down, 9, reach)
    assert (across[:, 5:31] == cv2.blur(picture[:, 5:31], (2 * reach + 1, 1))).all()
    assert (across[:, :5] == picture[:, :5]).all()
    assert (across[:, 31:] == picture[:, 31:]).all()
    assert (down[9:] == cv2.blur(picture[9:], (1, 2 * reach + 1))).all()
    assert (down[:9] == picture[:9]).all()


def test_exposure_scales_adds_noise_and_stays_in_range():
    rng = np.random.default_rng(5)
    picture, field = (rng.integers(0, 256, (9, 11, 3)).astype(np.uint8) for _ in range(2))
    noise = rng.integers(-20, 20, (15, 19, 3)).astype(np.int8)
    done = expose(picture, field, 1.3 / 255, noise, 4, 6)
    lit = np.clip(np.round(picture.astype(float) * field * 1.3 / 255), 0, 255) + noise[4:13, 6:17]
    assert np.abs(done - np.clip(lit, 0, 255)).max() <= 1


def test_exposure_by_table_goes_there_and_back():
    rng = np.random.default_rng(6)
    picture = rng.integers(0, 256, (9, 11, 3)).astype(np.uint8)
    field = np.full(picture.shape, FIELD_UNIT, np.uint8)
    there = (np.arange(256) // 2 + 60).astype(np.uint8)
    back = np.pad(np.clip(2 * (np.arange(256) - 60), 0, 255).astype(np.uint8), NOISE_REACH, mode="edge")
    still = picture.copy()
    expose_by_table(still, field, there, back, np.zeros((9, 11, 3), np.int8), 0, 0)
    assert (still == picture // 2 * 2).all()
    noisy = picture.copy()
    expose_by_table(noisy, field, there, back, np.full((9, 11, 3), 3, np.int8), 0, 0)
    assert (noisy == np.clip(picture.astype(int) // 2 * 2 + 6, 0, 255)).all()


def test_a_face_is_laid_as_opencv_warps_it():
    rng = np.random.default_rng(7)
    face = np.zeros((32, 32, 4), np.uint8)
    face[3:29, 3:29, 3] = 255
    face[..., :3] = np.minimum(rng.integers(0, 256, (32, 32, 1)), face[..., 3:])
    corners = np.array([[12.3, 50.2], [49.1, 54.6], [51.7, 9.4], [10.8, 14.9]], np.float32)
    source = np.array([[0, 32], [32, 32], [32, 0], [0, 0]], np.float32) - 0.5
    pixels = rng.integers(0, 256, (HEIGHT, WIDTH, 4)).astype(np.uint8)
    sprite = cv2.warpPerspective(face, cv2.getPerspectiveTransform(source, corners - 0.5), (WIDTH, HEIGHT)).astype(
        float
    )
    expected = 0.5 * sprite[..., :3] + 0.1 * sprite[..., 3:] + pixels[..., :3] * (1 - sprite[..., 3:] / 255)
    before = pixels.copy()
    lay_face(pixels, corners.astype(np.float64), face, (0.5, 0.5, 0.5), (0.1, 0.1, 0.1))
    assert np.abs(pixels[..., :3] - expected).max() < 6
    assert np.abs(pixels[..., :3] - expected).mean() < 0.4
    # OpenCV tells 32 places between two pixels apart, this four times as many.
    assert pixels[sprite[..., 3] == 255][:, 3].max() <= 8
    assert (pixels[:, 60:] == before[:, 60:]).all()
    assert (pixels[:4] == before[:4]).all()


def test_a_grain_darkens_its_wall_and_nothing_else():
    tile = np.full((64, 64), 128, np.uint8)
    corners = np.array([[4.0, 40.0], [60.0, 44.0], [60.0, 8.0], [4.0, 12.0]])
    for clear, inside in ((1.0, 100), (0.5, 150)):
        pixels = np.full((HEIGHT, WIDTH, 4), 200, np.uint8)
        lay_grain(pixels, corners, 60.0, 60.0, tile, clear)
        assert np.abs(pixels[24:30, 20:50, :3].astype(int) - inside).max() <= 1
        assert (pixels[:6] == 200).all()
        assert (pixels[48:] == 200).all()
        assert (pixels[:, 66:] == 200).all()


def test_without_a_place_to_keep_machine_code_functions_are_compiled_all_the_same(monkeypatch):
    import numba

    njit = numba.njit

    def nowhere_to_write(**options):
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return njit(**options)

    monkeypatch.setattr(numba, "njit", nowhere_to_write)

    def twice(value):
        return 2 * value

    assert compiled(twice)(21) == 42
