"""Sign faces: each is drawn, keeps its silhouette, and shows what has befallen it."""

from __future__ import annotations

import numpy as np
import pytest

from sim.generate.distractors import FORMS
from sim.render.faces import LOOKS, mean_colour, outline, texture, textures
from sim.render.faces.canvas import Canvas
from sim.render.faces.glyphs import LATIN, WORDS
from sim.signs import AS_NEW, CONDITIONS, Plate, SignKind, StopStyle, Weathering

STYLES = [style for style in StopStyle if style is not StopStyle.PLAIN]
# A school bus's arm may have a black border.
OCTAGONS = [style for style in STYLES if len(outline(style)) == 8 and style is not StopStyle.BUS_ARM]


def _aspect(face):
    return round(FORMS[face].width_m / FORMS[face].height_m, 2) if face in FORMS else 1.0


def _share_of(rgba, wanted):
    """Return the share of a face's opaque pixels for which a test of red, green and blue holds."""
    shown = rgba[rgba[..., 3] > 200][:, :3].astype(int)
    return wanted(shown[:, 0], shown[:, 1], shown[:, 2]).mean()


def _reddish(r, g, b):
    return (r > 120) & (g < 0.5 * r) & (b < 0.5 * r)


def _whitish(r, g, b):
    return np.minimum(np.minimum(r, g), b) > 200


@pytest.mark.parametrize("face", [*STYLES, *Plate, *FORMS], ids=str)
def test_every_face_is_drawn_within_its_silhouette(face):
    for look in range(LOOKS):
        rgba = textures(face, look, 0, _aspect(face))[0]
        shown = rgba[..., 3] > 200
        # The area of the silhouette by the shoelace formula, which knows nothing of how it is filled.
        x, y = np.array(outline(face)).T
        area = 0.5 * abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))
        assert shown.mean() == pytest.approx(area, abs=0.03)
        assert rgba[shown][:, :3].std() > 8


@pytest.mark.parametrize("style", OCTAGONS)
def test_an_octagon_of_any_country_is_red_with_a_white_border_and_legend(style):
    for look in range(LOOKS):
        rgba = textures(style, look, 0, 1.0)[0]
        assert _share_of(rgba, _reddish) > 0.5
        assert 0.1 < _share_of(rgba, _whitish) < 0.45
        height, width = rgba.shape[:2]
        assert rgba[2, width // 2, :3].min() > 180
        assert rgba[height - 3, width // 2, :3].min() > 180


def test_styles_and_kinds_can_be_told_apart():
    """No two faces of the same look are alike, but for those that share a face by design."""
    same = {StopStyle.ALL_WAY, StopStyle.FOUR_WAY, StopStyle.STREET_NAMES, StopStyle.BEACON, StopStyle.WORKS}
    pictures = [textures(face, 3, 0, 1.0)[1].astype(int) for face in STYLES if face not in same]

    for k, first in enumerate(pictures):
        for second in pictures[k + 1 :]:
            assert np.abs(first - second).mean() > 3


def test_names_of_faces_are_unique():
    faces = [*SignKind, *StopStyle, *Plate]

    assert len({str(face) for face in faces}) == len(faces)


def test_the_octagons_with_other_words_show_every_word():
    pictures = {textures(SignKind.OCTAGON_WORD, look, 0, 1.0)[1].tobytes() for look in range(LOOKS)}

    assert len(pictures) == LOOKS


@pytest.mark.parametrize("letter", [letter for letter in LATIN if letter not in " Ê"])
def test_a_letter_fills_its_box(letter):
    canvas = Canvas(400, 400)
    width = 0.4 * LATIN[letter][0]
    canvas.letters(letter, (255, 255, 255), (-0.5 * width, -0.2, 0.5 * width, 0.2))

    rows, columns = np.nonzero(canvas.pixels()[..., 3])

    assert columns.min() == pytest.approx(100 - 100 * width, abs=4)
    assert columns.max() == pytest.approx(100 + 100 * width, abs=4)
    if letter != "-":
        assert rows.min() == pytest.approx(60, abs=3)
        assert rows.max() == pytest.approx(140, abs=3)


def test_the_circumflex_of_arret_rises_above_its_letters():
    canvas = Canvas(400, 400)
    canvas.letters("Ê", (255, 255, 255), (-0.1, -0.2, 0.1, 0.2))

    rows, _ = np.nonzero(canvas.pixels()[..., 3])

    assert rows.min() < 50


@pytest.mark.parametrize("word", WORDS)
def test_a_word_of_another_script_lies_within_its_box(word):
    canvas = Canvas(400, 400)
    canvas.word(word, (255, 255, 255), (-0.25, -0.25, 0.25, 0.25))

    rows, columns = np.nonzero(canvas.pixels()[..., 3])

    assert 48 <= columns.min() < columns.max() <= 152
    assert 48 <= rows.min() < rows.max() <= 152
    assert columns.max() - columns.min() > 70


@pytest.mark.parametrize("condition", CONDITIONS)
def test_each_condition_is_seen_and_grows(condition):
    new = textures(StopStyle.HIGHWAY, 2, 0, 1.0)[0].astype(int)
    changed = [
        np.abs(textures(StopStyle.HIGHWAY, 2, 0, 1.0, Weathering(**{condition: amount}).steps)[0] - new).mean()
        for amount in (0.3, 0.9)
    ]

    assert changed[0] > 0.3
    assert changed[1] > 1.2 * changed[0]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_weathering_keeps_the_silhouette_and_stays_premultiplied(condition):
    new = textures(StopStyle.HIGHWAY, 5, 0, 1.0)[0]
    worn = textures(StopStyle.HIGHWAY, 5, 0, 1.0, Weathering(**{condition: 0.9}).steps)[0]

    np.testing.assert_array_equal(worn[..., 3], new[..., 3])
    assert (worn[..., :3] <= worn[..., 3:]).all()


def test_a_faded_sign_is_paler_and_less_red():
    fresh = mean_colour(StopStyle.HIGHWAY, 0, 0, 1.0)
    faded = mean_colour(StopStyle.HIGHWAY, 0, 0, 1.0, Weathering(fade=1.0).steps)

    assert faded[1] > fresh[1] + 30
    assert faded[0] / faded[1] < fresh[0] / fresh[1]


def test_snow_whitens_a_face():
    steps = Weathering(snow=1.0).steps
    shares = [_share_of(textures(StopStyle.HIGHWAY, look, 0, 1.0, steps)[0], _whitish) for look in range(LOOKS)]

    assert min(shares) > 0.35


@pytest.mark.parametrize("steps", [AS_NEW.steps, Weathering(dirt=0.6, stickers=0.4).steps])
def test_the_copy_that_fits_is_one_of_all_copies(steps):
    copies = textures(StopStyle.ALTO, 1, 1, 1.0, steps)

    for below_px, number in ((1000.0, 0), (192.0, 1), (60.0, 2), (0.0, len(copies) - 1)):
        np.testing.assert_array_equal(texture((StopStyle.ALTO, 1, 1, 1.0, steps, None), below_px), copies[number])
