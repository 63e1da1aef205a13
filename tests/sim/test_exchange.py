"""What is written for other tools says what the data set says; what is read of theirs claims no more than they do."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from pycocotools.coco import COCO

from sim.camera import Camera
from sim.commands.import_data import import_data
from sim.errors import DatasetError, StorageError
from sim.exchange.annotated import Format, read_annotated, read_picture
from sim.exchange.coco import write_coco
from sim.exchange.folders import Source, whole_folder
from sim.exchange.hugging import write_parquet
from sim.exchange.importing import BAR_GREY, Fit, class_table, fitted, import_pictures
from sim.exchange.marks import CLASSES, marks_of
from sim.exchange.yolo import write_yolo
from sim.percept import ObjectKind
from sim.recording import Dataset, Recipe, generate_dataset
from sim.recording.manifest import write_manifest
from sim.spec import WorldSpec
from sim.truth import CROWD

SIZE = (672, 288)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    world = WorldSpec(distractors=(1, 3))
    recipe = Recipe(name="tiny", seed=11, count=10, frames_per_shard=5, world=world)
    return generate_dataset(recipe, tmp_path_factory.mktemp("sets") / "tiny")


def marked(dataset):
    """Return every class and box of each example, in an order of their own."""
    return [sorted((mark.name, mark.box) for mark in marks_of(example.truth, SIZE)) for example in dataset.examples()]


def assert_same_marks(found, wanted, tolerance_px):
    assert len(found) == len(wanted)
    for ours, theirs in zip(found, wanted, strict=True):
        assert [name for name, _ in ours] == [name for name, _ in theirs]
        for (_, box), (_, other) in zip(ours, theirs, strict=True):
            assert box == pytest.approx(other, abs=tolerance_px)


@pytest.mark.parametrize(("write", "kind"), [(write_coco, Format.COCO), (write_yolo, Format.YOLO)])
def test_what_is_written_and_read_again_has_the_same_classes_and_boxes(dataset, tmp_path, write, kind):
    write(Source(dataset, val_share=0.3), tmp_path / "out")

    annotated = read_annotated(tmp_path / "out")
    made = import_pictures(annotated, "again", tmp_path / "again")

    assert annotated.format is kind
    assert made.dataset.count == dataset.count
    assert_same_marks(marked(made.dataset), marked(dataset), 1e-4)
    assert made.counts.total() == sum(map(len, marked(dataset)))
    assert made.ignored == made.empty == 0
    for ours, theirs in zip(made.dataset.examples(), dataset.examples(), strict=True):
        one, other = (cv2.imdecode(np.frombuffer(e.image, np.uint8), cv2.IMREAD_COLOR) for e in (ours, theirs))
        assert np.abs(one.astype(int) - other).mean() < 2, "but for one more JPEG, the same picture"


def test_coco_counts_from_one_and_says_what_else_is_known(dataset, tmp_path, capsys):
    masked = write_coco(Source(dataset), tmp_path / "out")
    truth = COCO(tmp_path / "out" / "annotations" / "instances_train.json")
    capsys.readouterr()

    assert masked == dataset.count
    assert [entry["name"] for entry in truth.loadCats(truth.getCatIds())] == list(CLASSES)
    assert min(truth.getCatIds()) == min(truth.getImgIds()) == min(truth.getAnnIds()) == 1
    for example in dataset.examples():
        assert (tmp_path / "out" / "train" / f"{example.index:06d}.jpg").read_bytes() == example.image
        entries = truth.loadAnns(truth.getAnnIds(imgIds=example.index + 1))
        things = {(o.variant, o.distance_m, o.visible_fraction, o.applies_to_ego) for o in example.truth.objects}
        keys = ("variant", "distance_m", "visible_fraction", "applies_to_ego")
        assert {tuple(e[key] for key in keys) for e in entries if "variant" in e} == things


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning:pycocotools")
def test_masks_are_drawn_again_and_fill_their_boxes(dataset, tmp_path, capsys):
    write_coco(Source(dataset), tmp_path / "out")
    truth = COCO(tmp_path / "out" / "annotations" / "instances_train.json")
    capsys.readouterr()

    entries = [entry for entry in truth.loadAnns(truth.getAnnIds()) if "segmentation" in entry]
    assert len(entries) == sum(len(example.truth.objects) for example in dataset.examples())
    for entry in entries:
        mask = truth.annToMask(entry)
        assert mask.shape == SIZE[::-1]
        assert mask.sum() == entry["area"] > 0
        rows, columns = np.nonzero(mask)
        x, y, width, height = entry["bbox"]
        inside = (columns.min() >= x - 0.5, rows.min() >= y - 0.5)
        assert all((*inside, columns.max() + 1 <= x + width + 0.5, rows.max() + 1 <= y + height + 0.5))
        if width > 12 and height > 12:
            assert mask.sum() > 0.2 * width * height


def test_masks_that_would_not_be_the_frames_own_are_left_out(dataset, tmp_path):
    # As after a change of the simulator: the recipe now draws other worlds than those that were stored.
    shutil.copytree(dataset.path, tmp_path / "set")
    other = replace(dataset.manifest, recipe=replace(dataset.manifest.recipe, seed=12))
    write_manifest(other, tmp_path / "set" / "manifest.json")

    masked = write_coco(Source(Dataset.open(tmp_path / "set")), tmp_path / "out")

    assert masked == 0
    entries = json.loads((tmp_path / "out" / "annotations" / "instances_train.json").read_text())["annotations"]
    assert entries
    assert not any("segmentation" in entry for entry in entries)


def test_yolo_has_an_empty_file_for_a_picture_without_boxes(tmp_path):
    bare = WorldSpec(controlled_share=0.0, distractors=(0, 0), oncoming=(0, 0), lead_share=0.0, parked=(0, 0))
    recipe = Recipe(name="bare", seed=3, count=6, world=bare)
    made = generate_dataset(recipe, tmp_path / "set")

    write_yolo(Source(made, val_share=0.5), tmp_path / "out")

    texts = {path.stem: path.read_text() for path in sorted((tmp_path / "out" / "labels").rglob("*.txt"))}
    assert len(texts) == 6
    assert [texts[f"{k:06d}"].count("\n") for k in range(6)] == [len(each) for each in marked(made)]
    assert "" in texts.values()
    assert (tmp_path / "out" / "images" / "val" / "000005.jpg").exists()


def test_things_of_which_little_is_visible_can_be_left_out(dataset, tmp_path):
    every = sum(len(marks_of(example.truth, SIZE)) for example in dataset.examples())
    write_coco(Source(dataset, min_visible=0.999), tmp_path / "out", masks=False)

    entries = json.loads((tmp_path / "out" / "annotations" / "instances_train.json").read_text())["annotations"]
    assert 0 < len(entries) < every
    assert all(entry.get("visible_fraction", 1.0) >= 0.999 for entry in entries)


def test_parquet_holds_the_same_classes_and_boxes_and_says_their_types(dataset, tmp_path):
    write_parquet(Source(dataset, val_share=0.3), tmp_path / "out")

    train = pq.read_table(tmp_path / "out" / "data" / "train-00000-of-00001.parquet")
    val = pq.read_table(tmp_path / "out" / "data" / "val-00000-of-00001.parquet")
    rows = train.to_pylist() + val.to_pylist()
    found = [
        sorted(
            (CLASSES[c], (x, y, x + w, y + h))
            for c, (x, y, w, h) in zip(row["objects"]["category"], row["objects"]["bbox"], strict=True)
        )
        for row in rows
    ]
    assert_same_marks(found, marked(dataset), 1e-4)
    assert [row["image"]["bytes"] for row in rows] == [example.image for example in dataset.examples()]
    features = json.loads(train.schema.metadata[b"huggingface"])["info"]["features"]
    assert features["image"] == {"_type": "Image"}
    assert features["objects"]["category"]["feature"] == {"names": list(CLASSES), "_type": "ClassLabel"}


def test_hugging_face_reads_what_is_written_for_it(dataset, tmp_path):
    python = os.environ.get("ROLLINGSTOP_HF_PYTHON", sys.executable)
    # Elsewhere than in a clone, whose folder of recipes has the same name.
    asked = subprocess.run([python, "-c", "import datasets; datasets.load_dataset"], cwd=tmp_path, capture_output=True)
    if asked.returncode:
        pytest.skip("`datasets` is not installed; ROLLINGSTOP_HF_PYTHON may name a Python that has it and Pillow")
    write_parquet(Source(dataset, val_share=0.3), tmp_path / "out")
    program = f"""
