"""Quantised linear layers: weights and inputs as 8-bit integers, on CPUs that multiply these faster than bfloat16."""

from __future__ import annotations

import ctypes
import mmap
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch

_ROWS = 128
"""Rows computed at once: what is made of them on the way then stays in the CPU's cache."""

_BLOCK = 1024
"""Rows of a weight matrix rounded at once, so that the whole of it is never held in 32 bits."""

_LEAST = 1e-12
"""Stands in for the largest number of a row of zeros."""


def pays(model: torch.nn.Module) -> bool:
    """Tell whether a model is wholly on a CPU with instructions for products of 8-bit integers (VNNI), but not AMX.

    With AMX, prompts are read faster in bfloat16 than by these layers.
    """
    capabilities = torch.cpu.get_capabilities()
    return (
        all(weights.device.type == "cpu" for weights in model.parameters())
        and "fbgemm" in torch.backends.quantized.supported_engines
        and bool(capabilities.get("avx512_vnni"))
        and not capabilities.get("amx_tile")
    )


def quantize(model: torch.nn.Module) -> None:
    """Put quantised layers in the place of all linear ones; each one's weights are let go as soon as it is done."""
    others = [module for module in model.modules() if type(module) is not torch.nn.Linear]
    kept = {weights.data_ptr() for module in others for weights in module.parameters(recurse=False)}

    def replace(name: str, linear: torch.nn.Linear) -> None:
        model.set_submodule(name, Int8Linear(linear))
        if linear.weight.data_ptr() not in kept:
            _release(linear.weight)

    with warnings.catch_warnings(), ThreadPoolExecutor(torch.get_num_threads()) as pool:  # packing uses one core only
        warnings.simplefilter("ignore", UserWarning)  # the type in which packing takes weights goes in a later torch
        linear = {name: module for name, module in model.named_modules() if type(module) is torch.nn.Linear}
        list(pool.map(replace, linear, linear.values()))


def _release(weights: torch.Tensor) -> None:
    """Give back the memory of weights that nothing uses any more: the file behind them stays mapped with the others."""
    if sys.platform == "linux":
        start = -(-weights.data_ptr() // mmap.PAGESIZE) * mmap.PAGESIZE
        size = (weights.data_ptr() + weights.nbytes - start) // mmap.PAGESIZE * mmap.PAGESIZE
        if size > 0:
            ctypes.CDLL(None).madvise(ctypes.c_void_p(start), ctypes.c_size_t(size), mmap.MADV_DONTNEED)


class Int8Linear(torch.nn.Module):
    """A linear layer in 8 bits. Weights have a scale for each output, inputs one for each row, found as they come.

    Rows do not share a scale, because a few tokens of a prompt have numbers far larger than the others' (Dettmers et
    al., "LLM.int8()", 2022).
    """

    def __init__(self, linear: torch.nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        weights = linear.weight.detach()
        rounded = torch.empty(weights.shape, dtype=torch.int8)
        scales = torch.empty(self.out_features, dtype=torch.double)
        for start in range(0, self.out_features, _BLOCK):
            block = weights[start : start + _BLOCK].float()
            largest = block.abs().amax(dim=1).clamp_min_(_LEAST)
            rounded[start : start + _BLOCK] = (block * (127 / largest[:, None])).round_()
            scales[start : start + _BLOCK] = largest / 127
        zero_points = torch.zeros(self.out_features, dtype=torch.long)
        typed = torch._make_per_channel_quantized_tensor(rounded, scales, zero_points, 0)
        self._packed: Any = torch.ops.quantized.linear_prepack(typed, None)
        self._bias = None if linear.bias is None else linear.bias.detach().float()

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the layer's outputs in the number format of its inputs."""
        rows = inputs.reshape(-1, self.in_features)
        outputs = torch.cat([self._outputs(some) for some in torch.split(rows, _ROWS)])
        return outputs.view(*inputs.shape[:-1], self.out_features)

    def _outputs(self, rows: torch.Tensor) -> torch.Tensor:
        numbers = rows.float()
        largest = numbers.abs().amax(dim=1, keepdim=True).clamp_min_(_LEAST)
        products: torch.Tensor = torch.ops.quantized.linear_dynamic(numbers / largest, self._packed)
        outputs = products.mul_(largest)
        return (outputs if self._bias is None else outputs.add_(self._bias)).to(rows.dtype)
