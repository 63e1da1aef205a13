"""Exported networks answer as Keras does, altered ones are refused, and what is not installed is named."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import rollingstop
from perception.backend import tf
from perception.channels import CHANNELS
from perception.commands.common import BackendName, PrecisionName
from perception.commands.export import FormatName
from perception.decode import PEAKS
from perception.decode import find_peaks as find_peaks_in_graph
from perception.engine import OFFERED, Backend, Engine, Precision, import_or_tell, thread_count
from perception.export import (
    AGREEMENT_FRAMES,
    Agreement,
    Format,
    Part,
    agree,
    answering,
    check_agreement,
    cuttings_of,
    drawn_frames,
    export,
    exported_for,
    read_export,
)
from perception.fovea import Answer, is_fovea, load_fovea_model
from perception.perceiver import load_perceiver
from perception.runtimes import PEAKS as PEAKS_HERE
from perception.runtimes import Answers, find_peaks, make_judge, make_run
from perception.weights import read_weights
from sim.camera import Camera, CameraFrame
from sim.errors import RollingStopError, StorageError, WeightsError
from tests.perception.conftest import SMALL_CAMERA, Trained

NEEDED = {"onnx": "tf2onnx", "openvino": "openvino", "litert": "ai_edge_litert"}


def with_library(name: str) -> object:
    missing = importlib.util.find_spec(NEEDED[name]) is None
    return pytest.param(name, marks=pytest.mark.skipif(missing, reason=f"the extra [{name}] is not installed"))


@pytest.mark.parametrize("seed", range(4))
def test_peaks_are_those_of_the_graph(seed: int) -> None:
    rng = np.random.default_rng(seed)
    # Rounded, so that some are equal.
    heat = np.round(rng.normal(-4, 3, (36, 84, CHANNELS)), 1).astype(np.float32)
    boxes = rng.normal(0, 1.5, (36, 84, CHANNELS, 6)).astype(np.float32)
    ours = find_peaks(heat, boxes)
    theirs = find_peaks_in_graph(tf.constant(heat[None]), tf.constant(boxes[None]))[0].numpy()
    assert PEAKS_HERE == PEAKS
    assert ours == pytest.approx(theirs, rel=1e-4, abs=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("name", [with_library(name) for name in NEEDED])
def test_an_export_drives_as_keras_sees(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    engine = Engine(Backend(name), Precision.FLOAT32)
    keras = load_perceiver(engine=Engine(Backend.KERAS, Precision.FLOAT32))
    theirs = load_perceiver(engine=engine)
    for step, rgb in enumerate(drawn_frames(99, 4)):
        frame = CameraFrame(step, rgb, Camera())
        ours, other = keras(frame), theirs(frame)
        assert [each.kind for each in ours.detections] == [each.kind for each in other.detections]
        for one, two in zip(ours.detections, other.detections, strict=True):
            assert two.score == pytest.approx(one.score, abs=0.01)
            assert two.box == pytest.approx(one.box, abs=0.5)
            assert two.distance_m == pytest.approx(one.distance_m, rel=0.01)
        assert other.lane is not None
        assert ours.lane is not None
        assert other.lane.offset_m == pytest.approx(ours.lane.offset_m, abs=0.005)
    # It is kept, and its files are checked when they are used again.
    kept = exported_for(None, engine)
    before = kept.model.stat().st_mtime_ns
    assert exported_for(None, engine).model.stat().st_mtime_ns == before
    data = bytearray(kept.model.read_bytes())
    data[len(data) // 2] ^= 1
    kept.model.write_bytes(bytes(data))
    with pytest.raises(WeightsError, match="Received: another file"):
        read_export(kept.folder)
    assert exported_for(None, engine).agreement.belief_most < 0.005


@pytest.mark.slow
@pytest.mark.parametrize("name", [with_library(name) for name in NEEDED])
def test_both_looks_in_int8_answer_as_keras_does(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    engine = Engine(Backend(name), Precision.INT8)
    coarse = exported_for(None, engine)
    arrays = read_weights()[1]
    second = load_fovea_model(arrays)
    assert second is not None
    look = make_run(engine.backend, coarse.model, engine.precision)
    cuttings = np.concatenate([cuttings_of(look, rgb) for rgb in drawn_frames(99, 6)])
    assert coarse.fovea is not None
    wanted = second[0](cuttings, training=False).numpy()
    given = make_judge(engine.backend, coarse.fovea, engine.precision)(cuttings)

    # A byte a weight instead of four, but for the layers that answer and what describes them.
    written = sum(path.stat().st_size for path in coarse.folder.glob(f"{coarse.fovea.stem}.*"))
    assert written < 3.0 * sum(each.size for name, each in arrays.items() if is_fovea(name))
    assert 0.0 < np.abs(given - wanted).mean() < 0.2
    assert (given[:, : len(Answer)].argmax(axis=1) == wanted[:, : len(Answer)].argmax(axis=1)).mean() > 0.9
    # Ranges that are cut where a ReLU cuts keep beliefs; before, they were 0.12 apart.
    assert coarse.agreement.belief < 0.06
    assert coarse.agreement.lane < 0.15


@pytest.mark.parametrize("precision", OFFERED[Backend.KERAS])
def test_keras_sees_the_same_in_both_precisions(precision: Precision) -> None:
    frame = CameraFrame(0, drawn_frames(99, 1)[0], Camera())
    ours = load_perceiver()(frame)
    other = load_perceiver(engine=Engine(Backend.KERAS, precision))(frame)
    assert other.lane is not None
    assert ours.lane is not None
    assert other.lane.offset_m == pytest.approx(ours.lane.offset_m, abs=0.1)


def test_a_conversion_that_answers_otherwise_is_refused() -> None:
    heat = np.full((4, 4, CHANNELS), -5.0, np.float32)
    heat[1, 1, 0] = 3.0
    boxes, lane = np.zeros((4, 4, CHANNELS, 6), np.float32), np.zeros(6, np.float32)
    frames = [np.zeros((32, 32, 3), np.uint8)]

    def ours(_: object) -> Answers:
        return Answers(heat, boxes, lane)

    same = agree(ours, ours, frames)
    assert same == Agreement(0.0, 0.0, 0.0, 0.0, 1)
    check_agreement(same, Precision.FLOAT32, "onnx")
    blind = agree(ours, lambda _: Answers(np.full_like(heat, -5.0), boxes, lane), frames)
    for precision in Precision:
        with pytest.raises(RollingStopError, match="to answer as Keras does"):
            check_agreement(blind, precision, "onnx")
    silent = agree(ours, lambda _: Answers(np.full_like(heat, np.nan), boxes, lane), frames)
    with pytest.raises(RollingStopError, match="nan apart"):
        check_agreement(silent, Precision.INT8, "litert")


def test_a_saved_model_is_written_with_the_digests_of_its_files(tmp_path: Path) -> None:
    made = export(None, Format.SAVEDMODEL, tmp_path)
    assert made.agreement.belief_most < 0.005
    assert read_export(tmp_path) == made
    manifest = json.loads((tmp_path / "export.json").read_text())
    assert "rollingstop/saved_model.pb" in manifest["files"]
    manifest["files"]["../elsewhere"] = "0" * 64
    (tmp_path / "export.json").write_text(json.dumps(manifest))
    with pytest.raises(WeightsError, match="elsewhere"):
        read_export(tmp_path)


def test_a_network_of_another_camera_is_held_against_keras_on_its_frames(trained: Trained, tmp_path: Path) -> None:
    made = export(trained.folder, Format.SAVEDMODEL, tmp_path)

    assert made.agreement.frames == AGREEMENT_FRAMES
    assert drawn_frames(99, 1, SMALL_CAMERA)[0].shape == (96, 192, 3)


def test_a_folder_that_is_no_export_is_not_replaced(trained: Trained, tmp_path: Path) -> None:
    (tmp_path / "rollingstop").mkdir()
    (tmp_path / "rollingstop" / "mine.py").write_text("mine")

    with pytest.raises(StorageError, match="Received: another folder"):
        export(trained.folder, Format.SAVEDMODEL, tmp_path)

    assert [path.name for path in tmp_path.rglob("*")] == ["rollingstop", "mine.py"]


def test_precisions_that_a_library_lacks_are_refused() -> None:
    with pytest.raises(RollingStopError, match=r"keras offers on a processor \(float32, bfloat16\).*int8"):
        Engine(Backend.KERAS, Precision.INT8)
    with pytest.raises(RollingStopError, match="onnx offers"):
        Engine(Backend.ONNX, Precision.BFLOAT16)
    assert set(OFFERED) == set(Backend)


def test_a_missing_library_is_named_with_what_to_type() -> None:
    with pytest.raises(RollingStopError, match=r'pip install -c constraints.txt -e "\.\[onnx\]"'):
        import_or_tell("no_such_module_anywhere", "onnx")


def test_threads_are_as_many_as_tensorflow_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "1")
    assert thread_count() == 1
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "0")
    assert thread_count() >= 1


def test_the_command_line_names_what_the_package_offers() -> None:
    assert [each.value for each in BackendName] == [each.value for each in Backend]
    assert [each.value for each in PrecisionName] == [each.value for each in Precision]
    assert [each.value for each in FormatName] == [each.value for each in Format]


def test_choosing_an_engine_loads_no_tensorflow() -> None:
    code = "import sys, perception.engine, perception.runtimes; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_precision_that_is_not_offered_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["rollingstop", "test", "--backend", "litert", "--precision", "bfloat16", "-q"])
    with pytest.raises(SystemExit) as leaving:
        rollingstop.main()
    assert leaving.value.code == 1
    err = capsys.readouterr().err
    assert "litert offers on a processor (float32, int8)" in err
    assert len(err.strip().splitlines()) == 1


def test_layers_that_answer_are_found_by_name_or_nothing_is_made_coarse() -> None:
    names = ["net/stem_2_1/Relu", "net/sign_boxes/BiasAdd", "net/road_boxes/BiasAdd;x", "net/lane_hidden/Relu"]

    part = Part(
        "net", (1, 8, 8, 3), ("sign_boxes", "road_boxes", "lane_"), ("sign_boxes", "lane_hidden"), lambda _: iter(())
    )
    assert answering(names, part) == names[1:]
    with pytest.raises(RollingStopError, match="'lane_hidden' among them"):
        answering(names[:-1], part)
