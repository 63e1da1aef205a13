"""What a wet road mirrors: the world upside down, drawn small and smeared, since no road is flat."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.camera import Camera
from sim.render.backdrop import with_rows
from sim.render.mesh import Mesh
from sim.render.projection import NEAR_M, Projected, View, most_raised_px
from sim.render.raster import fill_polygons

_COARSE = 2
_FARTHEST_M = 120.0
_SMEAR_PX = (3, 17)
"""Width and height of the blur: ripples draw a reflection out towards the viewer."""


class Mirror:
    """Draws reflections for one camera."""

    def __init__(self, camera: Camera) -> None:
        most_rows = camera.height_px - camera.height_px // 2 + most_raised_px(camera)
        rows, columns = -(-most_rows // _COARSE), camera.width_px // _COARSE
        self._pixels: NDArray[np.uint8] = np.zeros((rows, columns, 4), np.uint8)

    def picture(
        self, view: View, mesh: Mesh, solids: Projected, colours: NDArray[np.uint8], sky: NDArray[np.uint8]
    ) -> NDArray[np.uint8]:
        """Return the mirrored world below the horizon, RGB at half resolution.

        A point at height z, mirrored in the road, is seen where one at -z would be: at f (h + z) / d below the horizon.

        Args:
            view: The camera's place.
            mesh: What stands up.
            solids: Its polygons in the picture, far ones first.
            colours: Their colours, RGBA.
            sky: The sky at half resolution, RGBA.
        """
        rows = -(-(view.camera.height_px - view.sky_rows) // _COARSE)
        self._pixels[:rows] = with_rows(sky, rows)[::-1]
        near = np.flatnonzero(solids.depth_m < _FARTHEST_M)
        if len(near):
            index = solids.index[near]
            ends = np.append(mesh.starts[1:], len(mesh.anchors_m))
            counts = ends[index] - mesh.starts[index]
            last = np.cumsum(counts)
            corners = np.repeat(mesh.starts[index] - (last - counts), counts) + np.arange(counts.sum())
            right, depth = view.to_camera(mesh.anchors_m[corners, 0], mesh.anchors_m[corners, 1])
            factor = view.camera.focal_px / _COARSE / np.maximum(depth, NEAR_M)
            u = (right + mesh.offsets_m[corners, 0]) * factor + view.camera.centre_u_px / _COARSE
            up = mesh.anchors_m[corners, 2] + mesh.offsets_m[corners, 1]
            v = (view.camera.height_m + up) * factor
            words = self._pixels.view(np.uint32)[..., 0]
            values = colours.view(np.uint32)[near, 0]
            fill_polygons(words, np.stack([u, v], axis=1), last - counts, last, values)
        smeared = cv2.blur(self._pixels[:rows], _SMEAR_PX, borderType=cv2.BORDER_REPLICATE)
        return np.asarray(cv2.cvtColor(smeared, cv2.COLOR_RGBA2RGB), np.uint8)
