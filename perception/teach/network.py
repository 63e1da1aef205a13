"""The network as it was built: its layers, what each reads, and how wide each sees."""

from __future__ import annotations

from math import prod
from typing import Any

from perception.backend import keras
from sim.viewer.teach.content import Layer


def layers_of(model: Any) -> tuple[Layer, ...]:
    """Return the layers that learn something, that add two others, and the picture; with what each reads.

    Layers that only scale, reshape or join are passed over: what reads them reads what they read.
    """
    producers = {id(tensor): layer for layer in model.layers for tensor in _tensors(layer.output)}
    shown = [layer for layer in model.layers if _is_shown(layer)]
    names = {layer.name for layer in shown}

    def sources(layer: Any) -> list[str]:
        if isinstance(layer, keras.layers.InputLayer):
            return []
        found: list[str] = []
        for tensor in _tensors(layer.input):
            other = producers[id(tensor)]
            found += [other.name] if other.name in names else sources(other)
        return list(dict.fromkeys(found))

    return tuple(_described(layer, tuple(sources(layer))) for layer in shown)


def fields_of_view(layers: tuple[Layer, ...], height_px: int) -> dict[str, int]:
    """Return how many pixels wide the part of a frame is on which one place of each layer depends.

    A convolution over k places that lie d maps' pixels apart, on maps at 1/j of the frame's resolution, widens the view
    by (k - 1) d j. Bringing coarse maps back up moves places, and widens nothing.
    """
    widths: dict[str, int] = {}
    by_name = {layer.name: layer for layer in layers}
    for layer in layers:
        before = max((widths[name] for name in layer.inputs), default=1)
        reach = 0
        if layer.kind == "Conv2D":
            rows = by_name[layer.inputs[0]].shape[0]
            reach = (layer.kernel[0] - 1) * layer.dilation * round(height_px / rows)
        widths[layer.name] = before + reach
    return widths


def _is_shown(layer: Any) -> bool:
    return bool(layer.weights) or isinstance(layer, keras.layers.InputLayer | keras.layers.Add)


def _tensors(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _described(layer: Any, inputs: tuple[str, ...]) -> Layer:
    trained = [weight for weight in layer.weights if weight.path.endswith(("kernel", "bias"))]
    kernel = next((tuple(int(n) for n in weight.shape) for weight in trained if weight.path.endswith("kernel")), ())
    return Layer(
        name=layer.name,
        kind=type(layer).__name__,
        shape=tuple(int(size) for size in _tensors(layer.output)[0].shape[1:]),
        parameters=sum(prod(int(side) for side in weight.shape) for weight in trained),
        kernel=kernel,
        stride=int(layer.strides[0]) if hasattr(layer, "strides") else 1,
        dilation=int(layer.dilation_rate[0]) if hasattr(layer, "dilation_rate") else 1,
        inputs=inputs,
    )
