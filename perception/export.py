"""The network in the formats of other libraries, each held against Keras on real frames before it is written.

    checked weights ─► Keras ─► ONNX ─► int8 ─┐
                         ├────► OpenVINO ─────┼─► held against Keras on drawn frames ─► files and export.json
                         ├────► LiteRT, int8 ─┤
                         └────► SavedModel ───┘

The second look, if there is one, is a model of its own beside it: `cuttings`, uint8 (1, 48, 48, 15), to answers and
measures (1, 11). `perception.fovea` says what to cut out, how to weigh both.

Whatever the format, the model takes `rgb`, uint8 (1, H, W, 3), and answers `heat` (1, H/8, W/8, 5) logits, `boxes`
(1, H/8, W/8, 5, 6) and `lane` (1, 6), as `build_network` says. bfloat16 is no format: OpenVINO multiplies a float32
file's numbers so if told to.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.backend import keras, tf
from perception.card import FORMAT, Card
from perception.decode import suppress
from perception.engine import Backend, Engine, Precision, import_or_tell, require
from perception.fovea import CUTTING_CHANNELS, FOVEA_PX, LOOKED_AT, cut_candidates, load_fovea_model
from perception.network import build_network
from perception.runtimes import Answers, Judge, Run, find_peaks, make_judge, make_run
from perception.weights import fill, read_weights
from sim.camera import Camera
from sim.errors import RollingStopError, StorageError, WeightsError
from sim.files import sha256_of, storage_error, write_atomically
from sim.show.shots import open_source

MANIFEST = "export.json"

NAME, FOVEA_NAME = "rollingstop", "fovea"
"""What the files of the network and of its second look are called."""

FOVEA_TOLERANCES = {Precision.FLOAT32: 0.02, Precision.INT8: 2.0}
"""Largest difference of the second look's logits and measures that is tolerated; int8's are 0.65 apart at most."""

REVISION = 4
"""Of the files: exports that an older revision left in the cache are made anew."""

LITERT_OUTPUTS = "StatefulPartitionedCall"
"""What LiteRT's converter calls the outputs."""

CALIBRATION_SEED = 770_077
"""Frames of this seed set the ranges of int8 numbers; no training and no test draws from it."""

CALIBRATION_FRAMES = 48

AGREEMENT_SEED = 770_078
"""Frames of this seed are asked of Keras and of the exported model."""

AGREEMENT_FRAMES = 8

BELIEVED = 0.2
"""Boxes are compared where Keras believes at least this much: elsewhere they mean nothing."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of the models that are written.

    Attributes:
        name: Of its file.
        shape: Of its input.
        answering: Layers that answer, and the outputs, by parts of their names in a file: int8 is too coarse for them.
        heads: Of these, those that a file must have, by parts of their names.
        samples: Inputs of its own, from so many drawn frames, that set the ranges of int8 numbers.
    """

    name: str
    shape: tuple[int, ...]
    answering: tuple[str, ...]
    heads: tuple[str, ...]
    samples: Callable[[int], Iterator[NDArray[np.uint8]]]


class Format(StrEnum):
    """What the network can be exported to."""

    ONNX = "onnx"
    OPENVINO = "openvino"
    LITERT = "litert"
    SAVEDMODEL = "savedmodel"


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far an exported model's answers are from those of Keras in float32, over some frames.

    Attributes:
        belief: Mean |difference| of beliefs, from 0 to 1, where either believes at least `BELIEVED`.
        belief_most: The largest anywhere.
        box: Mean |difference| of the box fields where Keras believes: cells and logarithms.
        lane: Largest |difference| of the lane's answers, in units of `LANE_SCALES`.
        frames: How many frames.
    """

    belief: float
    belief_most: float
    box: float
    lane: float
    frames: int


TOLERANCES = {
    Precision.FLOAT32: Agreement(0.001, 0.005, 0.001, 0.005, 0),
    Precision.BFLOAT16: Agreement(0.02, 0.25, 0.03, 0.15, 0),
    Precision.INT8: Agreement(0.12, 0.80, 0.20, 0.60, 0),
}
"""What is tolerated. Single beliefs of int8 move far where the network wavers; what that costs is AP, which
`evaluate --backend` measures. These limits catch a broken conversion: answers that are nothing like the network's.
Int8's beliefs are 0.033 apart at most."""


