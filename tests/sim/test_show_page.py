"""The page to look through a data set with: what it finds, that it holds what it says, and that a browser shows it."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from sim.camera import Camera
from sim.errors import RecipeError
from sim.exchange.annotated import read_annotated
from sim.exchange.importing import import_pictures
from sim.percept import ObjectKind
from sim.recording import Dataset, Recipe, generate_dataset
from sim.recording.manifest import write_manifest
from sim.recording.shards import plan_shards, write_shard
from sim.show.alike import alike_pairs, nearest_pair
from sim.show.checks import CHECKS, check_labels, check_masks
from sim.show.groups import best_seen
from sim.show.page import MASKS_CHECKED, write_page
from sim.show.shots import open_source
from sim.spec import WorldSpec
from sim.truth import GroundTruth, LaneTruth, ObjectTruth, SignAttributes

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
CAMERA = Camera()


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    recipe = Recipe(name="tiny", seed=11, count=8, world=WorldSpec(distractors=(1, 3)))
    return generate_dataset(recipe, tmp_path_factory.mktemp("sets") / "tiny")


@pytest.fixture(scope="module")
def shown(dataset):
    path = dataset.path.with_name("page.html")
    return write_page(open_source([str(dataset.path)]), path, 100)


def thing(**changes):
    # 0.76 m at 27.36 m and 720 px: 20 px.
    sign = SignAttributes(size_m=0.76, wear=0.0, tilt_rad=0.0, turn_rad=0.0, mount="post")
    box = (100.0, 50.0, 120.0, 70.0)
    plain = ObjectTruth(1, ObjectKind.STOP_SIGN, "stop", box, box, 1.0, False, 27.36, True, sign)
    return replace(plain, **changes)


def truth(*things):
    return GroundTruth(0, things, LaneTruth(0.0, 0.0, 0.0, 3.5), None)


def test_labels_that_hold_together_have_no_fault():
    assert check_labels(truth(thing()), CAMERA) == []


@pytest.mark.parametrize(
    ("check", "changes"),
    [
        ("finite", {"box": (float("nan"), 50.0, 120.0, 70.0)}),
        ("finite", {"visible_fraction": 1.2}),
        ("finite", {"distance_m": -3.0, "sign": None}),
        ("area", {"box": (100.0, 50.0, 100.0, 70.0)}),
        ("frame", {"box": (660.0, 50.0, 680.0, 70.0), "amodal_box": (660.0, 50.0, 680.0, 70.0)}),
        ("amodal", {"box": (100.0, 50.0, 121.0, 70.0)}),
        ("amodal", {"box": (100.0, 50.0, 110.0, 70.0)}),
        ("size", {"distance_m": 60.0}),
    ],
)
def test_each_check_finds_its_fault(check, changes):
    found = check_labels(truth(thing(**changes)), CAMERA)

    assert check in [name for name, _ in found]
    assert all(what for _, what in found)


def test_what_is_labelled_twice_is_found():
    same_number = check_labels(truth(thing(), thing(box=(1, 1, 21, 21), amodal_box=(1, 1, 21, 21))), CAMERA)
    same_place = check_labels(truth(thing(), thing(instance_id=2)), CAMERA)
    neighbours = check_labels(
        truth(thing(), thing(instance_id=2, box=(115.0, 50.0, 135.0, 70.0), amodal_box=(115.0, 50.0, 135.0, 70.0))),
        CAMERA,
    )

    assert [name for name, _ in same_number] == [name for name, _ in same_place] == ["twice"]
    assert neighbours == []


def test_pictures_of_another_size_or_of_one_colour_are_found():
    grey = np.full((288, 672, 3), 90, np.uint8)

    assert check_labels(truth(), CAMERA, grey) == [("picture", "one colour")]
    assert check_labels(truth(), CAMERA, grey[:100]) == [("picture", "672 x 100 pixels")]


def test_masks_tell_labels_that_are_not_those_of_the_pixels():
    source = open_source(["11"])
    shot = next(shot for shot in source.shots() if shot.truth.objects)
    maps = source.painter.maps(shot.world, instances=True)
    first = shot.truth.objects[0]

    def with_first(**changes):
        return replace(shot.truth, objects=(replace(first, **changes), *shot.truth.objects[1:]))

    x0, y0, x1, y1 = first.box
    assert check_masks(shot.truth, maps) == []
    assert [name for name, _ in check_masks(with_first(box=(x0, y0, x1 + 0.5, y1)), maps)] == ["mask"]
    assert [name for name, _ in check_masks(with_first(instance_id=987), maps)] == ["mask"]
    assert [name for name, _ in check_masks(with_first(visible_fraction=0.05), maps)] == ["mask"]


def test_every_pair_that_is_alike_is_found_nearest_first():
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 2**63, (600, 4), dtype=np.uint64)
    hashes[577] = hashes[3] ^ np.array([1, 0, 0, 0], np.uint64)
    hashes[30] = hashes[29]
    hashes[598] = hashes[599] ^ np.array([2**20 - 1, 0, 0, 0], np.uint64)

    found = [(pair.first, pair.second, pair.bits) for pair in alike_pairs(hashes)]

    assert found == [(29, 30, 0), (3, 577, 1), (598, 599, 20)]
    assert nearest_pair(hashes) == alike_pairs(hashes)[0]
    assert alike_pairs(hashes[:1]) == []


def test_generated_frames_have_no_fault_and_their_masks_were_checked(dataset, shown):
    assert shown.frames == dataset.count
    assert shown.checked == dict.fromkeys(CHECKS, dataset.count)
    assert dataset.count <= MASKS_CHECKED
    assert shown.faults == {name: [] for name in CHECKS}
    assert shown.alike == []


class _Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.pictures, self.links = [], [], []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "img":
            assert values["alt"]
            self.pictures.append(values["src"])
        self.links += [values[name] for name in ("href",) if name in values]
        if tag not in ("img", "meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_else(dataset, shown):
    text = shown.path.read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)

    assert page.open == []
    assert len(page.pictures) > dataset.count
    assert all(source.startswith(("data:image/png;base64,", "data:image/jpeg;base64,")) for source in page.pictures)
    assert all(link.startswith("#") and f'id="{link[1:]}"' in text for link in page.links)
    assert "http://" not in text and "https://" not in text
    seen_well = [thing for shot in open_source([str(dataset.path)]).shots() for thing in best_seen(shot)]
    assert seen_well
    assert all(f'alt="{thing.variant}"' in text for thing in seen_well)


def test_the_same_frames_give_the_same_page(dataset, shown, tmp_path):
    again = write_page(open_source([str(dataset.path)]), tmp_path / "again.html", 100)

    assert again.path.read_bytes() == shown.path.read_bytes()


def test_faults_and_frames_that_are_alike_stand_on_the_page(dataset, tmp_path):
    examples = list(dataset.examples())
    examples[5] = replace(examples[2], index=5)
    where = next(k for k, e in enumerate(examples) if e.truth.objects and k not in (2, 5))
    first, *others = examples[where].truth.objects
    outside = replace(first, box=(-9.0, *first.box[1:]), amodal_box=(-9.0, *first.amodal_box[1:]))
    examples[where] = replace(examples[where], truth=replace(examples[where].truth, objects=(outside, *others)))
    recipe = dataset.manifest.recipe
    (tmp_path / "set").mkdir()
    record = write_shard(recipe, plan_shards(recipe)[0], tmp_path / "set", examples.__getitem__, lambda: None)
    write_manifest(replace(dataset.manifest, shards=(record,)), tmp_path / "set" / "manifest.json")
    assert Dataset.open(tmp_path / "set").count == 8

    page = write_page(open_source([str(tmp_path / "set")]), tmp_path / "page.html", 100)

    assert [name for name, _ in page.faults["frame"]] == [str(where)]
    assert page.alike == [("2", "5", 0)]
    assert page.checked["mask"] == 6, "labels that the recipe does not draw again are not held against its masks"
    text = page.path.read_text(encoding="utf-8")
    assert f"frame {where}: {first.kind.value.replace('_', ' ')}" in text
    assert re.search(r"1</span>\s+<br>frame", text)
    assert "1 pair" in text


def test_the_page_of_photographs_says_what_is_unknown(tmp_path):
    folder = tmp_path / "photographs"
    (folder / "images").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(3):
        cv2.imwrite(str(folder / "images" / f"{number}.png"), rng.integers(0, 256, (90, 210, 3), dtype=np.uint8))
        (folder / "images" / f"{number}.txt").write_text("")
    (folder / "labels").mkdir()
    (folder / "labels" / "1.txt").write_text("0 0.5 0.5 0.2 0.4\n")
    (folder / "data.yaml").write_text("train: images\nnames: [stop sign]\n")
    made = import_pictures(read_annotated(folder), "mine", tmp_path / "set")

    page = write_page(open_source([str(made.dataset.path)]), tmp_path / "page.html", 100)

    assert page.checked["mask"] == 0
    assert not any(page.faults.values())
    text = page.path.read_text(encoding="utf-8")
    assert "not checked" in text
    assert "unknown distance" in text
    assert "1 labelled things" in text
    assert "nan" not in re.sub(r'"data:[^"]*"', "", text)


def test_a_page_needs_a_name_that_a_browser_takes(dataset, tmp_path):
    with pytest.raises(RecipeError, match=r"end in \.html"):
        write_page(open_source([str(dataset.path)]), tmp_path / "page.png", 3)


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed to open the page in")
def test_a_browser_shows_the_page(shown, tmp_path):
    browser = [str(BROWSER), "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'home'}"]
    picture = tmp_path / "page.png"
    looking = ["--window-size=1200,2000", f"--screenshot={picture}", shown.path.as_uri()]
    subprocess.run([*browser, *looking], check=True, capture_output=True, timeout=300)

    seen = cv2.imread(str(picture))
    assert seen.shape == (2000, 1200, 3)
    assert seen.std() > 10, "it is not blank"
    # The plots have white ground and blue bars: they were decoded and laid out.
    blue = (np.abs(seen.astype(int) - (0x99, 0x5F, 0x1F)) < 12).all(axis=2)
    assert blue.sum() > 2000
