"""What vehicles and people are built of: parts of flat faces, shaded by where they look, ordered for the viewer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import cos, fsum, hypot, pi, sin

from sim.render.mesh import NO_FACE, Colour, Mesh, MeshBuilder

Point = tuple[float, float, float]
"""Forward, left, up, in metres, about the middle of the thing's footprint."""

SECTORS = 8
"""Into so many directions of view the order of drawing is sorted; within 22.5 degrees parts do not change places."""


def shade(colour: Colour, factor: float) -> Colour:
    """Return a colour made darker or lighter."""
    return colour[0] * factor, colour[1] * factor, colour[2] * factor


def normal_of(points: Sequence[Point]) -> Point:
    """Return the unit normal of a polygon, by Newell's method; its length is 0 where there is no area."""
    nx = ny = nz = 0.0
    for (x0, y0, z0), (x1, y1, z1) in zip(points, (*points[1:], points[0]), strict=True):
        nx += (y0 - y1) * (z0 + z1)
        ny += (z0 - z1) * (x0 + x1)
        nz += (x0 - x1) * (y0 + y1)
    length = max((nx * nx + ny * ny + nz * nz) ** 0.5, 1e-12)
    return nx / length, ny / length, nz / length


def _tone(normal: Point) -> float:
    """Return how bright a face is: the sky is above, and no two sides look alike."""
    return 0.80 + 0.20 * max(normal[2], 0.0) + 0.30 * min(normal[2], 0.0) + 0.05 * normal[0] - 0.10 * normal[1]


@dataclass(slots=True)
class _Face:
    points: list[Point]
    colour: Colour
    one_sided: bool
    shining: float


@dataclass(slots=True)
class _Part:
    centre: Point
    faces: list[_Face] = field(default_factory=list)


