from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.camera import Camera, CameraFrame

CAMERA = Camera()


@given(
    st.floats(-50, 50), st.floats(-20, 20), st.floats(0.5, 200.0)
)  # right, down and forward of the camera, in metres
def test_projecting_and_unprojecting_is_identity(x_m, y_m, z_m):
    point = np.array([[x_m, y_m, z_m]])

    back = CAMERA.unproject(CAMERA.project(point), point[:, 2])

    np.testing.assert_allclose(back, point, atol=1e-9)


def test_a_usual_sign_is_ten_pixels_wide_at_fifty_five_metres():
    edges = CAMERA.project(np.array([[-0.38, 0.0, 55.0], [0.38, 0.0, 55.0]]))

    assert edges[1, 0] - edges[0, 0] == pytest.approx(0.76 * 720 / 55)
    assert edges[1, 0] - edges[0, 0] == pytest.approx(9.95, abs=0.01)


def test_the_standard_camera_sees_as_wide_and_as_near_as_it_should():
    wide, high = CAMERA.field_of_view_deg

    assert wide == pytest.approx(50.0, abs=0.1)
    assert high == pytest.approx(22.6, abs=0.1)
    assert CAMERA.ground_distance_m(CAMERA.height_px) == pytest.approx(7.0)


def test_the_ground_is_never_seen_above_the_horizon():
    assert CAMERA.ground_distance_m(CAMERA.centre_v_px) == float("inf")
    assert CAMERA.ground_distance_m(0.0) == float("inf")


@pytest.mark.parametrize(
    "wrong", [{"width_px": 670}, {"width_px": 16_000}, {"height_px": 0}, {"focal_px": -1.0}, {"height_m": 0.0}]
)
def test_an_impossible_camera_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Camera(**wrong)


def test_a_frame_of_another_shape_is_refused_and_a_right_one_is_read_only():
    with pytest.raises(ValueError, match="Received: \\(640, 192\\), float64"):
        CameraFrame(0, np.zeros((640, 192)), CAMERA)

    frame = CameraFrame(0, np.zeros((288, 672, 3), np.uint8), CAMERA)

    with pytest.raises(ValueError, match="read-only"):
        frame.rgb[0, 0, 0] = 1