@dataclass(frozen=True, slots=True)
class Exported:
    """An exported model on the disk.

    Attributes:
        folder: Where it lies.
        model: The file or folder that the library opens.
        fovea: That of the second look; None if the network looks once.
        format: What it is.
        precision: float32 or int8.
        agreement: With Keras.
        weights_sha256: Of the weights that it was made from.
    """

    folder: Path
    model: Path
    fovea: Path | None
    format: Format
    precision: Precision
    agreement: Agreement
    weights_sha256: str

    def to_dict(self) -> dict[str, Any]:
        """Return the same as plain values."""
        places = {"folder": str(self.folder), "model": str(self.model), "fovea": self.fovea and str(self.fovea)}
        return {**asdict(self), **places}


def export(weights: Path | None, to: Format, folder: Path, *, precision: Precision = Precision.FLOAT32) -> Exported:
    """Write a trained network in another format; what was in the folder under the same name is replaced.

    Args:
        weights: The weights file; the shipped one if not given.
        to: The format.
        folder: Where to.
        precision: float32 or int8.

    Raises:
        RollingStopError: If the library is not installed, does not offer the precision, or the model does not agree
            with Keras within `TOLERANCES`; nothing is written then.
        WeightsError: If the weights are missing, altered or foreign.
        StorageError: If it cannot be written.
    """
    if precision is Precision.BFLOAT16 or (to is Format.SAVEDMODEL and precision is Precision.INT8):
        raise RollingStopError(
            f"Expected a precision that {to} files can have. Received: {precision}.",
            hint="Export in float32; OpenVINO computes in bfloat16 with `--precision bfloat16` when it runs.",
        )
    if to is not Format.SAVEDMODEL:
        require(Backend(to.value))
    card, arrays = read_weights(weights)
    model = build_network(card.network, card.camera, "float32")
    fill(model, arrays, "the weights file")
    keras_run = _keras_run(model)
    fovea = load_fovea_model(arrays)
    # The libraries write where they like; the result is moved to its place once it is whole and checked.
    with tempfile.TemporaryDirectory(prefix="rollingstop-") as made, _quiet():
        place = _WRITERS[to](model, _first_look(card), Path(made), precision)
        run = _saved_model_run(place) if to is Format.SAVEDMODEL else make_run(Backend(to.value), place, None)
        frames = drawn_frames(AGREEMENT_SEED, AGREEMENT_FRAMES, card.camera)
        agreement = agree(keras_run, run, frames)
        check_agreement(agreement, precision, str(to))
        beside = None
        if fovea is not None:
            second = _WRITERS[to](fovea[0], _second_look(keras_run, card.camera), Path(made), precision)
            _check_fovea(
                fovea[0],
                _saved_judge(second) if to is Format.SAVEDMODEL else make_judge(Backend(to.value), second, None),
                np.concatenate([cuttings_of(keras_run, rgb) for rgb in frames]),
                precision,
                str(to),
            )
            beside = folder / second.name
        _move(Path(made), folder)
    exported = Exported(folder, folder / place.name, beside, to, precision, agreement, card.sha256)
    _write_manifest(exported)
    return exported


def read_export(folder: Path) -> Exported:
    """Return an exported model, every file of it held against the digests beside it.

    Raises:
        WeightsError: If it is missing, damaged or altered.
    """
    path = folder / MANIFEST
    again = "Export it again."
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        files = {str(name): str(digest) for name, digest in raw["files"].items()}
        found = Exported(
            folder,
            folder / str(raw["model"]),
            None if raw["fovea"] is None else folder / str(raw["fovea"]),
            Format(raw["format"]),
            Precision(raw["precision"]),
            Agreement(**raw["agreement"]),
            str(raw["weights_sha256"]),
        )
        for name, digest in files.items():
            if Path(name).is_absolute() or os.pardir in Path(name).parts or sha256_of(folder / name) != digest:
                raise WeightsError(f"Expected {folder / name} as it was exported. Received: another file.", hint=again)
        tops = {Path(name).parts[0] for name in files}
        if not {str(raw[part]) for part in ("model", "fovea") if raw[part] is not None} <= tops:
            raise WeightsError(f"Expected {path} to list its model. Received: none.", hint=again)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise WeightsError(f"Expected an exported model in {folder}. Received: {fault}.", hint=again) from None
    return found


def exported_for(weights: Path | None, engine: Engine) -> Exported:
    """Return the exported model that an engine runs, made now if it was not made before.

    Exports are kept in the user's cache, by the digest of the weights and the versions of the libraries.

    Raises:
        RollingStopError: As `export` does.
    """
    require(engine.backend)
    card, _ = read_weights(weights)
    precision = Precision.INT8 if engine.precision is Precision.INT8 else Precision.FLOAT32
    folder = cache_folder(card, engine.backend, precision)
    try:
        found = read_export(folder)
        if found.weights_sha256 == card.sha256:
            return found
    except WeightsError:
        pass
    logging.getLogger(__name__).info("Exporting the network for %s, %s.", engine.backend, precision)
    return export(weights, Format(engine.backend.value), folder, precision=precision)