@dataclass(slots=True)
class Body:
    """Collects the faces of one thing, part by part. Parts must be such that one hides another as a whole."""

    parts: list[_Part] = field(default_factory=list)

    def part(self, x_m: float, y_m: float, z_m: float) -> None:
        """Start a part about a centre; faces that follow look away from it."""
        self.parts.append(_Part((x_m, y_m, z_m)))

    def face(
        self,
        points: Sequence[Point],
        colour: Colour,
        *,
        shining: float = 0.0,
        two_sided: bool = False,
        tone: float = 0.0,
    ) -> None:
        """Add a flat face, turned so that it looks away from its part's centre.

        Args:
            points: Its corners, in order, either way round.
            colour: Before shading.
            shining: From 0 (lit by the light) to 1 (shines by itself).
            two_sided: Whether it is seen from both sides.
            tone: How bright it is; by its direction where 0.
        """
        part = self.parts[-1]
        corners = list(points)
        normal = normal_of(corners)
        middle = [fsum(point[axis] for point in corners) / len(corners) - part.centre[axis] for axis in range(3)]
        if fsum(n * m for n, m in zip(normal, middle, strict=True)) < 0.0:
            corners.reverse()
            normal = (-normal[0], -normal[1], -normal[2])
        factor = tone or (1.0 if shining else _tone(normal))
        part.faces.append(_Face(corners, shade(colour, factor), not two_sided, shining))

    def both(self, points: Sequence[Point], colour: Colour, *, shining: float = 0.0, tone: float = 0.0) -> None:
        """Add a face and its mirror image on the other side."""
        self.face(points, colour, shining=shining, tone=tone)
        self.face([(x, -y, z) for x, y, z in points], colour, shining=shining, tone=tone)

    def side(
        self,
        outline: Sequence[tuple[float, float]],
        y_m: float,
        colour: Colour,
        *,
        tone: float = 0.0,
        lean: float = 0.0,
    ) -> None:
        """Add an outline of x and z to both sides, `y_m` from the middle, leaning in by `lean` for each metre up."""
        low = min(z for _, z in outline)
        self.both([(x, -(y_m - lean * (z - low)), z) for x, z in outline], colour, tone=tone)

    def across(self, x_m: float, y_m: tuple[float, float], z_m: tuple[float, float], colour: Colour,
               *, shining: float = 0.0, tone: float = 0.0) -> None:  # fmt: skip
        """Add an upright rectangle that looks forward or back."""
        (y0, y1), (z0, z1) = y_m, z_m
        self.face([(x_m, y0, z0), (x_m, y1, z0), (x_m, y1, z1), (x_m, y0, z1)], colour, shining=shining, tone=tone)

    def extrude(self, profile: Sequence[tuple[float, float]], half_m: float, colour: Colour) -> None:
        """Add the solid that an outline of x and z sweeps out from side to side."""
        for (x0, z0), (x1, z1) in zip(profile, (*profile[1:], profile[0]), strict=True):
            if z0 > 0.3 or z1 > 0.3:  # nobody sees what looks at the road
                self.face([(x0, -half_m, z0), (x1, -half_m, z1), (x1, half_m, z1), (x0, half_m, z0)], colour)
        self.side(profile, half_m, colour)

    def box(self, x_m: tuple[float, float], y_m: tuple[float, float], z_m: tuple[float, float], colour: Colour) -> None:
        """Add an upright box, without its floor."""
        (x0, x1), (y0, y1), (z0, z1) = x_m, y_m, z_m
        self.across(x0, y_m, z_m, colour)
        self.across(x1, y_m, z_m, colour)
        for y in y_m:
            self.face([(x0, y, z0), (x1, y, z0), (x1, y, z1), (x0, y, z1)], colour)
        self.face([(x0, y0, z1), (x1, y0, z1), (x1, y1, z1), (x0, y1, z1)], colour)

    def tube(self, way: Sequence[Point], radii_m: Sequence[float], colours: Sequence[Colour], sides: int = 6) -> None:
        """Add a limb: rings about the points of a way, joined; one radius a point, one colour a stretch."""
        rings = [_ring(way, index, radius, sides) for index, radius in enumerate(radii_m)]
        outer = self.parts[-1].centre
        for index, colour in enumerate(colours):
            low, high = rings[index], rings[index + 1]
            axis = [0.5 * (a + b) for a, b in zip(way[index], way[index + 1], strict=True)]
            self.parts[-1].centre = (axis[0], axis[1], axis[2])
            for k in range(sides):
                j = (k + 1) % sides
                self.face([low[k], low[j], high[j], high[k]], colour)
        self.parts[-1].centre = outer

    def wheel(self, x_m: float, side_m: float, radius_m: float, hub: Colour) -> None:
        """Add a pair of wheels: arch, tyre and hub as seen from the side."""
        for share, sides, out_m, colour in ((1.16, 14, 0.005, _ARCH), (1.0, 14, 0.01, _TYRE), (0.62, 10, 0.015, hub)):
            ring = [
                (
                    x_m + share * radius_m * cos(2 * pi * (k + 0.5) / sides),
                    radius_m + share * radius_m * sin(2 * pi * (k + 0.5) / sides),
                )
                for k in range(sides)
            ]
            self.side([(x, max(z, 0.0)) for x, z in ring], side_m + out_m, colour, tone=1.0)

    def axle(self, x_m: float, half_m: float, radius_m: float) -> None:
        """Add a pair of tyres as seen from the front and the back; what is added later covers their upper part."""
        for sign in (-1.0, 1.0):
            y0, y1 = sorted((sign * half_m, sign * (half_m - 0.24)))
            self.box((x_m - 0.9 * radius_m, x_m + 0.9 * radius_m), (y0, y1), (0.0, radius_m), _TYRE)

    def mesh(self, sector: int) -> Mesh:
        """Return the mesh, one group, for a viewer in a sector, the farthest part first.

        Args:
            sector: From 0, ahead of it, counter-clockwise to `SECTORS - 1`.
        """
        angle = 2 * pi * sector / SECTORS
        c, s = cos(angle), sin(angle)
        builder = MeshBuilder()
        builder.group(0.0, 0.0, 1)
        for part in sorted(self.parts, key=lambda part: c * part.centre[0] + s * part.centre[1]):
            for face in part.faces:
                builder.polygon(face.points, face.colour, one_sided=face.one_sided, shining=face.shining, face=NO_FACE)
        return builder.build()


_TYRE: Colour = (28, 28, 30)
_ARCH: Colour = (18, 18, 20)


def _ring(way: Sequence[Point], index: int, radius_m: float, sides: int) -> list[Point]:
    """Return a ring about one point of a way, square to the way there."""
    before, after = way[max(index - 1, 0)], way[min(index + 1, len(way) - 1)]
    ax, ay, az = _unit((after[0] - before[0], after[1] - before[1], after[2] - before[2]))
    # One axis for all rings of a way, or its stretches would be wrung: left, unless the way leads there.
    whole = _unit((way[-1][0] - way[0][0], way[-1][1] - way[0][1], way[-1][2] - way[0][2]))
    reference = (0.0, 1.0, 0.0) if abs(whole[1]) < 0.8 else (0.0, 0.0, 1.0)
    share = reference[1] * ay + reference[2] * az
    ux, uy, uz = _unit((-share * ax, reference[1] - share * ay, reference[2] - share * az))
    vx, vy, vz = ay * uz - az * uy, az * ux - ax * uz, ax * uy - ay * ux
    x, y, z = way[index]
    ring: list[Point] = []
    for k in range(sides):
        c, s = radius_m * cos(2 * pi * k / sides), radius_m * sin(2 * pi * k / sides)
        ring.append((x + c * ux + s * vx, y + c * uy + s * vy, z + c * uz + s * vz))
    return ring


def _unit(vector: Point) -> Point:
    length = max(hypot(*vector), 1e-9)
    return vector[0] / length, vector[1] / length, vector[2] / length