import datasets, json
files = {str(tmp_path / "out" / "data" / "*.parquet")!r}
found = datasets.load_dataset("parquet", data_files={{"train": files}})["train"]
names = found.features["objects"]["category"].feature.names
rows = [(row["image"].size, [names[c] for c in row["objects"]["category"]], row["objects"]["bbox"]) for row in found]
print(json.dumps([names, rows]))
"""
    quiet = {**os.environ, "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    done = subprocess.run([python, "-c", program], cwd=tmp_path, capture_output=True, text=True, env=quiet)
    assert done.returncode == 0, done.stderr
    names, rows = json.loads(done.stdout.splitlines()[-1])
    assert names == list(CLASSES)
    assert {tuple(size) for size, _, _ in rows} == {SIZE}
    found = [
        sorted((c, (x, y, x + w, y + h)) for c, (x, y, w, h) in zip(classes, boxes, strict=True))
        for _, classes, boxes in rows
    ]
    assert_same_marks(found, marked(dataset), 1e-4)


VOC = """<annotation><folder>x</folder><filename>{name}</filename>
<size><width>{width}</width><height>{height}</height><depth>3</depth></size>{objects}</annotation>"""
VOC_OBJECT = """<object><name>{name}</name><difficult>{difficult}</difficult>
<bndbox><xmin>{x0}</xmin><ymin>{y0}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox></object>"""


def picture(path, width, height, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    rgb = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    assert cv2.imwrite(str(path), rgb)


@pytest.fixture
def voc(tmp_path):
    folder = tmp_path / "voc"
    picture(folder / "JPEGImages" / "a.jpg", 400, 300)
    picture(folder / "JPEGImages" / "b.jpg", 1000, 200)
    (folder / "Annotations").mkdir()
    stop = VOC_OBJECT.format(name="stop", difficult=0, x0=101, y0=51, x1=140, y1=90)
    hard = VOC_OBJECT.format(name="stop", difficult=1, x0=1, y0=1, x1=20, y1=20)
    dog = VOC_OBJECT.format(name="dog", difficult=0, x0=1, y0=1, x1=50, y1=50)
    text = VOC.format(name="a.jpg", width=400, height=300, objects=stop + hard + dog)
    (folder / "Annotations" / "a.xml").write_text(text)
    (folder / "Annotations" / "b.xml").write_text(VOC.format(name="b.jpg", width=1000, height=200, objects=""))
    return folder


def test_voc_boxes_count_from_one_and_include_their_last_pixel(voc):
    annotated = read_annotated(voc)

    assert annotated.format is Format.VOC
    assert annotated.classes == ("stop", "dog")
    assert [region.box for region in annotated.pictures[0].regions] == [
        (100, 50, 140, 90),
        (0, 0, 20, 20),
        (0, 0, 50, 50),
    ]
    assert [region.ignored for region in annotated.pictures[0].regions] == [False, True, False]


def test_what_nobody_knows_of_a_photograph_is_unknown(voc, tmp_path):
    made = import_pictures(read_annotated(voc), "mine", tmp_path / "set")
    first, second = made.dataset.examples()

    assert not made.dataset.manifest.synthetic
    assert made.classes == {"stop": "stop_sign", "dog": "none"}
    assert (made.counts, made.ignored) == ({"stop_sign": 1}, 1)
    signs = [o for o in first.truth.objects if o.kind is ObjectKind.STOP_SIGN]
    # 400 x 300 becomes 384 x 288, with 144 columns at the left.
    assert signs[0].box == pytest.approx((144 + 96, 48, 144 + 134.4, 86.4))
    assert math.isnan(signs[0].distance_m)
    assert signs[0].applies_to_ego
    assert signs[1].variant == CROWD, "what was marked as difficult is ignored"
    unmarked = {o.kind for o in second.truth.objects}
    assert unmarked == set(ObjectKind) - {ObjectKind.STOP_SIGN}
    assert all(o.variant == CROWD and o.box == (0, 0, *SIZE) for o in second.truth.objects)
    assert math.isnan(first.truth.lane.offset_m)
    assert first.attributes["light_family"] == "unknown"
    assert math.isnan(first.attributes["visibility_m"])


def test_pictures_come_whole_between_bars_or_fill_the_frame(voc, tmp_path):
    rgb = np.full((300, 400, 3), 200, np.uint8)
    whole, scale, left, top = fitted(rgb, [], Camera(), Fit.LETTERBOX)
    filling, wider, aside, above = fitted(rgb, [(0, 250, 40, 300)], Camera(), Fit.CROP)

    assert (whole[:, :144] == BAR_GREY).all()
    assert (whole[:, 144:528] == 200).all()
    assert (scale, left, top) == (0.96, 144, 0)
    assert (filling == 200).all()
    assert (wider, aside) == (1.68, 0)
    assert above + wider * 300 == 288, "the crop goes where something is marked"
    made = import_pictures(read_annotated(voc), "mine", tmp_path / "set", fit=Fit.CROP)
    sign = next(o for o in next(made.dataset.examples()).truth.objects if o.kind is ObjectKind.STOP_SIGN)
    assert sign.box[2] - sign.box[0] == pytest.approx(1.68 * 40)


@given(
    st.integers(8, 400),
    st.integers(8, 400),
    st.sampled_from(list(Fit)),
    st.tuples(*[st.floats(0.0, 1.0)] * 4).filter(lambda b: abs(b[0] - b[2]) > 0.01 and abs(b[1] - b[3]) > 0.01),
)
def test_pictures_of_every_size_fit(width, height, fit, shares):
    box = (
        min(shares[::2]) * width,
        min(shares[1::2]) * height,
        max(shares[::2]) * width,
        max(shares[1::2]) * height,
    )
    camera = Camera(width_px=96, height_px=48)
    rgb, scale, left, top = fitted(np.zeros((height, width, 3), np.uint8), [box], camera, fit)

    assert rgb.shape == (48, 96, 3)
    assert scale > 0
    middle = (scale * (box[0] + box[2]) / 2 + left, scale * (box[1] + box[3]) / 2 + top)
    assert -1 <= middle[0] <= 97 and -1 <= middle[1] <= 49, "what is marked stays in the middle of a crop"


def test_a_crop_of_an_enlarged_picture_is_that_of_the_whole_one_enlarged():
    rgb = np.random.default_rng(3).integers(0, 256, (9, 60, 3), dtype=np.uint8)
    camera = Camera(width_px=96, height_px=48)

    frame, scale, left, top = fitted(rgb, [(40.0, 2.0, 50.0, 8.0)], camera, Fit.CROP)

    whole = cv2.resize(rgb, (round(60 * scale), 48), interpolation=cv2.INTER_LINEAR)
    assert (scale, top) == (48 / 9, 0.0)
    assert np.abs(frame.astype(int) - whole[:, int(-left) : int(-left) + 96]).max() <= 4


def test_of_a_very_wide_picture_no_more_is_enlarged_than_the_frame_shows():
    rgb = np.zeros((2, 60_000, 3), np.uint8)
    rgb[:, 30_000:] = 255

    frame, *_ = fitted(rgb, [], Camera(), Fit.CROP)

    assert frame.shape == (288, 672, 3)
    assert (frame[:, 0].max(), frame[:, -1].min()) == (0, 255)


def test_classes_go_by_their_names_or_by_what_the_user_says():
    table = class_table(("Stop-Sign", "car", "dog"), {"dog": "pedestrian", "car": "none"})

    assert table == {"Stop-Sign": "stop_sign", "car": "none", "dog": "pedestrian"}
    with pytest.raises(DatasetError, match=r"at least one class that is known.*dog.*--class NAME=stop_sign"):
        class_table(("dog",))
    with pytest.raises(DatasetError, match="one of the classes dog"):
        class_table(("dog",), {"cat": "vehicle"})
    with pytest.raises(DatasetError, match=r"to be one of stop_sign, .*none"):
        class_table(("dog",), {"dog": "sign"})


def yolo(folder, line, yaml="train: images\nnames: [stop]\n"):
    picture(folder / "images" / "a.png", 64, 32)
    (folder / "labels").mkdir()
    (folder / "labels" / "a.txt").write_text(line)
    (folder / "data.yaml").write_text(yaml)
    return folder


def test_yolo_outlines_become_their_boxes_and_names_may_be_numbered(tmp_path):
    folder = yolo(
        tmp_path / "y", "3 0.1 0.2 0.5 0.3 0.3 0.6\n\n", "path: .\ntrain: ../images\nval: images\nnames: {3: stop}\n"
    )
    annotated = read_annotated(folder)

    assert len(annotated.pictures) == 1, "a picture of two parts is read once"
    _, regions = annotated.pictures[0].read()
    assert regions[0].box == pytest.approx((6.4, 6.4, 32.0, 19.2))


@pytest.mark.parametrize(
    ("line", "yaml", "message"),
    [
        ("0 0.5 0.5 0.1", None, "Expected line 1 of .*a.txt to be a class and four numbers"),
        ("\n0 0.5 x 0.1 0.1", None, "Expected line 2 of .*a.txt"),
        ("0 0.5 nan 0.1 0.1", None, "Expected line 1"),
        ("1 0.5 0.5 0.1 0.1", None, "begin with a class of data.yaml, 0 to 0. Received: 1"),
        ("0 32 16 20 10", None, "Expected line 1 of .*a.txt in shares.*Divide pixels"),
        ("0 1 2 10 2 10 9", None, "in shares"),
        ("0 0.5 0.5 -0.1 0.1", None, "in shares"),
        ("", "train: images\nnames: [&a [x, x], [*a, *a]]\n", "a list of names"),
        ("", "names: [stop]\ntrain: [[images]]\n", "name folders at train, val, test"),
        ("", "names: [stop]\ntrain: [", "to be YAML"),
        ("", "train: images\n", "the key 'names'"),
        ("", "names: [stop]\n", "name folders at train, val, test"),
        ("", "names: [stop]\ntrain: nowhere\n", "no such folder.*--images"),
    ],
)
def test_what_is_wrong_in_a_yolo_folder_is_named(tmp_path, line, yaml, message):
    folder = yolo(tmp_path / "y", line, yaml or "train: images\nnames: [stop]\n")
    with pytest.raises(DatasetError, match=message):
        read_annotated(folder)


def coco(tmp_path, **changes):
    picture(tmp_path / "images" / "a.png", 64, 32)
    truth = {
        "images": [{"id": 1, "file_name": "a.png", "width": 64, "height": 32}],
        "annotations": [{"image_id": 1, "category_id": 7, "bbox": [1, 2, 30, 20], "iscrowd": 1}],
        "categories": [{"id": 7, "name": "stop sign"}],
    } | changes
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    return tmp_path / "truth.json"


def test_cocos_crowds_are_ignored_and_written_as_crowds_again(tmp_path):
    made = import_pictures(read_annotated(coco(tmp_path)), "mine", tmp_path / "set")
    write_coco(Source(made.dataset), tmp_path / "out")

    assert (made.counts.total(), made.ignored) == (0, 1)
    entries = json.loads((tmp_path / "out" / "annotations" / "instances_train.json").read_text())["annotations"]
    assert [(entry["iscrowd"], entry["category_id"]) for entry in entries] == [(1, 1)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": [{"id": 1, "file_name": "../secret.png"}]}, "inside its folders. Received: '../secret.png'"),
        ({"images": [{"id": 1, "file_name": "b.png"}]}, "Expected the picture b.png .*no such file.*--images"),
        ({"images": [{"file_name": "a.png"}]}, "each of 'images' .* to have id, file_name"),
        ({"annotations": [{"image_id": 2, "category_id": 7, "bbox": [0, 0, 1, 1]}]}, "of a picture and a category"),
        ({"annotations": [{"image_id": 1, "category_id": 7, "bbox": [0, 0, 1]}]}, "each bbox .* four numbers"),
        ({"annotations": 3}, "the lists images, annotations, categories"),
        ({"annotations": [{"image_id": 1, "category_id": "7", "bbox": [0, 0, 1, 1]}]}, "category_id '7'"),
        ({"annotations": [{"image_id": [1], "category_id": 7, "bbox": [0, 0, 1, 1]}]}, r"image_id \[1\]"),
        ({"annotations": [{"image_id": 1, "category_id": 7, "bbox": [0, 0, -1, 1]}]}, "none of the two below 0"),
        ({"annotations": [{"image_id": 1, "category_id": 7, "bbox": [0, 0, float("nan"), 1]}]}, "to be finite"),
        ({"annotations": [{"image_id": 1, "category_id": 7, "bbox": [0, 0, 10**400, 1]}]}, "four numbers"),
        ({"annotations": [{"image_id": 1, "category_id": 7, "bbox": None}]}, "four numbers"),
        (
            {"annotations": [{"image_id": 1, "category_id": 7, "bbox": [0, 0, 1, 1], "iscrowd": "0"}]},
            "iscrowd .* 0 or 1. Received: '0'",
        ),
        ({"images": [{"id": 1, "file_name": "a.png"}] * 2}, "'images' .* an id of its own. Received: 1 twice"),
        (
            {"categories": [{"id": 7, "name": "stop sign"}, {"id": 7, "name": "car"}]},
            "'categories' .* Received: 7 twice",
        ),
        ({"images": [{"id": [1], "file_name": "a.png"}]}, r"an id of its own. Received: \[1\]"),
        ({"images": [{"id": 1, "file_name": "a.png", "width": "wide", "height": 32}]}, "each width .* 'wide' of a.png"),
    ],
)
def test_what_is_wrong_in_a_coco_file_is_named(tmp_path, changes, message):
    with pytest.raises(DatasetError, match=message):
        read_annotated(coco(tmp_path, **changes))


def test_a_coco_file_may_begin_with_a_mark_and_have_sizes_in_words(tmp_path):
    file = coco(tmp_path, images=[{"id": 1, "file_name": "a.png", "width": "64", "height": 32.0}])
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())

    found = read_annotated(file).pictures[0]

    assert (found.size_px, found.regions[0].box, found.regions[0].ignored) == ((64, 32), (1, 2, 31, 22), True)


def test_boxes_outside_of_their_pictures_are_told(tmp_path, capsys):
    file = coco(tmp_path, annotations=[{"image_id": 1, "category_id": 7, "bbox": [640, 2, 30, 20]}])

    import_data(file, tmp_path / "set")

    assert "left out: 1 boxes" in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["gb2312", "no-such-thing"])
def test_xml_in_an_encoding_that_cannot_be_read_is_named(tmp_path, encoding):
    (tmp_path / "a.xml").write_text(f'<?xml version="1.0" encoding="{encoding}"?><annotation/>')
    with pytest.raises(DatasetError, match="to be XML"):
        read_annotated(tmp_path)


def test_xml_that_would_fill_the_memory_is_refused(voc):
    (voc / "Annotations" / "a.xml").write_text('<!DOCTYPE x [<!ENTITY a "aaaa">]><annotation>&a;</annotation>')
    with pytest.raises(DatasetError, match="plain XML"):
        read_annotated(voc)


def test_yolo_files_may_begin_with_a_mark_and_boxes_reach_out_of_their_picture(tmp_path):
    folder = yolo(tmp_path / "y", "\ufeff0 0.95 0.5 0.2 0.5\n", "\ufefftrain: images\nnames: [stop]\n")

    (found,) = read_annotated(folder).pictures

    assert found.regions[0].box == pytest.approx((0.85, 0.25, 1.05, 0.75))


def test_a_voc_size_that_is_none_is_passed_over(voc):
    text = VOC.format(name="b.jpg", width="9" * 5000, height=200, objects="")
    (voc / "Annotations" / "b.xml").write_text(text)

    assert [picture.size_px for picture in read_annotated(voc).pictures] == [(400, 300), None]


def test_a_voc_box_from_high_to_low_is_refused(voc):
    turned = VOC_OBJECT.format(name="stop", difficult=0, x0=140, y0=51, x1=101, y1=90)
    text = VOC.format(name="b.jpg", width=1000, height=200, objects=turned)
    (voc / "Annotations" / "b.xml").write_text(text)
    with pytest.raises(DatasetError, match=r"b\.xml.*Received: 140 to 101, and 51 to 90"):
        read_annotated(voc)


@pytest.mark.parametrize("text", ["<annotation>", "<annotation><filename>a.jpg</filename><object/></annotation>"])
def test_xml_that_is_wrong_is_named(voc, text):
    (voc / "Annotations" / "a.xml").write_text(text)
    with pytest.raises(DatasetError, match=r"a\.xml"):
        read_annotated(voc)


def test_a_picture_of_another_size_than_annotated_is_refused(tmp_path):
    picture(tmp_path / "a.png", 20, 10)
    assert read_picture(tmp_path / "a.png", (20, 10)).shape == (10, 20, 3)
    with pytest.raises(DatasetError, match=r"30 x 10 pixels, as annotated\. Received: 20 x 10"):
        read_picture(tmp_path / "a.png", (30, 10))


def test_a_folder_is_there_whole_or_not_at_all(tmp_path):
    with pytest.raises(KeyboardInterrupt), whole_folder(tmp_path / "out") as folder:
        (folder / "half").write_text("x")
        raise KeyboardInterrupt
    assert not any(tmp_path.iterdir())
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("x")
    with pytest.raises(DatasetError, match="empty or missing"), whole_folder(tmp_path / "full"):
        pass
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError), whole_folder(tmp_path / "file" / "out"):
        pass


def test_the_folder_one_is_in_is_not_replaced(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for place in (".", "../here", "a/.."):
        with pytest.raises(DatasetError, match="not the one you are in"), whole_folder(Path(place)):
            pass
    assert [path.name for path in tmp_path.iterdir()] == ["here"]


def test_a_class_is_told_once(voc, tmp_path):
    with pytest.raises(typer.BadParameter, match="once for 'dog'"):
        import_data(voc, tmp_path / "set", classes=["dog=pedestrian", "dog=none"])
    assert not (tmp_path / "set").exists()


def test_an_import_of_the_same_pictures_is_the_same_bytes(voc, tmp_path):
    for name in ("one", "two"):
        import_pictures(read_annotated(voc), "mine", tmp_path / name)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["manifest.json", "shard-00000.parquet"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
