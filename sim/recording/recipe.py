"""A recipe: everything that fixes the bytes of a data set, save the versions of the libraries that draw it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import Any, ClassVar, Literal

from sim.camera import Camera
from sim.config import STRICT, parse, read_toml
from sim.errors import RecipeError
from sim.light import Sky, Weather
from sim.recording.presets import overlaid, with_preset
from sim.signs import SignKind, StopStyle
from sim.spec import WorldSpec

Band = tuple[float, float, float]
"""A span of distances: its low and its high end in metres, and its share of the frames relative to the other bands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where in its world the car is put for a frame.

    Attributes:
        bands: Distances along the road from the camera to the next stop sign that the ego must obey. A band is drawn by
            weight, then a distance uniformly within it: frames from anywhere on a drive would rarely show a near sign.
        no_sign_share: Share of frames from worlds in which no stop sign applies to the ego, anywhere on the route.
        past_sign_share: Share of frames past the last stop sign of the ego, in the junction or behind it.
        offset_m: The rear axle's largest distance from the lane's centre, to either side, uniform.
        heading_rad: The car's largest turn against the lane, to either side, uniform.
        accel_sd_mps2: Standard deviation of the acceleration under which the body of a car that pitches is shown.
        elapsed_s: Who walks or crosses is shown as they are after up to so long, uniform, as if the ego came, or nobody
            did; half of those on foot set off at once. At their start all wait at a kerb or come to a junction, and
            nobody is on the road.

    Raises:
        ValueError: If a band, a share or a size is out of range.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    bands: tuple[Band, ...] = ((2.0, 15.0, 1.0), (15.0, 30.0, 1.0), (30.0, 60.0, 1.0), (60.0, 90.0, 0.5))
    no_sign_share: float = 0.15
    past_sign_share: float = 0.10
    offset_m: float = 0.8
    heading_rad: float = 0.08
    accel_sd_mps2: float = 1.5
    elapsed_s: float = 0.0

    def __post_init__(self) -> None:
        if not self.bands:
            raise ValueError("Expected at least one of the bands. Received: none.")
        for low, high, weight in self.bands:
            if not (0.0 < low < high and isfinite(high) and weight > 0.0 and isfinite(weight)):
                raise ValueError(
                    "Expected each of the bands to be [low, high, weight] with 0 < low < high and weight > 0. "
                    f"Received: {[low, high, weight]}."
                )
        for name in ("no_sign_share", "past_sign_share"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"Expected {name} to be within 0 to 1. Received: {getattr(self, name)}.")
        if self.no_sign_share + self.past_sign_share > 1.0:
            raise ValueError(
                "Expected no_sign_share and past_sign_share to be at most 1 together. "
                f"Received: {self.no_sign_share + self.past_sign_share}."
            )
        for name, most in (("offset_m", 2.0), ("heading_rad", 0.5), ("accel_sd_mps2", 4.0), ("elapsed_s", 30.0)):
            if not 0.0 <= getattr(self, name) <= most:
                raise ValueError(f"Expected {name} to be within 0 to {most}. Received: {getattr(self, name)}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a mixture of worlds.

    Attributes:
        name: What it is called in the examples' attributes.
        weight: Its share of the frames, relative to the other parts.
        world: Its worlds. In a file, only what differs from the recipe's own `[world]` needs to be written.
        placement: Where the car is put in them; as the recipe says if not given, or if the recipe has `stratify`.

    Raises:
        ValueError: If the weight is not positive.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    name: str
    weight: float
    world: WorldSpec = field(default_factory=WorldSpec)
    placement: Placement | None = None

    def __post_init__(self) -> None:
        if not (self.weight > 0.0 and isfinite(self.weight)):
            raise ValueError(f"Expected weight to be positive. Received: {self.weight}.")


OCCLUSIONS = ("none", "part", "most")
"""Of the nearest stop sign for the car: 95 % and more of it visible; half and more; less than half, or none of it."""


def _families() -> list[str]:
    """Return every value of `Light.family`."""
    wet = [weather for weather in Weather if weather is not Weather.DRY]
    dark = [f"{sky}_{weather}" for sky in (Sky.DUSK, Sky.NIGHT) for weather in wet]
    return [*map(str, Sky), *map(str, wet), *dark]


def _variants() -> list[str]:
    return [str(SignKind.STOP), *map(str, StopStyle)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratify:
    """What frames are to be like, so that rare cases are not rare.

    Each frame wishes for one value an axis, drawn by weight; `any` wishes for nothing. Worlds are drawn from the
    recipe, those of the wished weather alone, each from a seed of its own, until one is as wished, or the tries are
    used up: then the one that is most so is taken. Whether there is a stop sign, and its band of distances
    (`placement.bands`), is settled before and stays: a wish shifts neither. Where a hidden sign is wished for, the
    worlds are such as hide theirs. A frame still depends on (recipe, seed, index) alone.

    Attributes:
        weather: Weight of each `light_family`.
        variant: Weight of each `objects[].variant` of the nearest stop sign for the car: `stop_pare`, ...
        occlusion: Weight of each of `none`, `part` and `most`.
        tries: How many worlds are drawn at most for a frame.

    Raises:
        ValueError: If a weight or the tries are out of range, or an occlusion is unknown.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    weather: dict[str, float] = field(default_factory=dict[str, float])
    variant: dict[str, float] = field(default_factory=dict[str, float])
    occlusion: dict[str, float] = field(default_factory=dict[str, float])
    tries: int = 40

    def __post_init__(self) -> None:
        for axis in ("weather", "variant", "occlusion"):
            for name, weight in getattr(self, axis).items():
                if not (weight > 0.0 and isfinite(weight)):
                    raise ValueError(f"Expected the weight of {axis}.{name} to be positive. Received: {weight}.")
        for axis, known in (("weather", _families()), ("variant", _variants()), ("occlusion", OCCLUSIONS)):
            unknown = sorted(set(getattr(self, axis)) - {*known, "any"})
            if unknown:
                raise ValueError(f"Expected {axis} of {', '.join(known)} or any. Received: {unknown[0]!r}.")
        if not 1 <= self.tries <= 1000:
            raise ValueError(f"Expected tries to be within 1 to 1000. Received: {self.tries}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a data set is made of.

    Attributes:
        name: One word, for reports.
        description: A sentence, for people.
        seed: From which every example derives; two recipes that must not share a world need different ones.
        count: How many examples.
        frames_per_shard: How many of them lie in one file.
        jpeg_quality: Of the pictures, 1 to 100.
        camera: What takes them.
        world: The worlds that they show.
        mixture: If given, the worlds are drawn from these parts instead, by weight.
        placement: Where in its world the car is put.
        stratify: What frames are to be like; as the worlds come, if not given.
        split: Only worlds of this share: `train` (8 in 10), `validation` or `test`. Worlds, and with them every sign's
            look and wear, are disjoint between the three whatever the recipes' seeds.

    Raises:
        ValueError: If a number is out of range, or two parts share a name.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    name: str
    description: str = ""
    seed: int
    count: int
    frames_per_shard: int = 500
    jpeg_quality: int = 95
    camera: Camera = field(default_factory=Camera)
    world: WorldSpec = field(default_factory=WorldSpec)
    mixture: tuple[Part, ...] = ()
    placement: Placement = field(default_factory=Placement)
    stratify: Stratify | None = None
    split: Literal["train", "validation", "test"] | None = None

    def __post_init__(self) -> None:
        for name, least, most in (
            ("seed", 0, 2**63 - 1),
            ("count", 1, 10**8),
            ("frames_per_shard", 1, 10_000),
            ("jpeg_quality", 1, 100),
        ):
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"Expected {name} to be within {least} to {most}. Received: {getattr(self, name)}.")
        names = [part.name for part in self.mixture]
        if len(set(names)) != len(names):
            raise ValueError(f"Expected the parts of the mixture to have different names. Received: {names}.")

    @property
    def parts(self) -> tuple[Part, ...]:
        """The mixture, or, without one, the recipe's own worlds as its only part."""
        return self.mixture or (Part(name="plain", weight=1.0, world=self.world),)

    def with_size(self, seed: int | None = None, count: int | None = None) -> Recipe:
        """Return the recipe with another seed or count where one is given.

        Raises:
            RecipeError: If it is out of range.
        """
        try:
            return replace(self, seed=self.seed if seed is None else seed, count=self.count if count is None else count)
        except ValueError as fault:
            raise RecipeError(str(fault)) from None

    @property
    def sha256(self) -> str:
        """SHA-256 of all that fixes the examples and their shards; the description does not."""
        plain = plain_recipe(self)
        del plain["description"]
        return hashlib.sha256(json.dumps(_canonical(plain), sort_keys=True).encode()).hexdigest()


def plain_recipe(recipe: Recipe) -> dict[str, Any]:
    """Return a recipe as plain values, without the keys that it does not use: older recipes keep their fingerprints."""
    plain = asdict(recipe)
    for name in ("stratify", "split"):
        if plain[name] is None:
            del plain[name]
    for part in plain["mixture"]:
        if part["placement"] is None:
            del part["placement"]
    for place in (plain["placement"], *(part.get("placement") for part in plain["mixture"])):
        if place is not None and not place["elapsed_s"]:
            del place["elapsed_s"]
    # Where no kind of distractor is named, all are left open.
    for world in (plain["world"], *(part["world"] for part in plain["mixture"])):
        if not world["sign"]["kinds"]:
            del world["sign"]["kinds"]
    return plain


def _canonical(value: Any) -> Any:
    """Return a value in which 1 and 1.0 are the same: a file may say either."""
    if isinstance(value, dict):
        return {key: _canonical(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_canonical(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def load_recipe(path: Path) -> Recipe:
    """Read a recipe from a TOML file.

    A recipe may begin with `extends = "other.toml"`, a file in the same folder: it is that recipe, but for the keys
    that it gives itself. Tables, such as `[world]`, are merged key by key; lists, such as `[[mixture]]`, are replaced.
    A `[world]`, or the world of a part of the mixture, may build on a preset: `preset = "night"`.

    Raises:
        RecipeError: If the file is missing, is no TOML, or holds a wrong or unknown key; the message names it.
    """
    return parse(_with_shared_world(_with_base(path, ())), Recipe, RecipeError, str(path))


def _with_base(path: Path, extending: tuple[Path, ...]) -> dict[str, Any]:
    """Return what a file says, laid over what the one that it extends says.

    Args:
        path: The file.
        extending: The files that led here, each extending the next.

    Raises:
        RecipeError: If a file is missing or no TOML, or one extends itself in the end.
    """
    raw = read_toml(path, RecipeError)
    other = raw.pop("extends", None)
    if other is None:
        return raw
    if not isinstance(other, str) or Path(other).name != other:
        raise RecipeError(f"{path}: key 'extends': expected the name of a file beside it. Received: {other!r}.")
    base = path.with_name(other)
    if base in (*extending, path):
        raise RecipeError(
            f"{path}: key 'extends': expected a recipe that does not extend this one. Received: {other!r}."
        )
    return overlaid(_with_base(base, (*extending, path)), raw)


def _with_shared_world(raw: dict[str, Any]) -> dict[str, Any]:
    """Put presets under the worlds, and the recipe's own under each part's.

    Whatever has the wrong form is left for the check to name.
    """
    shared, parts = raw.get("world", {}), raw.get("mixture", [])
    if not isinstance(shared, dict) or not isinstance(parts, list):
        return raw
    shared = with_preset(shared)
    raw = {**raw, "world": shared} if shared else raw
    filled: list[Any] = []
    for part in parts:
        own = part.get("world", {}) if isinstance(part, dict) else None
        filled.append({**part, "world": overlaid(shared, with_preset(own))} if isinstance(own, dict) else part)
    return {**raw, "mixture": filled} if filled else raw
