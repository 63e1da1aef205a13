"""Labels for each pixel: every polygon of the picture drawn once more, in a number of its own.

What a pixel belongs to, and how far it is, then follow from that number alone: the polygon's owner, its class, and the
plane in which it lies.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.maps import SemanticClass
from sim.render.ground import Ground
from sim.render.labels import KIND_CLASSES, labelled_polygons
from sim.render.mesh import Mesh
from sim.render.projection import NEAR_M, Projected, View
from sim.render.raster import fill_polygons
from sim.truth import GroundTruth

_EDGE_ON = 1e-6
"""A plane through the camera, to this share of its size, is seen as a line: there is no depth to solve for."""


@dataclass(frozen=True, slots=True, eq=False)
class Numbered:
    """The picture in polygon numbers.

    Attributes:
        ids: 0 where nothing is drawn, then the flat polygons in drawing order, then those that stand; uint32, shape
            (scale * height_px, scale * width_px). The same memory each time.
        first_solid: The lowest number of what stands.
    """

    ids: NDArray[np.uint32] = field(repr=False)
    first_solid: int

    @property
    def flat(self) -> NDArray[np.bool_]:
        """Where nothing stands: sky or ground."""
        return self.ids < self.first_solid


class Mapper:
    """Makes the maps of one moment at a time; keeps the picture of numbers between moments."""

    def __init__(self, width_px: int, height_px: int, scale: int) -> None:
        self._scale = scale
        self._ids = np.zeros((height_px * scale, width_px * scale), np.uint32)

    def number(self, mesh: Mesh, solids: Projected, flat: Projected) -> Numbered:
        """Draw every polygon in its number, in the order and with the points of the picture."""
        self._ids.fill(0)
        first_solid = len(flat.index) + 1
        fill_polygons(self._ids, flat.points, flat.first, flat.last, np.arange(1, first_solid, dtype=np.uint32))
        # Where a face is textured, its outline is drawn instead of the corners of its texture.
        drawn = (mesh.faces[solids.index] < 0) | labelled_polygons(mesh, solids)
        numbers = np.arange(first_solid, first_solid + len(solids.index), dtype=np.uint32)
        fill_polygons(self._ids, solids.points, solids.first[drawn], solids.last[drawn], numbers[drawn])
        return Numbered(self._ids, first_solid)

    def instances(self, numbered: Numbered, mesh: Mesh, solids: Projected) -> NDArray[np.int32]:
        """Return which labelled thing each pixel belongs to."""
        table = np.concatenate([np.zeros(numbered.first_solid, np.int64), _owners(mesh, solids)]).astype(np.int32)
        return table[numbered.ids]

    def semantics(
        self,
        numbered: Numbered,
        view: View,
        mesh: Mesh,
        solids: Projected,
        ground: Ground,
        flat: Projected,
        truth: GroundTruth,
    ) -> NDArray[np.uint8]:
        """Return what each pixel shows; of a labelled thing, what its label in `truth` says."""
        groups = mesh.groups[solids.index]
        owners = _owners(mesh, solids)
        standing = np.where((mesh.owners[groups] > 0) & (owners == 0), SemanticClass.POLE, mesh.classes[groups])
        for thing in truth.objects:
            standing[owners == thing.instance_id] = KIND_CLASSES[thing.kind]
        table = np.concatenate([[SemanticClass.SKY], ground.classes[flat.index], standing]).astype(np.uint8)
        classes = table[numbered.ids]
        open_ground = (numbered.ids == 0) & (self._ground_nearness(view) > 0)[:, None]
        classes[open_ground] = SemanticClass.TERRAIN
        return classes

    def depth_m(
        self, numbered: Numbered, view: View, mesh: Mesh, solids: Projected, ground: Ground, flat: Projected
    ) -> NDArray[np.float32]:
        """Return how far along the optical axis what each pixel shows is; of a kerb's face, to 6 % of it."""
        with np.errstate(divide="ignore"):
            column = (1.0 / self._ground_nearness(view)).astype(np.float32)
        depth_m = np.repeat(column[:, None], self._ids.shape[1], axis=1)
        if ground.heights_m is not None:
            # A raised pavement is nearer by its share of the camera's height; a kerb's face counts at its middle.
            ends = np.append(ground.starts[1:], len(ground.points_m))
            mean_m = np.add.reduceat(ground.heights_m, ground.starts) / (ends - ground.starts)
            nearer = np.ones(numbered.first_solid + len(solids.index), np.float32)
            nearer[1 : numbered.first_solid] -= (mean_m / view.camera.height_m)[flat.index]
            depth_m *= nearer[numbered.ids]
        rows, columns = np.nonzero(~numbered.flat)
        if not len(rows):
            return depth_m
        planes, low, high = _planes(view, mesh, solids)
        own = (numbered.ids[rows, columns] - numbered.first_solid).astype(np.int64)
        camera = view.camera
        right = ((columns + 0.5) / self._scale - camera.centre_u_px) / camera.focal_px
        down = ((rows + 0.5) / self._scale - view.centre_v_px) / camera.focal_px
        nearness = planes[own, 0] * right + planes[own, 1] * down + planes[own, 2]
        depth_m[rows, columns] = 1.0 / np.clip(nearness, low[own], high[own])
        return depth_m

    def _ground_nearness(self, view: View) -> NDArray[np.float64]:
        """Return 1 / depth of the flat ground at each row's middle; 0 at and above the horizon."""
        camera = view.camera
        below_px = (np.arange(len(self._ids)) + 0.5) / self._scale - view.centre_v_px
        return np.maximum(below_px, 0.0) / (camera.focal_px * camera.height_m)


