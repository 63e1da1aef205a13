"""Where each panel lies: one grid, the same at every size."""

from __future__ import annotations

from dataclasses import dataclass

from pygame import Rect

BASE_SIZE_PX = (1280, 720)
MIN_SIZE_PX = (640, 360)

_MARGIN = 16
_GAP = 12
_HEADER = 30
_SIDE_SHARE = 336 / 1280
_GAUGES = 124
_GAUGE_SHARE = 0.46
_MIN_LOWER_SHARE = 0.36
"""Share of the height that gauges and strip keep, however wide the window."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Rectangles in pixels.

    Attributes:
        size_px: Width and height of the whole view.
        scale: Size relative to 1280 x 720.
        header: Title and state.
        camera: The camera's view.
        map: The bird's-eye map.
        speed: The speedometer.
        pedals: Gas and brake.
        wheel: The steering wheel.
        driver: The driver's phase and reason.
        strip: The last ten seconds.
        percept: The percept as a list.
    """

    size_px: tuple[int, int]
    scale: float
    header: Rect
    camera: Rect
    map: Rect
    speed: Rect
    pedals: Rect
    wheel: Rect
    driver: Rect
    strip: Rect
    percept: Rect

    @property
    def panels(self) -> tuple[Rect, ...]:
        """Every rectangle that has a panel's background."""
        return (self.camera, self.map, self.speed, self.pedals, self.wheel, self.driver, self.strip, self.percept)

    def px(self, units: float) -> int:
        """Return a length of the 1280 x 720 view in pixels of this one, at least 1."""
        return max(1, round(units * self.scale))


def lay_out(size_px: tuple[int, int], camera_aspect: float) -> Layout:
    """Lay the panels out.

    At 1280 x 720 the standard camera is shown at 896 x 384, four thirds of its own size.

    Args:
        size_px: Width and height of the whole view; at least `MIN_SIZE_PX`.
        camera_aspect: The camera's width over its height.

    Raises:
        ValueError: If the size is under the smallest.
    """
    width, height = size_px
    if width < MIN_SIZE_PX[0] or height < MIN_SIZE_PX[1]:
        raise ValueError(
            f"Expected a view of at least {MIN_SIZE_PX[0]} x {MIN_SIZE_PX[1]}. Received: {width} x {height}."
        )
    scale = min(width / BASE_SIZE_PX[0], height / BASE_SIZE_PX[1])
    margin, gap, header_h = round(_MARGIN * scale), round(_GAP * scale), round(_HEADER * scale)
    side_w = round(width * _SIDE_SHARE)
    left_w = width - 2 * margin - round(_MARGIN * scale) - side_w
    top = margin // 2 + header_h + margin // 2
    room = height - top - margin
    camera_h = min(round(left_w / camera_aspect), round(room * (1 - _MIN_LOWER_SHARE)))
    lower_h = room - camera_h - 2 * gap
    gauges_h = min(round(lower_h * _GAUGE_SHARE), round(_GAUGES * scale))
    side_x = width - margin - side_w
    gauges_y = top + camera_h + gap
    strip_y = gauges_y + gauges_h + gap
    speed, pedals, wheel, driver = _split(Rect(margin, gauges_y, left_w, gauges_h), (0.185, 0.185, 0.17, 0.46), gap)
    return Layout(
        size_px=size_px,
        scale=scale,
        header=Rect(margin, margin // 2, width - 2 * margin, header_h),
        camera=Rect(margin, top, left_w, camera_h),
        map=Rect(side_x, top, side_w, camera_h),
        speed=speed,
        pedals=pedals,
        wheel=wheel,
        driver=driver,
        strip=Rect(margin, strip_y, left_w, height - margin - strip_y),
        percept=Rect(side_x, gauges_y, side_w, height - margin - gauges_y),
    )


def _split(row: Rect, shares: tuple[float, ...], gap: int) -> list[Rect]:
    """Cut a row into columns with gaps between them."""
    free = row.width - gap * (len(shares) - 1)
    columns: list[Rect] = []
    x = row.x
    for share in shares[:-1]:
        columns.append(Rect(x, row.y, round(free * share), row.height))
        x = columns[-1].right + gap
    return [*columns, Rect(x, row.y, row.right - x, row.height)]