def cache_folder(card: Card, backend: Backend, precision: Precision) -> Path:
    """Return where the export of some weights is kept."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    packages = {Backend.ONNX: "onnxruntime", Backend.OPENVINO: "openvino", Backend.LITERT: "ai-edge-litert"}
    made_by = [_version(packages[backend]), _version("tensorflow"), str(FORMAT), str(REVISION)]
    return root / "rollingstop" / "-".join([card.sha256[:16], backend, precision, *made_by])


def drawn_frames(seed: int, count: int, camera: Camera | None = None) -> list[NDArray[np.uint8]]:
    """Return frames of the standard recipe, uint8 (H, W, 3), by its camera if no other is given."""
    return [shot.picture() for shot in open_source([str(seed)], camera=camera).shots(0, count)]


def agree(ours: Run, theirs: Run, frames: Sequence[NDArray[np.uint8]]) -> Agreement:
    """Return how far two ways to run the network are apart on some frames; NaN where one answers NaN."""
    beliefs, most, boxes, lanes = [], 0.0, [], 0.0
    for rgb in frames:
        first, second = ours(rgb), theirs(rgb)
        believed = _sigmoid(first.heat)
        apart = np.abs(believed - _sigmoid(second.heat))
        either = (believed >= BELIEVED) | (_sigmoid(second.heat) >= BELIEVED)
        beliefs.append(apart[either])
        boxes.append(np.abs(first.boxes - second.boxes)[believed >= BELIEVED].ravel())
        most = float(np.maximum(most, apart.max()))
        lanes = float(np.maximum(lanes, np.abs(first.lane - second.lane).max()))
    means = [float(np.concatenate(each).mean()) if sum(map(len, each)) else 0.0 for each in (beliefs, boxes)]
    return Agreement(means[0], most, means[1], lanes, len(frames))


def check_agreement(agreement: Agreement, precision: Precision, name: str) -> None:
    """Check an exported model's answers.

    Raises:
        RollingStopError: If they are too far from those of Keras, or not numbers.
    """
    limits = asdict(TOLERANCES[precision])
    for key, value in asdict(agreement).items():
        if key != "frames" and not value <= limits[key]:
            raise RollingStopError(
                f"Expected the exported model ({name}, {precision}) to answer as Keras does, {key} within "
                f"{limits[key]:g}. Received: {value:.4g} apart.",
                hint="Another version of the library may convert it better; constraints.txt names those that do.",
            )


def cuttings_of(run: Run, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return cuttings of the four things in a frame that a network takes most for something, uint8 (n, 48, 48, 15).

    Args:
        run: The network.
        rgb: The frame.
    """
    answers = run(rgb)
    peaks = find_peaks(answers.heat, answers.boxes)
    candidates = peaks[np.isin(peaks[:, 1], list(LOOKED_AT))]
    return cut_candidates(rgb, candidates[suppress(candidates[:, 2:6], candidates[:, 1].astype(np.int64))][:4, 2:6])


def _check_fovea(model: Any, theirs: Judge, cuttings: NDArray[np.uint8], precision: Precision, name: str) -> None:
    """Check an exported second look's answers about cuttings of frames.

    Raises:
        RollingStopError: If they are too far from those of Keras, or not numbers.
    """
    apart = float(np.abs(model(cuttings, training=False).numpy() - theirs(cuttings)).max())
    if not apart <= FOVEA_TOLERANCES[precision]:
        raise RollingStopError(
            f"Expected the exported second look ({name}, {precision}) to answer as Keras does, logits within "
            f"{FOVEA_TOLERANCES[precision]:g}. Received: {apart:.4g} apart.",
            hint="Another version of the library may convert it better; constraints.txt names those that do.",
        )


def _first_look(card: Card) -> Part:
    heads = ("sign_heat", "sign_boxes", "road_heat", "road_boxes", "lane_hidden")
    hidden = ("road_place", "road_hidden", "road_fields", "sign_hidden", "sign_fields", "lane_")
    return Part(
        NAME,
        (1, card.camera.height_px, card.camera.width_px, 3),
        (*heads, *hidden, LITERT_OUTPUTS),
        heads,
        lambda count: (rgb[None] for rgb in drawn_frames(CALIBRATION_SEED, count, card.camera)),
    )


