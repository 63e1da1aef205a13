"""Exported networks run by other libraries than TensorFlow, and their answers decoded without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.channels import STRIDE, BoxField
from perception.engine import Backend, Precision, import_or_tell, thread_count

PEAKS = 64
"""As many candidates as the graph of `perception.decode` takes from a frame."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What the network answers to one frame.

    Attributes:
        heat: Logits, float32, shape (h, w, channels).
        boxes: Box fields, float32, shape (h, w, channels, 6).
        lane: Float32, shape (6,).
    """

    heat: NDArray[np.float32]
    boxes: NDArray[np.float32]
    lane: NDArray[np.float32]


Run = Callable[[NDArray[np.uint8]], Answers]
"""From a frame, uint8 (H, W, 3), to the answers."""

Judge = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""From the second look's cuttings, uint8 (n, 48, 48, 15), to its answers and measures, (n, 11)."""

Call = Callable[[NDArray[np.uint8]], list[NDArray[np.float32]]]
"""From a batch of one to all outputs of a model."""


def make_run(backend: Backend, model: Path, precision: Precision | None) -> Run:
    """Return what runs an exported network.

    Args:
        backend: The library.
        model: The file.
        precision: In which to multiply, where that is not the file's affair: OpenVINO's bfloat16, also for what an
            int8 file leaves in float32.

    Raises:
        RollingStopError: If the library is not installed.
    """
    call = _open(backend, model, precision)

    def run(rgb: NDArray[np.uint8]) -> Answers:
        # Names do not survive every conversion; the three answers differ in the number of their axes.
        answers = {each.ndim: each[0] for each in call(rgb[None])}
        return Answers(answers[4], answers[5], answers[2])

    return run


def make_judge(backend: Backend, model: Path, precision: Precision | None) -> Judge:
    """Return what runs an exported second look.

    Args:
        backend: The library.
        model: The file.
        precision: As `make_run` takes it.

    Raises:
        RollingStopError: If the library is not installed.
    """
    call = _open(backend, model, precision)
    return lambda cuttings: np.concatenate([call(each[None])[0] for each in cuttings])


def find_peaks(heat: NDArray[np.float32], boxes: NDArray[np.float32], count: int = PEAKS) -> NDArray[np.float32]:
    """Return the strongest local maxima of one frame, as the graph of `perception.decode.find_peaks` does.

    Args:
        heat: Logits (h, w, channels).
        boxes: Box fields (h, w, channels, 6).
        count: How many to return.

    Returns:
        float32, shape (count, 8), highest score first.
    """
    _, width, channels = heat.shape
    summit = cv2.dilate(heat, np.ones((3, 3), np.uint8)).reshape(heat.shape)
    logits = heat.ravel()
    places = np.flatnonzero(heat >= summit)
    if len(places) > count:
        lowest = np.partition(logits[places], -count)[-count]
        places = places[logits[places] >= lowest]
    # Of equal ones the first in the picture, as in the graph.
    places = places[np.argsort(-logits[places], kind="stable")[:count]]
    peaks = logits[places]
    if len(places) < min(count, logits.size):
        others = np.setdiff1d(np.arange(logits.size), places)[: count - len(places)]
        places = np.concatenate([places, others])
        peaks = np.concatenate([peaks, np.full(len(others), -1e9, np.float32)])
    fields = boxes.reshape(-1, len(BoxField))[places]
    cell = places // channels
    centre_u = STRIDE * ((cell % width) + 0.5 + fields[:, BoxField.OFFSET_U])
    centre_v = STRIDE * ((cell // width) + 0.5 + fields[:, BoxField.OFFSET_V])
    half_w = 0.5 * STRIDE * np.exp(np.clip(fields[:, BoxField.LOG_WIDTH], -5.0, 5.0))
    half_h = 0.5 * STRIDE * np.exp(np.clip(fields[:, BoxField.LOG_HEIGHT], -5.0, 5.0))
    scores = 1.0 / (1.0 + np.exp(-np.clip(peaks, -80.0, 80.0)))
    columns = (
        scores,
        places % channels,
        centre_u - half_w,
        centre_v - half_h,
        centre_u + half_w,
        centre_v + half_h,
        fields[:, BoxField.LOG_DISTANCE],
        fields[:, BoxField.LOG_SPREAD],
    )
    return np.stack(columns, axis=-1).astype(np.float32)


def make_look(
    backend: Backend, model: Path, precision: Precision | None
) -> Callable[[NDArray[np.uint8]], tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Return what turns a frame into peaks (64, 8) and the lane's answers (6,), run once already.

    Raises:
        RollingStopError: If the library is not installed.
    """
    run = make_run(backend, model, precision)

    def look(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        answers = run(rgb)
        return find_peaks(answers.heat, answers.boxes), answers.lane

    return look


def _open(backend: Backend, model: Path, precision: Precision | None) -> Call:
    if backend is Backend.ONNX:
        return _onnx(model)
    if backend is Backend.OPENVINO:
        return _openvino(model, precision)
    if backend is Backend.LITERT:
        return _litert(model)
    raise ValueError(f"Expected a library that runs exported models. Received: {backend}.")


def _onnx(model: Path) -> Call:
    runtime: Any = import_or_tell("onnxruntime", "onnx")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = thread_count()
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = runtime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0].name
    return lambda batch: list(session.run(None, {given: batch}))


def _openvino(model: Path, precision: Precision | None) -> Call:
    openvino: Any = import_or_tell("openvino", "openvino")
    core = openvino.Core()
    # What an int8 file leaves in float32 need not be exact either, where the processor multiplies bfloat16.
    quick = precision is Precision.INT8 and "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    hint = "bf16" if quick or precision is Precision.BFLOAT16 else "f32"
    settings = {
        "INFERENCE_PRECISION_HINT": hint,
        "INFERENCE_NUM_THREADS": str(thread_count()),
        "PERFORMANCE_HINT": "LATENCY",
    }
    compiled = core.compile_model(str(model), "CPU", settings)
    request = compiled.create_infer_request()
    places = list(compiled.outputs)

    def call(batch: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        answers = request.infer({0: batch}, share_inputs=True)
        return [np.array(answers[place]) for place in places]

    return call


def _litert(model: Path) -> Call:
    module: Any = import_or_tell("ai_edge_litert.interpreter", "litert")
    interpreter = module.Interpreter(model_path=str(model), num_threads=thread_count())
    interpreter.allocate_tensors()
    given = interpreter.get_input_details()[0]["index"]
    places = [each["index"] for each in interpreter.get_output_details()]

    def call(batch: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        interpreter.set_tensor(given, batch)
        interpreter.invoke()
        return [interpreter.get_tensor(place) for place in places]

    return call
