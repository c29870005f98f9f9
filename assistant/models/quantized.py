"""Quantised linear layers: 8-bit integers for the few tokens at a time in which an answer is written, on a CPU."""

from __future__ import annotations

import ctypes
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import torch

_FEW = 8
"""Most rows computed in 8 bits: a token and those drafted after it, or a token of each answer of a batch."""

_BLOCK = 1024
"""Rows of a weight matrix rounded at once, so that the whole of it is never held in 32 bits."""

_LEAST = 1e-12
"""Stands in for the largest number of a row of zeros."""


def pays(model: torch.nn.Module) -> bool:
    """Tell whether a model is wholly on a CPU, and that has instructions for products of 8-bit integers (VNNI)."""
    return (
        all(weights.device.type == "cpu" for weights in model.parameters())
        and "fbgemm" in torch.backends.quantized.supported_engines
        and bool(torch.cpu.get_capabilities().get("avx512_vnni"))
    )


class Quantized:
    """A model with the weights of its linear layers a second time, as 8-bit integers, used only inside `writing`.

    Reading each weight from memory is what a token costs: half the bytes are half the time. A prompt, whose tokens are
    read together, costs the products, which gain less and would lose the precision by which judgements are made.
    """

    def __init__(self, model: torch.nn.Module) -> None:
        self.is_writing = False
        linear = {name: module for name, module in model.named_modules() if type(module) is torch.nn.Linear}
        with warnings.catch_warnings(), ThreadPoolExecutor(torch.get_num_threads()) as pool:  # packing uses one core
            warnings.simplefilter(
                "ignore", UserWarning
            )  # the type in which packing takes weights goes in a later torch
            list(pool.map(lambda name: model.set_submodule(name, Int8Linear(linear[name], self)), linear))
        if sys.platform == "linux":
            ctypes.CDLL(None).malloc_trim(0)  # what rounding used on the way goes back to the system

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Compute few rows in 8 bits."""
        self.is_writing = True
        try:
            yield
        finally:
            self.is_writing = False


class Int8Linear(torch.nn.Module):
    """A linear layer and itself in 8 bits. Weights have a scale for each output, inputs one found as they come.

    A few tokens have numbers far larger than the others' (Dettmers et al., "LLM.int8()", 2022): each row is brought to
    one range first.
    """

    def __init__(self, linear: torch.nn.Linear, model: Quantized) -> None:
        super().__init__()
        self.exact = linear
        self._model = model
        weights = linear.weight.detach()
        rounded = torch.empty(weights.shape, dtype=torch.int8)
        scales = torch.empty(linear.out_features, dtype=torch.double)
        for start in range(0, linear.out_features, _BLOCK):
            block = weights[start : start + _BLOCK].float()
            largest = block.abs().amax(dim=1).clamp_min_(_LEAST)
            rounded[start : start + _BLOCK] = (block * (127 / largest[:, None])).round_()
            scales[start : start + _BLOCK] = largest / 127
        zero_points = torch.zeros(linear.out_features, dtype=torch.long)
        typed = torch._make_per_channel_quantized_tensor(rounded, scales, zero_points, 0)
        self._packed: Any = torch.ops.quantized.linear_prepack(typed, None)
        self._bias = None if linear.bias is None else linear.bias.detach().float()

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the layer's outputs in the number format of its inputs."""
        if not self._model.is_writing or inputs.numel() > _FEW * self.exact.in_features:
            outputs: torch.Tensor = self.exact(inputs)
            return outputs
        numbers = inputs.float()
        largest = numbers.abs().amax(dim=-1, keepdim=True).clamp_min_(_LEAST)
        outputs = torch.ops.quantized.linear_dynamic(numbers / largest, self._packed).mul_(largest)
        return (outputs if self._bias is None else outputs.add_(self._bias)).to(inputs.dtype)
