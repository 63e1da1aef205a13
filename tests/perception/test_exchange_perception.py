"""TFRecord says what the data set says; what nobody knows of a photograph carries no loss and no score."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from perception.backend import tf
from perception.benchmark import benchmark_reading
from perception.channels import CHANNELS, LANE_SCALES, BoxField, Channel
from perception.evaluate import evaluate, score_examples
from perception.feed import training_data
from perception.labels import label
from perception.losses import LossWeights, losses
from perception.photographs import evaluate_photographs
from perception.pipeline import Preparer, batches, shuffled
from perception.targets import IGNORED, encode, stack
from perception.tfrecords import write_tfrecord
from perception.train import train
from sim.exchange.annotated import read_annotated
from sim.exchange.folders import Source
from sim.exchange.importing import import_pictures
from sim.exchange.marks import CLASSES, marks_of
from sim.percept import Detection, LaneEstimate, ObjectKind, Percept, StopLineEstimate
from sim.recording import Dataset
from tests.perception.conftest import SMALL_CAMERA, SMALL_TRAINING, Trained

SIZE = (SMALL_CAMERA.width_px, SMALL_CAMERA.height_px)


@pytest.fixture(scope="module")
def records(small_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("records") / "out"
    write_tfrecord(Source(small_dataset, val_share=0.25), out)
    return out


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a YOLO folder of 24 pictures of another size, each with one sign."""
    folder = tmp_path_factory.mktemp("photographs")
    for name in ("images", "labels"):
        (folder / name).mkdir()
    rng = np.random.default_rng(3)
    for number in range(24):
        cv2.imwrite(str(folder / "images" / f"{number:02d}.png"), rng.integers(0, 256, (90, 120, 3), dtype=np.uint8))
        (folder / "labels" / f"{number:02d}.txt").write_text("0 0.5 0.4 0.25 0.25\n")
    (folder / "data.yaml").write_text("train: images\nnames: [stop sign]\n")
    return folder


