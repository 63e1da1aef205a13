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


def make_run(backend: Backend, model: Path, precision: Precision | None) -> Run:
    """Return what runs an exported model.

    Args:
        backend: The library.
        model: The file.
        precision: In which to multiply, where that is not the file's affair: OpenVINO's bfloat16.

    Raises:
        RollingStopError: If the library is not installed.
    """
    if backend is Backend.ONNX:
        return _onnx(model)
    if backend is Backend.OPENVINO:
        return _openvino(model, precision)
    if backend is Backend.LITERT:
        return _litert(model)
    raise ValueError(f"Expected a library that runs exported models. Received: {backend}.")


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
    peaks = np.where(heat >= summit, heat, np.float32(-1e9)).ravel()
    count = min(count, peaks.size)
    lowest = np.partition(peaks, -count)[-count]
    # Of equal ones the first in the picture, as in the graph.
    candidates = np.flatnonzero(peaks >= lowest)
    places = candidates[np.argsort(-peaks[candidates], kind="stable")[:count]]
    fields = boxes.reshape(-1, len(BoxField))[places]
    cell = places // channels
    centre_u = STRIDE * ((cell % width) + 0.5 + fields[:, BoxField.OFFSET_U])
    centre_v = STRIDE * ((cell // width) + 0.5 + fields[:, BoxField.OFFSET_V])
    half_w = 0.5 * STRIDE * np.exp(np.clip(fields[:, BoxField.LOG_WIDTH], -5.0, 5.0))
    half_h = 0.5 * STRIDE * np.exp(np.clip(fields[:, BoxField.LOG_HEIGHT], -5.0, 5.0))
    scores = 1.0 / (1.0 + np.exp(-np.clip(peaks[places], -80.0, 80.0)))
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


def _onnx(model: Path) -> Run:
    runtime: Any = import_or_tell("onnxruntime", "onnx")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = thread_count()
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = runtime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0].name
    names = ("heat", "boxes", "lane")

    def run(rgb: NDArray[np.uint8]) -> Answers:
        heat, boxes, lane = session.run(names, {given: rgb[None]})
        return Answers(heat[0], boxes[0], lane[0])

    return run


def _openvino(model: Path, precision: Precision | None) -> Run:
    openvino: Any = import_or_tell("openvino", "openvino")
    hint = "bf16" if precision is Precision.BFLOAT16 else "f32"
    settings = {
        "INFERENCE_PRECISION_HINT": hint,
        "INFERENCE_NUM_THREADS": str(thread_count()),
        "PERFORMANCE_HINT": "LATENCY",
    }
    compiled = openvino.Core().compile_model(str(model), "CPU", settings)
    request = compiled.create_infer_request()
    places = {name: compiled.output(name) for name in ("heat", "boxes", "lane")}

    def run(rgb: NDArray[np.uint8]) -> Answers:
        answers = request.infer({0: rgb[None]}, share_inputs=True)
        return Answers(*(np.array(answers[places[name]][0]) for name in ("heat", "boxes", "lane")))

    return run


def _litert(model: Path) -> Run:
    module: Any = import_or_tell("ai_edge_litert.interpreter", "litert")
    interpreter = module.Interpreter(model_path=str(model), num_threads=thread_count())
    interpreter.allocate_tensors()
    given = interpreter.get_input_details()[0]["index"]
    # Names do not survive every conversion; the three answers differ in the number of their axes.
    places = {len(each["shape"]): each["index"] for each in interpreter.get_output_details()}

    def run(rgb: NDArray[np.uint8]) -> Answers:
        interpreter.set_tensor(given, rgb[None])
        interpreter.invoke()
        return Answers(*(interpreter.get_tensor(places[axes])[0] for axes in (4, 5, 2)))

    return run
