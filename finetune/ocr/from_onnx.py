"""Read the float weights of a recognizer or detector from its ONNX file, to resume training.

    model = RecognizerModel(len(CHARSET) + 1)
    load_onnx(model, Path("docagent/weights/recognizer.onnx"), torch.ones(1, 1, 32, 64))

The export folds batch norms into the convolutions before them and quantisation rounds weights
to 8 bits. Here integers become floats again and a batch norm becomes the identity with the
folded bias. Such a norm has no statistics of the data: keep it in evaluation mode while training
(``freeze_norms``); its scale and bias still learn.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from docagent.errors import ModelError

Array = NDArray[Any]
LINEAR = ("MatMul", "MatMulInteger", "Gemm", "Add")
GATES = (0, 2, 3, 1)
"""Where torch's LSTM gates (input, forget, cell, output) stand in ONNX (i, o, f, c)."""


def load_onnx(model: nn.Module, weights: Path, example: Tensor) -> None:
    """Fill ``model`` with the parameters of ``weights``, quantised or not.

    example: an input of the model, to see which norm follows which convolution. Raises
    ModelError if the file is missing or broken, or is not an export of such a model.
    """
    nodes, constants = _read_graph(weights)
    norms = _norms_after_convolutions(model, example)
    missing = {name for name, _ in model.named_parameters()}
    modules = dict(model.named_modules())
    try:
        for node in nodes:
            name = node_to_module(node.name)
            module = modules.get(name)
            values = [constants.get(i) for i in node.input]
            if module is None or not any(value is not None for value in values):
                continue
            if node.op_type == "MatMulInteger":
                values = [_float_matrix(node, constants)]
            filled = _fill(node, module, norms.get(name), values)
            missing -= {f"{name}.{key}" for key in filled}
            if name in norms:
                missing -= {f"{_name_of(modules, norms[name])}.{key}" for key in ("weight", "bias")}
    except (ValueError, RuntimeError, KeyError) as error:
        raise ModelError(
            f"{weights}: not an export of this {type(model).__name__} ({error}); "
            "export a checkpoint of the same version"
        ) from error
    if missing:
        raise ModelError(
            f"{weights}: {len(missing)} parameters of {type(model).__name__} are not in it, "
            f"{sorted(missing)[0]} first; give an export of the same version"
        )


def freeze_norms(model: nn.Module) -> None:
    """Put batch norms into evaluation mode; call after every ``model.train()``."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def restore_norms(model: nn.Module, inputs: Tensor) -> None:
    """Give folded batch norms the statistics of ``inputs`` without changing what the model does,
    so that it can be trained in training mode, and for long."""
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    seen: dict[nn.Module, Tensor] = {}

    def before(module: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        seen[module] = arguments[0].float()

    handles = [norm.register_forward_pre_hook(before) for norm in norms]
    was_training = model.training
    with torch.no_grad():
        model.eval()(inputs)
        for norm in norms:
            values = seen[norm].transpose(0, 1).flatten(1)
            mean, variance = values.mean(1), values.var(1)
            old = norm.weight / (norm.running_var + norm.eps).sqrt()
            offset = norm.bias - norm.running_mean * old
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(variance)
            norm.weight.copy_(old * (variance + norm.eps).sqrt())
            norm.bias.copy_(offset + mean * old)
    model.train(was_training)
    for handle in handles:
        handle.remove()


def node_to_module(node: str) -> str:
    """The module's name in its model from the name the export gave its node.

    ``/model/features/features.0/conv/Conv`` -> ``features.0.conv``: containers are named again
    in their children, and the wrapper of the export comes first.
    """
    parts: list[str] = []
    for part in node.strip("/").split("/")[1:-1]:
        if parts and part.startswith(parts[-1] + "."):
            parts[-1] = part
        else:
            parts.append(part)
    return ".".join(parts)


def _read_graph(weights: Path) -> tuple[list[Any], dict[str, Array]]:
    """The nodes, and all constants by name with integers made floats again."""
    import onnx
    from google.protobuf.message import DecodeError
    from onnx import numpy_helper

    if not weights.is_file():
        raise ModelError(f"{weights}: no such weights file; give an exported .onnx")
    try:
        graph = onnx.load(str(weights)).graph
    except DecodeError as error:
        raise ModelError(f"{weights}: not a usable ONNX model ({error})") from error
    constants = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and all(i in constants for i in node.input):
            axis = next((a.i for a in node.attribute if a.name == "axis"), 1)
            constants[node.output[0]] = dequantise(*(constants[i] for i in node.input), axis=axis)
    return list(graph.node), constants


def dequantise(values: Array, scale: Array, zero: Array | int = 0, axis: int = 1) -> Array:
    """(values - zero) * scale; scale and zero are scalars or run along ``axis``."""
    shape = [1] * values.ndim
    if np.size(scale) > 1:
        shape[axis] = -1
    shifted = values.astype(np.float32) - np.reshape(zero, shape).astype(np.float32)
    return np.asarray(shifted * np.reshape(scale, shape), np.float32)


def _norms_after_convolutions(model: nn.Module, example: Tensor) -> dict[str, nn.BatchNorm2d]:
    """The batch norm that each convolution's output goes to, by the convolution's name."""
    names = {module: name for name, module in model.named_modules()}
    made: dict[int, str] = {}
    pairs: dict[str, nn.BatchNorm2d] = {}
    outputs: list[Tensor] = []  # kept alive, so that no two have the same id

    def after(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if isinstance(module, nn.Conv2d):
            made[id(output)] = names[module]
            outputs.append(output)
        elif isinstance(module, nn.BatchNorm2d) and id(inputs[0]) in made:
            pairs[made[id(inputs[0])]] = module

    kinds = (nn.Conv2d, nn.BatchNorm2d)
    handles = [m.register_forward_hook(after) for m in names if isinstance(m, kinds)]
    was_training = model.training
    with torch.no_grad():
        model.eval()(example)
    model.train(was_training)
    for handle in handles:
        handle.remove()
    return pairs


def _name_of(modules: Mapping[str, nn.Module], wanted: nn.Module) -> str:
    return next(name for name, module in modules.items() if module is wanted)


def _fill(
    node: Any, module: nn.Module, norm: nn.BatchNorm2d | None, values: list[Array | None]
) -> list[str]:
    """Copy a node's constants into its module; the names of the parameters that got them."""
    if node.op_type == "Conv" and isinstance(module, nn.Conv2d):
        return _fill_convolution(module, norm, values)
    if node.op_type in ("LSTM", "DynamicQuantizeLSTM") and isinstance(module, nn.LSTM):
        number = node.name.removesuffix("_quant").rsplit("_", 1)[-1]
        if node.op_type != "LSTM":
            values = [None, *_float_gates(values), values[3]]
        return _fill_lstm(module, int(number) if number.isdigit() else 0, values)
    if isinstance(module, nn.Linear) and node.op_type in LINEAR:
        return _fill_linear(module, values)
    return []