@pytest.fixture(scope="module")
def imported(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    out = tmp_path_factory.mktemp("imported") / "mine"
    return import_pictures(read_annotated(photographs), "mine", out, camera=SMALL_CAMERA).dataset


def wanted_marks(dataset: Dataset) -> dict[int, list[tuple[str, tuple[float, ...]]]]:
    return {each.index: [(m.name, m.box) for m in marks_of(each.truth, SIZE)] for each in dataset.examples()}


def assert_same(found: dict[int, list[tuple[str, list[float]]]], dataset: Dataset) -> None:
    """Compare classes and boxes (ymin, xmin, ymax, xmax as shares) with a data set's."""
    wanted = wanted_marks(dataset)
    assert set(found) == set(wanted)
    width, height = SIZE
    for index, marks in wanted.items():
        assert [name for name, _ in found[index]] == [name for name, _ in marks]
        for (_, (top, left, bottom, right)), (_, box) in zip(found[index], marks, strict=True):
            assert (left * width, top * height, right * width, bottom * height) == pytest.approx(box, abs=1e-3)


def test_tf_data_reads_the_same_classes_and_boxes(records: Path, small_dataset: Dataset) -> None:
    files = sorted(str(path) for path in records.glob("tiny-*.tfrecord-*"))
    assert [Path(file).name for file in files] == [
        "tiny-train.tfrecord-00000-of-00001",
        "tiny-validation.tfrecord-00000-of-00001",
    ]
    spec = {
        "image": tf.io.FixedLenFeature([], tf.string),
        "image/id": tf.io.FixedLenFeature([], tf.int64),
        "objects/bbox": tf.io.VarLenFeature(tf.float32),
        "objects/label": tf.io.VarLenFeature(tf.int64),
    }
    found = {}
    for record in tf.data.TFRecordDataset(files):
        row = tf.io.parse_single_example(record, spec)
        assert tuple(tf.io.decode_jpeg(row["image"]).shape) == (*SIZE[::-1], 3)
        boxes = row["objects/bbox"].values.numpy().reshape(-1, 4).tolist()
        names = [CLASSES[number] for number in row["objects/label"].values.numpy()]
        found[int(row["image/id"])] = list(zip(names, boxes, strict=True))
    assert_same(found, small_dataset)


def test_tensorflow_datasets_reads_what_is_written_for_it(
    records: Path, small_dataset: Dataset, tmp_path: Path
) -> None:
    python = os.environ.get("ROLLINGSTOP_TFDS_PYTHON", sys.executable)
    asked = subprocess.run(
        [python, "-c", "import importlib.util as u, sys; sys.exit(u.find_spec('tensorflow_datasets') is None)"],
        check=False,
        cwd=tmp_path,
    )
    if asked.returncode:
        pytest.skip("`tensorflow-datasets` is not installed; ROLLINGSTOP_TFDS_PYTHON may name a Python that has it")
    program = f"""
import json, tensorflow_datasets as tfds
builder = tfds.builder_from_directory({str(records)!r})
names = builder.info.features["objects"]["label"].names
rows = [
    (int(e["image/id"]), list(e["image"].shape), [names[n] for n in e["objects"]["label"].numpy()],
     e["objects"]["bbox"].numpy().tolist())
    for split in ("train", "validation") for e in builder.as_dataset(split=split)
]
print(json.dumps([{{k: v.num_examples for k, v in builder.info.splits.items()}}, rows]))
"""
    done = subprocess.run([python, "-c", program], check=False, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    splits, rows = json.loads(done.stdout.splitlines()[-1])
    assert splits == {"train": 36, "validation": 12}
    assert all(shape == [*SIZE[::-1], 3] for _, shape, _, _ in rows)
    assert_same({k: list(zip(names, boxes, strict=True)) for k, _, names, boxes in rows}, small_dataset)


def test_tf_data_gives_the_trainings_own_batches_whatever_the_number_of_workers(small_dataset: Dataset) -> None:
    prepare = Preparer(SMALL_CAMERA, SMALL_TRAINING.augment, SMALL_TRAINING.seed)
    order = shuffled(small_dataset, 36, SMALL_TRAINING.seed, 1, SMALL_TRAINING.shuffle_buffer)
    own = list(batches(order, prepare, 1, SMALL_TRAINING.batch, 1))
    for workers in (1, 3):
        data = training_data(small_dataset, SMALL_TRAINING, epoch=1, stop=36, workers=workers)
        assert int(data.cardinality()) == len(own) == 4
        for batch, (rgb, targets) in zip(own, data, strict=True):
            assert np.array_equal(batch.rgb, rgb.numpy())
            assert set(targets) == set(type(batch.targets).__slots__)
            for name, found in targets.items():
                assert np.array_equal(getattr(batch.targets, name), found.numpy())
    other = next(iter(training_data(small_dataset, SMALL_TRAINING, epoch=2, stop=36)))[0]
    assert not np.array_equal(own[0].rgb, other.numpy())


def test_how_long_training_waits_for_data_is_measured(small_dataset: Dataset) -> None:
    speed = benchmark_reading(small_dataset.path, SMALL_TRAINING, steps=8, workers=1)

    assert speed.steps == 8
    assert speed.images_per_s > 0
    assert 0.0 < speed.wait_share < 1.0


def test_of_a_photograph_only_what_is_marked_is_asked(imported: Dataset) -> None:
    targets = encode(label(next(imported.examples()).truth), SMALL_CAMERA)

    assert targets.lane_weight == 0
    assert np.isfinite(targets.lane).all()
    assert (targets.heat[..., Channel.STOP_SIGN] == 1).sum() == 1
    assert (targets.heat[..., Channel.STOP_SIGN] >= 0).all(), "where no sign is marked there is none"
    for channel in (Channel.DISTRACTOR, Channel.VEHICLE, Channel.PEDESTRIAN, Channel.STOP_LINE):
        assert (targets.heat[..., channel] == IGNORED).all()
    assert np.isnan(targets.boxes[:, BoxField.LOG_DISTANCE]).all()


def test_what_is_unknown_carries_no_loss_and_no_gradient(small_dataset: Dataset, imported: Dataset) -> None:
    drawn = next(e for e in small_dataset.examples() if len(encode(label(e.truth), SMALL_CAMERA).cells))
    batch = stack([encode(label(e.truth), SMALL_CAMERA) for e in (drawn, next(imported.examples()))])
    targets = {name: tf.constant(getattr(batch, name)) for name in type(batch).__slots__}
    rows, columns = batch.heat.shape[1:3]
    rng = np.random.default_rng(0)
    outputs = {
        "heat": tf.Variable(rng.normal(size=(2, rows, columns, CHANNELS)).astype(np.float32)),
        "boxes": tf.Variable(rng.normal(size=(2, rows, columns, CHANNELS, len(BoxField))).astype(np.float32)),
        "lane": tf.Variable(rng.normal(size=(2, 2 * len(LANE_SCALES))).astype(np.float32)),
    }
    with tf.GradientTape() as tape:
        parts = losses(outputs, targets, LossWeights())
    gradients = tape.gradient(parts["loss"], outputs)
    grads = {name: tf.convert_to_tensor(each).numpy() for name, each in gradients.items()}

    assert all(math.isfinite(float(part)) for part in parts.values())
    assert all(np.isfinite(each).all() for each in grads.values())
    assert np.abs(grads["boxes"][0, ..., BoxField.LOG_DISTANCE]).max() > 0
    assert not grads["boxes"][1, ..., [BoxField.LOG_DISTANCE, BoxField.LOG_SPREAD]].any()
    assert np.abs(grads["boxes"][1, ..., BoxField.OFFSET_U]).max() > 0, "its box is learned"
    assert grads["lane"][0].any()
    assert not grads["lane"][1].any()
    assert not grads["heat"][1, ..., Channel.VEHICLE].any()
    assert grads["heat"][1, ..., Channel.STOP_SIGN].any()


def test_a_network_is_trained_with_photographs_and_scored_on_them(imported: Dataset, tmp_path: Path) -> None:
    # Long enough to meet what augmentation does to unknown distances and to regions that are ignored.
    result = train(imported.path, tmp_path / "run", replace(SMALL_TRAINING, epochs=3, closeup_steps=1), workers=1)
    scores = evaluate(imported.path, tmp_path / "run")

    assert all(math.isfinite(row["loss"]) for row in result.history)
    assert scores.stop_sign.ap.n == imported.count
    assert scores.vehicle.ap.n == 0
    assert all(band.ap.n == 0 for band in scores.stop_sign.bands.values()), "no band has a sign of unknown distance"
    assert scores.lane.offset_error_median_m.n == scores.stop_line.false_per_frame.n == 0
    json.dumps(scores.to_dict(), allow_nan=False)


def test_right_answers_on_photographs_score_full_and_what_is_unmarked_costs_nothing(imported: Dataset) -> None:
    examples = list(imported.examples())
    box = next(thing.box for thing in examples[0].truth.objects if thing.kind is ObjectKind.STOP_SIGN)

    class Seer:
        camera = SMALL_CAMERA

        def __call__(self, frame):
            sign = Detection(ObjectKind.STOP_SIGN, box, 0.9, 20.0, 1.0)
            car = Detection(ObjectKind.VEHICLE, (5.0, 5.0, 40.0, 40.0), 0.9, 20.0, 1.0)
            return Percept(frame.step, (sign, car), LaneEstimate(0.0, 0.0, 0.0, 1.0), StopLineEstimate(9.0, 1.0, 0.9))

    scores = score_examples(examples, Seer())

    assert scores.stop_sign.ap.value == pytest.approx(1.0)
    assert scores.stop_sign.recall_at_97.value == 1.0
    assert scores.stop_sign.false_per_frame.value == 0.0
    assert scores.vehicle.false_per_frame.value == 0.0, "nobody marked vehicles"
    assert len(scores.distance_pairs) == scores.stop_sign.distance_error_median.n == 0


def test_photographs_are_scored_from_every_format(trained: Trained, photographs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "few"
    folder.mkdir()
    names = ["00.png", "01.png"]
    for name in names:
        (folder / name).write_bytes((photographs / "images" / name).read_bytes())
        (folder / name).with_suffix(".txt").write_text("0 0.5 0.4 0.25 0.25\n")
    (tmp_path / "data.yaml").write_text("train: few\nnames: [stop sign]\n")
    entries = [{"id": k + 1, "file_name": name, "width": 120, "height": 90} for k, name in enumerate(names)]
    marks = [{"image_id": k + 1, "category_id": 1, "bbox": [45.0, 24.75, 30.0, 22.5]} for k in range(2)]
    coco = {"images": entries, "annotations": marks, "categories": [{"id": 1, "name": "stop sign"}]}
    (tmp_path / "truth.json").write_text(json.dumps(coco))

    results = [
        evaluate_photographs(folder, tmp_path / annotations, trained.folder, tmp_path / "out" / annotations).to_dict()
        for annotations in ("data.yaml", "truth.json")
    ]

    assert results[0] == results[1]
    assert results[0]["stop_sign"]["ap"]["n"] == 2
