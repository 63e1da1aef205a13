"""The data card: what a generated data set holds, in numbers, what it is for, and what it is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from itertools import pairwise
from typing import Any

import pyarrow.parquet as pq

from sim.recording.manifest import Manifest
from sim.recording.schema import DIGITAL_SOURCE_TYPE

_COLUMNS = (
    *(f"objects.list.element.{name}" for name in ("kind", "variant", "visible_fraction", "distance_m")),
    "objects.list.element.applies_to_ego",
    *(f"attributes.{name}" for name in ("part", "light_family", "time_of_day")),
)
_BANDS_M = (8.0, 15.0, 28.0, 42.0, 60.0, 95.0)
_VISIBLE = ((0.999, "all of it visible"), (0.75, "75 % and more"), (0.5, "50 to 75 %"), (0.0, "under 50 %"))


def card_text(manifest: Manifest, opened: Callable[[str], AbstractContextManager[pq.ParquetFile]]) -> str:
    """Return the data card of a whole data set, in Markdown; the same text for the same shards.

    Args:
        manifest: Of the data set.
        opened: Opens a shard by its name.

    Raises:
        OSError: If a shard cannot be read.
    """
    counts: dict[str, Counter[str]] = {
        name: Counter()
        for name in ("part", "light and weather", "time of day", "things", "distance", "variant", "visible")
    }
    with_sign = 0
    for shard in manifest.shards:
        # One row group at a time, pictures left out: memory does not grow with the data set.
        with opened(shard.name) as file:
            for group in range(file.num_row_groups):
                rows = file.read_row_group(group, columns=list(_COLUMNS), use_threads=False).to_pylist()
                with_sign += sum(_count(row, counts) for row in rows)
    recipe = manifest.recipe
    titles = {
        "part": "Frames by part of the mixture",
        "light and weather": "Frames by light and weather",
        "time of day": "Frames by time of day",
        "things": "Things by kind",
        "distance": "Stop signs for the car by distance",
        "variant": "Stop signs for the car by variant",
        "visible": "Stop signs for the car by how much of them is visible",
    }
    order = [_band(distance) for distance in (0.0, *_BANDS_M)]
    visible = [words for _, words in _VISIBLE]
    tables = "\n".join(
        _table(titles[name], counter, order if name == "distance" else visible if name == "visible" else ())
        for name, counter in counts.items()
    )
    versions = ", ".join(f"{name} {version}" for name, version in sorted(manifest.versions.items()))
    return f"""# {recipe.name}

{recipe.description or "A data set without a description in its recipe."}

**Every picture is synthetic**: drawn by a simulator from a seed, by an algorithm that was trained on no photograph. No
person, no photograph and no real place is in it. Each JPEG says so in its comment and in its XMP (IPTC digital source
type `{DIGITAL_SOURCE_TYPE.rsplit("/", 1)[-1]}`), each shard in its metadata.

| | |
| --- | --- |
| frames | {manifest.rows} |
| with a stop sign for the car in sight | {with_sign} ({_percent(with_sign, manifest.rows)}) |
| seed | {recipe.seed} |
| split | {recipe.split or "none: all worlds"} |
| camera | {recipe.camera.width_px} x {recipe.camera.height_px} px, focal length {recipe.camera.focal_px:g} px |
| shards | {len(manifest.shards)}, {sum(shard.bytes for shard in manifest.shards)} bytes |
| recipe | SHA-256 {manifest.recipe_sha256} |
| made with | {versions} |

Check it with `sha256sum -c SHA256SUMS` or `rollingstop verify`.

## Intended use
Training and testing of the perception of stop signs in simulation, teaching, and studies of what data does to a
network. `datasets/README.md` of Rolling Stop says what each column means.

## Known limits
- Shares in these frames are not shares in traffic: the recipe makes near signs and rare cases more frequent.
- A score on these frames says nothing about photographs until it is measured on photographs.
- Worlds are polygons and textures on flat land; what no recipe draws, no network learns here.
- Labels are exact by construction: no annotator's mistakes are in them, nor the tolerance that real labels need.

## What is in it
{tables}"""


def _count(row: dict[str, Any], counts: dict[str, Counter[str]]) -> bool:
    attributes = row["attributes"]
    counts["part"][attributes["part"]] += 1
    counts["light and weather"][attributes["light_family"]] += 1
    counts["time of day"][attributes["time_of_day"]] += 1
    seen = False
    for thing in row["objects"]:
        counts["things"][thing["kind"]] += 1
        if thing["kind"] == "stop_sign" and thing["applies_to_ego"]:
            seen = True
            counts["distance"][_band(thing["distance_m"])] += 1
            counts["variant"][thing["variant"]] += 1
            counts["visible"][next(words for least, words in _VISIBLE if thing["visible_fraction"] >= least)] += 1
    return seen


def _band(distance_m: float) -> str:
    edges = (0.0, *_BANDS_M)
    for low, high in pairwise(edges):
        if distance_m < high:
            return f"{low:g} to {high:g} m"
    return f"{edges[-1]:g} m and more"


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


def _table(title: str, counts: Counter[str], order: Iterable[str]) -> str:
    total = sum(counts.values())
    names = [name for name in order if name in counts] or [
        name for name, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    most = max(counts.values(), default=1)
    lines = [f"### {title}", "", "| | how many | share | |", "| --- | ---: | ---: | --- |"]
    for name in names:
        bar = "█" * round(20 * counts[name] / most)
        lines.append(f"| {name.replace('_', ' ')} | {counts[name]} | {_percent(counts[name], total)} | {bar} |")
    return "\n".join([*lines, ""])
