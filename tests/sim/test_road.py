"""Paths: there and back between world and road, over lines, arcs and clothoids."""

from __future__ import annotations

from math import cos, hypot, pi, sin

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sim.road import SAMPLE_M, CentreLine, Edge, Path, Road, RoadNetwork, StopLine, build_path

curvatures = st.floats(-0.02, 0.02)
lines = st.builds(lambda length: (length, 0.0, 0.0), st.floats(20, 80))
arcs = st.builds(lambda length, k: (length, k, k), st.floats(20, 60), curvatures)


@st.composite
def paths(draw: st.DrawFn) -> Path:
    """Smooth paths, as roads are: curvature is continuous, sections of any kind follow one another."""
    sections: list[tuple[float, float, float]] = []
    curvature = 0.0
    for _ in range(draw(st.integers(1, 4))):
        after = draw(st.one_of(st.just(curvature), curvatures))
        length = draw(st.floats(20, 60))
        # A clothoid of at least 20 m: curvature changes by at most 0.002 per metre.
        sections.append((length, curvature, after))
        curvature = after
    return build_path(sections, draw(st.floats(-50, 50)), draw(st.floats(-50, 50)), draw(st.floats(-pi, pi)))


@given(paths(), st.floats(0.02, 0.98), st.floats(-10, 10))
def test_a_point_of_the_road_is_found_again_within_a_centimetre(path: Path, share: float, d_m: float):
    s_m = share * path.length_m
    x, y = path.position(s_m, d_m)
    found_s, found_d = path.project(x, y, near_s_m=s_m)
    assert found_d == pytest.approx(d_m, abs=0.01)
    back_x, back_y = path.position(found_s, found_d)
    assert hypot(back_x - x, back_y - y) < 0.01


@given(st.one_of(lines, arcs), st.floats(0.05, 0.95), st.floats(-10, 10), st.floats(-pi, pi))
def test_lines_and_arcs_are_projected_exactly(
    section: tuple[float, float, float], share: float, d_m: float, heading: float
):
    path = build_path([section], 3.0, -4.0, heading)
    s_m = share * path.length_m
    found_s, found_d = path.project(*path.position(s_m, d_m))
    assert (found_s, found_d) == pytest.approx((s_m, d_m), abs=0.003)


@given(paths(), st.floats(-10, 10), st.floats(0.1, 40))
def test_beyond_its_ends_a_path_goes_straight_on(path: Path, d_m: float, beyond_m: float):
    for s_m in (-beyond_m, path.length_m + beyond_m):
        x, y = path.position(s_m, d_m)
        near = min(max(s_m, 0.0), path.length_m)
        end_x, end_y = path.position(near, d_m)
        assert hypot(x - end_x, y - end_y) == pytest.approx(beyond_m, abs=0.02)
        found_s, found_d = path.project(x, y, near_s_m=near)
        assert (found_s, found_d) == pytest.approx((s_m, d_m), abs=0.01)


@given(paths(), st.floats(0.0, 0.9))
def test_a_path_has_no_jump_and_its_arc_length_is_its_length(path: Path, share: float):
    s_m = share * path.length_m
    step_m = 0.01
    assume(s_m + step_m < path.length_m)
    x0, y0 = path.position(s_m)
    x1, y1 = path.position(s_m + step_m)
    assert hypot(x1 - x0, y1 - y0) == pytest.approx(step_m, abs=0.004)


def test_the_left_of_a_path_is_left():
    path = build_path([(50.0, 0.0, 0.0)])
    assert path.position(10.0, 2.0) == pytest.approx((10.0, 2.0))
    assert path.project(10.0, 2.0) == pytest.approx((10.0, 2.0))


def test_an_arc_ends_where_the_circle_does():
    radius_m = 60.0
    path = build_path([(radius_m * pi / 2, 1 / radius_m, 1 / radius_m)])
    assert path.position(radius_m * pi / 2) == pytest.approx((radius_m, radius_m), abs=0.02)
    assert path.heading(radius_m * pi / 2) == pytest.approx(pi / 2, abs=1e-6)


def test_a_clothoid_turns_by_half_its_length_times_its_curvature():
    path = build_path([(40.0, 0.0, 0.02)])
    assert path.heading(40.0) == pytest.approx(0.5 * 40.0 * 0.02, abs=0.02 * SAMPLE_M)
    assert path.mean_curvature(0.0, 40.0) == pytest.approx(0.01, abs=0.0005)


def test_a_path_keeps_its_distance_from_a_circles_centre():
    path = build_path([(100.0, 0.02, 0.02)], heading_rad=0.3)
    centre = (-50.0 * sin(0.3), 50.0 * cos(0.3))
    for s_m in (0.0, 13.3, 50.0, 99.9):
        x, y = path.position(s_m, 5.0)
        assert hypot(x - centre[0], y - centre[1]) == pytest.approx(45.0, abs=0.01)


@pytest.mark.parametrize("sections", [[], [(0.0, 0.0, 0.0)], [(10.0, 0.0, 0.0), (-1.0, 0.0, 0.0)]])
def test_a_section_without_length_is_refused(sections: list[tuple[float, float, float]]):
    with pytest.raises(ValueError, match="positive length"):
        build_path(sections)


def test_the_next_stop_line_is_the_first_not_yet_passed():
    road = Road(build_path([(200.0, 0.0, 0.0)]), 3.5, Edge.KERB, CentreLine.SOLID, True, True, 0.0)
    near, far = StopLine(50.0, 0.4, 0), StopLine(150.0, 0.4, 1)
    network = RoadNetwork(road, (), (near, far))
    assert network.next_stop_line(10.0) is near
    assert network.next_stop_line(50.0) is near
    assert network.next_stop_line(50.1) is far
    assert network.next_stop_line(151.0) is None
    assert network.lane_position(20.0) == pytest.approx((20.0, -1.75))