def _fill_convolution(
    module: nn.Conv2d, norm: nn.BatchNorm2d | None, values: list[Array | None]
) -> list[str]:
    _copy(module.weight, values[1])
    bias = values[2] if len(values) > 2 else None
    if module.bias is not None:
        _copy(module.bias, bias)
        return ["weight", "bias"]
    if norm is None:
        raise ValueError("a convolution with neither bias nor norm")
    nn.init.zeros_(norm.running_mean)
    nn.init.ones_(norm.running_var)
    nn.init.constant_(norm.weight, (1 + norm.eps) ** 0.5)
    _copy(norm.bias, bias)
    return ["weight"]


def _fill_linear(module: nn.Linear, values: list[Array | None]) -> list[str]:
    filled = []
    for value in (v for v in values if v is not None):
        if value.ndim == 2:
            _copy(module.weight, value.T if value.shape != module.weight.shape else value)
            filled.append("weight")
        elif value.ndim == 1 and value.size:
            _copy(module.bias, value)
            filled.append("bias")
    return filled


def _float_gates(values: list[Array | None]) -> list[Array]:
    """Input and recurrent weights (directions, 4 * hidden, inputs) of a DynamicQuantizeLSTM,
    which holds them transposed, each with a scale and a zero point per gate."""
    found = []
    for weights, scale, zero in ((1, 8, 9), (2, 10, 11)):
        if len(values) <= zero:
            raise ValueError("a quantised LSTM without scales")
        whole, scales, zeros = values[weights], values[scale], values[zero]
        if whole is None or scales is None or zeros is None:
            raise ValueError("a quantised LSTM without constant weights")
        shift = zeros.astype(np.float32)[:, None, :]
        floats = (whole.astype(np.float32) - shift) * scales[:, None, :]
        found.append(np.ascontiguousarray(floats.transpose(0, 2, 1)))
    return found


def _float_matrix(node: Any, constants: Mapping[str, Array]) -> Array:
    """The weights (inputs, outputs) of a MatMulInteger, whose scales are multiplied later."""
    whole, zero = node.input[1], node.input[3]
    scale = constants[whole.removesuffix("_quantized") + "_scale"]
    return dequantise(constants[whole], scale, constants[zero], axis=1)


def _fill_lstm(module: nn.LSTM, layer: int, values: list[Array | None]) -> list[str]:
    inputs, recurrent, biases = values[1:4]
    if inputs is None or recurrent is None or biases is None:
        raise ValueError("an LSTM without constant weights")
    filled = []
    halves = np.split(biases, 2, axis=1)
    for direction, suffix in enumerate(("", "_reverse")[: len(inputs)]):
        parts = {
            "weight_ih": inputs[direction],
            "weight_hh": recurrent[direction],
            "bias_ih": halves[0][direction],
            "bias_hh": halves[1][direction],
        }
        for kind, value in parts.items():
            name = f"{kind}_l{layer}{suffix}"
            gates = np.split(value, 4)
            _copy(getattr(module, name), np.concatenate([gates[g] for g in GATES]))
            filled.append(name)
    return filled


def _copy(parameter: Tensor | None, value: Array | None) -> None:
    if parameter is None or value is None or tuple(parameter.shape) != value.shape:
        shapes = [None if x is None else tuple(x.shape) for x in (parameter, value)]
        raise ValueError(f"shape {shapes[0]} is wanted, {shapes[1]} is there")
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(np.array(value, np.float32)))