def _second_look(first: Run, camera: Camera) -> Part:
    """Return what is to be known of the second look at what a network finds."""

    def cuttings(count: int) -> Iterator[NDArray[np.uint8]]:
        for rgb in drawn_frames(CALIBRATION_SEED, count, camera):
            for cutting in cuttings_of(first, rgb):
                yield cutting[None]

    heads = ("fovea_hidden", "fovea_answers", "fovea_measures")
    shape = (1, FOVEA_PX, FOVEA_PX, CUTTING_CHANNELS)
    return Part(FOVEA_NAME, shape, (*heads, "fovea_outputs", LITERT_OUTPUTS), heads, cuttings)


def _write_onnx(model: Any, part: Part, folder: Path, precision: Precision) -> Path:
    path = folder / f"{part.name}.onnx"
    model.export(str(path), format="onnx", input_signature=_signature(model, part.shape), verbose=False)
    if precision is Precision.INT8:
        quantized = folder / "quantized.onnx"
        _quantize_onnx(path, quantized, part)
        quantized.replace(path)
    return path


def _quantize_onnx(source: Path, target: Path, part: Part) -> None:
    """Turn an ONNX file's convolutions to int8, except the layers that answer: their fields need finer steps.

    Raises:
        RollingStopError: As `answering` does.
    """
    onnx = import_or_tell("onnx", "onnx")
    quantization = import_or_tell("onnxruntime.quantization", "onnx")
    graph = onnx.load(str(source)).graph

    class Samples(quantization.CalibrationDataReader):  # type: ignore[misc]  # the module is imported at run time
        def __init__(self) -> None:
            self._left = part.samples(CALIBRATION_FRAMES)

        def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
            given = next(self._left, None)
            return None if given is None else {graph.input[0].name: given}

    quantization.quantize_static(
        str(source),
        str(target),
        Samples(),
        per_channel=True,
        activation_type=quantization.QuantType.QUInt8,
        # With what each convolution's ReLU leaves, not with what it is given: half of that would be cut off.
        op_types_to_quantize=["Conv", "Relu"],
        nodes_to_exclude=answering([node.name for node in graph.node], part),
    )


def _write_openvino(model: Any, part: Part, folder: Path, precision: Precision) -> Path:
    openvino = import_or_tell("openvino", "openvino")
    path = folder / f"{part.name}.xml"
    if precision is Precision.INT8:
        # OpenVINO reads ONNX's int8 as it is; quantising by its own means would take another large library.
        require(Backend.ONNX)
        onnx = _write_onnx(model, part, folder, precision)
        openvino.save_model(openvino.convert_model(str(onnx)), str(path), compress_to_fp16=False)
        onnx.unlink()
        return path
    graph = tf.function(
        lambda given: model(given, training=False),
        input_signature=[tf.TensorSpec(part.shape, tf.uint8, model.inputs[0].name)],
        autograph=False,
    )
    openvino.save_model(openvino.convert_model(graph), str(path), compress_to_fp16=False)
    return path


def _write_litert(model: Any, part: Part, folder: Path, precision: Precision) -> Path:
    path = folder / f"{part.name}.tflite"
    if precision is Precision.INT8:
        path.write_bytes(_litert_in_int8(model, part, folder))
    else:
        model.export(str(path), format="litert", input_signature=_signature(model, part.shape), verbose=False)
    return path


def _litert_in_int8(model: Any, part: Part, folder: Path) -> bytes:
    """Return a model as a LiteRT file in int8, except the layers that answer: their fields need finer steps.

    Args:
        model: In Keras.
        part: Which of the models it is.
        folder: For what is written on the way.

    Raises:
        RollingStopError: As `answering` does.
    """
    plain = _write_saved_model(model, part, folder, Precision.FLOAT32)

    def samples(count: int) -> Iterator[list[NDArray[np.uint8]]]:
        return ([each] for each in part.samples(count))

    def quantizer(kept: list[str]) -> Any:
        converter = tf.lite.TFLiteConverter.from_saved_model(str(plain))
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: samples(CALIBRATION_FRAMES)
        tools = tf.lite.experimental
        options = tools.QuantizationDebugOptions(denylisted_nodes=kept)
        return tools.QuantizationDebugger(converter=converter, debug_dataset=lambda: samples(1), debug_options=options)

    # Nodes are left out by the names that the converter gives them, which it tells once it has quantised them all.
    named, table = quantizer([]), io.StringIO()
    named.run()
    named.layer_statistics_dump(table)
    names = [row["tensor_name"] for row in csv.DictReader(io.StringIO(table.getvalue()))]
    made = bytes(quantizer(answering(names, part)).get_nondebug_quantized_model())
    shutil.rmtree(plain)
    return made


