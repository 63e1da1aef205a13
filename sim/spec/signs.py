"""What signs may be, beside those that the plain world has: styles, mounts, weathering and more distractors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from sim.config import STRICT
from sim.signs import SignKind
from sim.spec.spans import Count, Span, check_spec


@dataclass(frozen=True, slots=True, kw_only=True)
class SignSpec:
    """The distributions from which the looks and places of signs are drawn; by default, nothing beside the plain world.

    Attributes:
        foreign_share: Share of worlds in a country whose stop signs carry another word or shape.
        other_shape_share: Share of these worlds that keep a stop sign which is no octagon (Vienna B,2b, Japan); the
            others get the octagon of another country.
        highway_share: Share of the other stop signs in the lettering and proportions of real ones, rather than plain.
        plated_share: Share of stop signs with an ALL WAY plate below or street names above.
        lit_share: Share of stop signs with lamps in their rim or a beacon on top.
        board_share: Share of stop signs set on a bright backing board.
        second_share: Share of the ego's stop signs that have a twin at the left side of the road.
        overhead_share: Share of the ego's stop signs that hang over the lane from a mast arm.
        island_share: Share of those that stand on an island in the middle of the road.
        temporary_share: Share of those that stand on a low portable stand at the road's edge.
        paddle_share: Share of those that a crossing guard holds up.
        faded_share: Share of faces that the sun has bleached.
        fade: How much, of those.
        dirty_share: Share of faces with dirt.
        dirt: How much, of those.
        rusty_share: Share of faces with rust.
        holed_share: Share of faces with bullet holes.
        sticker_share: Share of faces with stickers.
        graffiti_share: Share of faces with a scrawl of paint.
        snow_share: Share of worlds in which snow clings to the faces.
        snow: How much, in those.
        glare_share: Share of faces with a patch of glare.
        distractors: How many more signs and adverts that are no stop signs, drawn among all kinds.
        lookalike_share: Share of these picked among the kinds most like a stop sign.
        kinds: If any are named, the distractors are picked among these kinds alone, each as often as another.

    Raises:
        ValueError: If the low end of a span is above its high end, a size is negative, a share is not within 0 to 1, or
            those of the mounts, or of plates, lamps and boards, together exceed 1; or a stop sign is among the kinds.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    foreign_share: float = 0.0
    other_shape_share: float = 1.0
    highway_share: float = 0.0
    plated_share: float = 0.0
    lit_share: float = 0.0
    board_share: float = 0.0
    second_share: float = 0.0
    overhead_share: float = 0.0
    island_share: float = 0.0
    temporary_share: float = 0.0
    paddle_share: float = 0.0
    faded_share: float = 0.0
    fade: Span = (0.2, 1.0)
    dirty_share: float = 0.0
    dirt: Span = (0.2, 1.0)
    rusty_share: float = 0.0
    holed_share: float = 0.0
    sticker_share: float = 0.0
    graffiti_share: float = 0.0
    snow_share: float = 0.0
    snow: Span = (0.2, 0.9)
    glare_share: float = 0.0
    distractors: Count = (0, 0)
    lookalike_share: float = 0.0
    kinds: tuple[SignKind, ...] = ()

    def __post_init__(self) -> None:
        check_spec(self)
        if SignKind.STOP in self.kinds:
            raise ValueError(
                f"Expected kinds to be of signs that are no stop signs. Received: {list(map(str, self.kinds))}."
            )
        for group in (
            ("overhead_share", "island_share", "temporary_share", "paddle_share"),
            ("plated_share", "lit_share", "board_share"),
        ):
            shares = [float(getattr(self, name)) for name in group]
            if sum(shares) > 1.0:
                raise ValueError(f"Expected {', '.join(group)} to add up to 1 or less. Received: {shares}.")
        if self.fade[1] > 1.0 or self.dirt[1] > 1.0 or self.snow[1] > 1.0:
            raise ValueError(
                "Expected fade, dirt and snow to be within 0 to 1. "
                f"Received: {list(self.fade)}, {list(self.dirt)}, {list(self.snow)}."
            )