def _owners(mesh: Mesh, solids: Projected) -> NDArray[np.int64]:
    """Return which labelled thing each polygon of the picture belongs to, 0 for none, shape (p,)."""
    return np.where(labelled_polygons(mesh, solids), mesh.owners[mesh.groups[solids.index]], 0)


def _planes(
    view: View, mesh: Mesh, solids: Projected
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the plane of each polygon in the picture, and the least and greatest 1 / depth of its corners.

    A plane n . p = c, met by the ray p = depth * (right, down, 1), has 1 / depth = (n . ray) / c. The normal is the
    sum of the cross products of following corners (Newell's, in Sutherland, Sproull and Schumacker 1974), which also
    serves polygons that are not quite flat.

    Returns:
        n / c of shape (p, 3) in camera axes, and two arrays of shape (p,), all in the order of `solids`.
    """
    right, depth = view.to_camera(mesh.anchors_m[:, 0], mesh.anchors_m[:, 1])
    down = view.camera.height_m - mesh.anchors_m[:, 2] - mesh.offsets_m[:, 1]
    points = np.stack([right + mesh.offsets_m[:, 0], down, depth], axis=1)
    ends = np.append(mesh.starts[1:], len(points))
    following = np.arange(1, len(points) + 1)
    following[ends - 1] = mesh.starts
    normals = np.add.reduceat(np.cross(points, points[following]), mesh.starts)[solids.index]
    centres = (np.add.reduceat(points, mesh.starts) / (ends - mesh.starts)[:, None])[solids.index]
    reach = (normals * centres).sum(axis=1)
    size = np.linalg.norm(normals, axis=1) * np.linalg.norm(centres, axis=1)
    edge_on = np.abs(reach) <= _EDGE_ON * size
    planes = normals / np.where(edge_on, 1.0, reach)[:, None]
    planes[edge_on] = 0.0
    planes[edge_on, 2] = 1.0 / np.maximum(solids.depth_m[edge_on], NEAR_M)
    nearest = np.maximum(np.minimum.reduceat(depth, mesh.starts)[solids.index], NEAR_M)
    farthest = np.maximum(np.maximum.reduceat(depth, mesh.starts)[solids.index], NEAR_M)
    return planes, 1.0 / farthest, 1.0 / nearest
