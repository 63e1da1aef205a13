"""Polygons by the hundred, kept as a few arrays so that one NumPy call projects them all.

A vertex is an anchor in the world and an offset in the picture plane: solid things use the anchor alone, while foliage,
which looks alike from every side, is an outline that turns with the camera about its anchor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from math import cos, sin

import numpy as np
from numpy.typing import NDArray

from sim.maps import SemanticClass

Colour = tuple[float, float, float]
"""Red, green, blue, 0-255."""

NO_FACE = -1

SILHOUETTE = -2
"""Marks the polygon that has a textured face's exact outline: drawn where labels are made, or the face is tiny."""


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """Polygons of one or more groups; a group is drawn as a whole, nearer groups over farther ones.

    Attributes:
        anchors_m: World x, y, z of each vertex, shape (n, 3).
        offsets_m: Right and up in the picture plane, shape (n, 2).
        starts: First vertex of each polygon, shape (p,).
        colours: Base colour of each polygon with its face's shade, shape (p, 3).
        shining: 1 where a polygon is not darkened by the light, shape (p,).
        one_sided: Whether a polygon shows its front (counter-clockwise from outside) alone, shape (p,).
        groups: Group of each polygon, shape (p,).
        faces: Which textured face a polygon carries, or `NO_FACE`, shape (p,).
        centres_m: World x, y of each group, by which groups are ordered, shape (g, 2).
        owners: Instance id of each group, 0 for what is not labelled, shape (g,).
        classes: `SemanticClass` of each group that is not labelled, shape (g,).
    """

    anchors_m: NDArray[np.float64] = field(repr=False)
    offsets_m: NDArray[np.float64] = field(repr=False)
    starts: NDArray[np.int64] = field(repr=False)
    colours: NDArray[np.float64] = field(repr=False)
    shining: NDArray[np.float64] = field(repr=False)
    one_sided: NDArray[np.bool_] = field(repr=False)
    groups: NDArray[np.int64] = field(repr=False)
    faces: NDArray[np.int64] = field(repr=False)
    centres_m: NDArray[np.float64] = field(repr=False)
    owners: NDArray[np.int64] = field(repr=False)
    classes: NDArray[np.uint8] = field(repr=False)

    def moved(self, x_m: float, y_m: float, heading_rad: float, owner: int) -> Mesh:
        """Return the mesh, modelled about the origin and looking along x, at a place and heading in the world."""
        c, s = cos(heading_rad), sin(heading_rad)
        turn = np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
        anchors = self.anchors_m @ turn
        anchors[:, 0] += x_m
        anchors[:, 1] += y_m
        centres = self.centres_m @ turn[:2, :2] + np.array([x_m, y_m])
        owners = np.full(len(self.owners), owner)
        return Mesh(
            anchors,
            self.offsets_m,
            self.starts,
            self.colours,
            self.shining,
            self.one_sided,
            self.groups,
            self.faces,
            centres,
            owners,
            self.classes,
        )


@dataclass(slots=True)
class MeshBuilder:
    """Collects polygons in plain lists, which are cheap to append to, and turns them into a `Mesh` at once."""

    anchors: list[tuple[float, float, float]] = field(default_factory=list)
    offsets: list[tuple[float, float]] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    colours: list[Colour] = field(default_factory=list)
    shining: list[float] = field(default_factory=list)
    one_sided: list[bool] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    faces: list[int] = field(default_factory=list)
    centres: list[tuple[float, float]] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    classes: list[int] = field(default_factory=list)
    semantic: SemanticClass = SemanticClass.OTHER
    """What the groups to come belong to."""

    def group(self, x_m: float, y_m: float, owner: int = 0) -> None:
        """Start a group: what follows is drawn together, at the depth of this place."""
        self.centres.append((x_m, y_m))
        self.owners.append(owner)
        self.classes.append(self.semantic)

    def polygon(
        self,
        points_m: Sequence[tuple[float, float, float]],
        colour: Colour,
        *,
        one_sided: bool = False,
        shining: float = 0.0,
        face: int = NO_FACE,
    ) -> None:
        """Add a polygon of world points."""
        self._add(len(points_m), colour, one_sided, shining, face)
        self.anchors.extend(points_m)
        self.offsets.extend([(0.0, 0.0)] * len(points_m))

    def outline(
        self,
        anchor_m: tuple[float, float, float],
        offsets_m: Sequence[tuple[float, float]],
        colour: Colour,
        *,
        shining: float = 0.0,
    ) -> None:
        """Add an outline that always faces the camera."""
        self._add(len(offsets_m), colour, False, shining, NO_FACE)
        self.anchors.extend([anchor_m] * len(offsets_m))
        self.offsets.extend(offsets_m)

    def _add(self, count: int, colour: Colour, one_sided: bool, shining: float, face: int) -> None:
        self.starts.append(len(self.anchors))
        self.colours.append(colour)
        self.one_sided.append(one_sided)
        self.shining.append(shining)
        self.groups.append(len(self.centres) - 1)
        self.faces.append(face)

    def build(self) -> Mesh:
        """Return what was collected."""
        return Mesh(
            _rows(self.anchors, 3),
            _rows(self.offsets, 2),
            np.array(self.starts, dtype=np.int64),
            _rows(self.colours, 3),
            np.array(self.shining, dtype=np.float64),
            np.array(self.one_sided, dtype=np.bool_),
            np.array(self.groups, dtype=np.int64),
            np.array(self.faces, dtype=np.int64),
            _rows(self.centres, 2),
            np.array(self.owners, dtype=np.int64),
            np.array(self.classes, dtype=np.uint8),
        )


def _rows(values: Sequence[tuple[float, ...]], wide: int) -> NDArray[np.float64]:
    """Return tuples as rows: number by number is three times as fast as tuple by tuple."""
    flat = np.fromiter(chain.from_iterable(values), np.float64, wide * len(values))
    return flat.reshape(-1, wide)


def join(meshes: Sequence[Mesh]) -> Mesh:
    """Return several meshes as one."""
    if len(meshes) == 1:
        return meshes[0]
    vertices = np.cumsum([0] + [len(mesh.anchors_m) for mesh in meshes])
    groups = np.cumsum([0] + [len(mesh.centres_m) for mesh in meshes])
    return Mesh(
        np.concatenate([mesh.anchors_m for mesh in meshes]),
        np.concatenate([mesh.offsets_m for mesh in meshes]),
        np.concatenate([mesh.starts + first for mesh, first in zip(meshes, vertices, strict=False)]),
        np.concatenate([mesh.colours for mesh in meshes]),
        np.concatenate([mesh.shining for mesh in meshes]),
        np.concatenate([mesh.one_sided for mesh in meshes]),
        np.concatenate([mesh.groups + first for mesh, first in zip(meshes, groups, strict=False)]),
        np.concatenate([mesh.faces for mesh in meshes]),
        np.concatenate([mesh.centres_m for mesh in meshes]),
        np.concatenate([mesh.owners for mesh in meshes]),
        np.concatenate([mesh.classes for mesh in meshes]),
    )


EMPTY = MeshBuilder().build()
