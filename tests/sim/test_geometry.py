from math import cos, pi, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.geometry import Rectangle, rectangle_gap_m, rectangles_overlap

rectangles = st.builds(
    Rectangle,
    st.floats(-10, 10),
    st.floats(-10, 10),
    st.floats(-pi, pi),
    st.floats(0.5, 8),
    st.floats(0.5, 3),
)


def test_corners_go_counter_clockwise_from_the_front_left():
    corners = Rectangle(1.0, 2.0, pi / 2, 4.0, 2.0).corners
    expected = [(0.0, 4.0), (0.0, 0.0), (2.0, 0.0), (2.0, 4.0)]
    assert [coordinate for corner in corners for coordinate in corner] == pytest.approx(
        [coordinate for corner in expected for coordinate in corner]
    )


@pytest.mark.parametrize(
    ("other", "overlap", "gap_m"),
    [
        (Rectangle(3.9, 0.0, 0.0, 4.0, 2.0), True, 0.0),
        (Rectangle(4.0, 0.0, 0.0, 4.0, 2.0), False, 0.0),
        (Rectangle(4.5, 0.0, 0.0, 4.0, 2.0), False, 0.5),
        (Rectangle(7.0, 6.0, 0.0, 4.0, 2.0), False, 5.0),
        (Rectangle(0.0, 0.0, 1.0, 0.2, 0.2), True, 0.0),
        (Rectangle(0.0, 3.25, pi / 2, 4.0, 2.0), False, 0.25),
        # Boxes along the axes would overlap here; the turned rectangles do not.
        (Rectangle(3.6, 2.6, pi / 4, 2.0, 2.0), False, None),
    ],
)
def test_overlap_and_gap_of_known_pairs(other, overlap, gap_m):
    one = Rectangle(0.0, 0.0, 0.0, 4.0, 2.0)
    assert rectangles_overlap(one, other) is overlap
    if gap_m is not None:
        assert rectangle_gap_m(one, other) == pytest.approx(gap_m, abs=1e-12)
    else:
        assert rectangle_gap_m(one, other) > 0


@given(rectangles, rectangles)
def test_overlap_and_gap_do_not_care_who_asks(one, other):
    assert rectangles_overlap(one, other) == rectangles_overlap(other, one)
    assert rectangle_gap_m(one, other) == pytest.approx(rectangle_gap_m(other, one))


@given(rectangles, rectangles)
def test_a_corner_inside_means_overlap_and_a_gap_means_none(one, other):
    if any(_deep_inside(one, corner) for corner in other.corners):
        assert rectangles_overlap(one, other)
    if rectangle_gap_m(one, other) > 1e-9:
        assert not rectangles_overlap(one, other)


@given(rectangles, st.floats(0.01, 5.0))
def test_the_gap_ahead_is_what_one_moves_ahead(one, gap_m):
    ahead_m = one.length_m + gap_m
    moved = Rectangle(
        one.x_m + ahead_m * cos(one.heading_rad),
        one.y_m + ahead_m * sin(one.heading_rad),
        one.heading_rad,
        one.length_m,
        one.width_m,
    )
    assert rectangle_gap_m(one, moved) == pytest.approx(gap_m)


def _deep_inside(rectangle, point):
    shrunk = Rectangle(
        rectangle.x_m, rectangle.y_m, rectangle.heading_rad, 0.98 * rectangle.length_m, 0.98 * rectangle.width_m
    )
    return shrunk.distance_to_point_m(point) == 0.0