def answering(names: Sequence[str], part: Part) -> list[str]:
    """Return those of a file's tensors or nodes that belong to the layers that answer.

    Args:
        names: Of all of them.
        part: Which of the models it is.

    Raises:
        RollingStopError: If a head has none: in int8 it would answer coarsely, and nobody would be told.
    """
    kept = [each for each in names if any(layer in each for layer in part.answering)]
    for head in part.heads:
        if not any(head in each for each in kept):
            raise RollingStopError(
                f"Expected the converter to keep the layers' names, '{head}' among them. Received: names without.",
                hint="Install the versions of constraints.txt, or export with --precision float32.",
            )
    return kept


def _write_saved_model(model: Any, part: Part, folder: Path, precision: Precision) -> Path:
    del precision
    path = folder / part.name
    model.export(str(path), format="tf_saved_model", input_signature=_signature(model, part.shape), verbose=False)
    return path


_WRITERS: dict[Format, Callable[[Any, Part, Path, Precision], Path]] = {
    Format.ONNX: _write_onnx,
    Format.OPENVINO: _write_openvino,
    Format.LITERT: _write_litert,
    Format.SAVEDMODEL: _write_saved_model,
}


def _signature(model: Any, shape: tuple[int, ...]) -> list[Any]:
    return [keras.InputSpec(shape=shape, dtype="uint8", name=model.inputs[0].name)]


def _keras_run(model: Any) -> Run:
    graph = tf.function(lambda rgb: model(rgb, training=False), autograph=False)

    def run(rgb: NDArray[np.uint8]) -> Answers:
        answers = graph(tf.constant(rgb[None]))
        return Answers(*(answers[name][0].numpy() for name in ("heat", "boxes", "lane")))

    return run


def _saved_model_run(folder: Path) -> Run:
    # It was written a moment ago by this process; a SavedModel from elsewhere, which may carry code, is never opened.
    loaded = tf.saved_model.load(str(folder))

    def run(rgb: NDArray[np.uint8]) -> Answers:
        answers = loaded.serve(tf.constant(rgb[None]))
        return Answers(*(answers[name][0].numpy() for name in ("heat", "boxes", "lane")))

    return run


def _saved_judge(folder: Path) -> Judge:
    loaded = tf.saved_model.load(str(folder))  # as above
    return lambda cuttings: np.concatenate([loaded.serve(tf.constant(each[None])).numpy() for each in cuttings])


def _sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    return 1.0 / (1.0 + np.exp(-np.clip(logits, -60.0, 60.0)))


def _move(made: Path, folder: Path) -> None:
    """Move what was made into its place.

    Raises:
        StorageError: If it cannot be written, or a folder that is no SavedModel stands in its place.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for item in made.iterdir():
            target = folder / item.name
            if target.is_dir() and not (item.is_dir() and (target / "saved_model.pb").is_file()):
                raise StorageError(
                    f"Expected no folder at {target}, or a SavedModel to replace. Received: another folder.",
                    hint="Choose another --out.",
                )
        for item in made.iterdir():
            target = folder / item.name
            if target.is_dir():
                shutil.rmtree(target)
            shutil.copytree(item, target) if item.is_dir() else write_atomically(target, item.read_bytes())
    except OSError as fault:
        raise storage_error(fault, folder) from fault


def _write_manifest(exported: Exported) -> None:
    names: list[Path] = []
    for model in (exported.model, exported.fovea):
        if model is not None:
            names += [path for path in model.rglob("*") if path.is_file()] if model.is_dir() else [model]
            # OpenVINO keeps the weights in a file of their own.
            names += [path for path in (model.with_suffix(".bin"),) if path.is_file()]
    manifest = {
        "model": exported.model.name,
        "fovea": exported.fovea and exported.fovea.name,
        "format": exported.format,
        "precision": exported.precision,
        "weights_sha256": exported.weights_sha256,
        "agreement": asdict(exported.agreement),
        "files": {str(path.relative_to(exported.folder)): sha256_of(path) for path in sorted(names)},
    }
    write_atomically(exported.folder / MANIFEST, (json.dumps(manifest, indent=2) + "\n").encode())


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the converters print and warn about to themselves; what they raise still arrives."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"
