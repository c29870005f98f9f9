"""Devices and number formats: where both models run, how many bits a weight has there, and what would be faster."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from assistant.errors import ModelError, UsageError
from assistant.settings import Quantize

SPARE = 2_000_000_000
"""Bytes that a chat model needs beside its weights: prompts that were read, what a pass computes, the embedder."""

_SHARE = {16: 1.0, 8: 0.6, 4: 0.4}
"""What is left of the weights at so many bits: the table of words stays in 16."""

_GPUS = ("cuda", "xpu", "mps")
_DRIVERS = {"cuda": ("/proc/driver/nvidia/version", "/dev/kfd")}
_NAMES = {"cuda": "GPU", "xpu": "Intel GPU (XPU)", "mps": "Apple GPU (MPS)", "cpu": "CPU"}


@dataclass(frozen=True, slots=True)
class Device:
    """Where a model runs: `name` as PyTorch writes it, and the number format that is best there.

    `memory` is in bytes, of all GPUs of the kind together unless one was named, and 0 on a CPU; `reasons` say why, in
    sentences. `is_spread` tells that parts may lie on several GPUs and, where those are full, on the CPU.
    """

    name: str
    dtype: torch.dtype
    memory: int = 0
    reasons: tuple[str, ...] = ()
    is_spread: bool = False

    @property
    def kind(self) -> str:
        """Return cuda, xpu, mps or cpu."""
        return self.name.partition(":")[0]

    @property
    def format(self) -> str:
        """Return the number format's name."""
        return _name(self.dtype)

    def holds(self, size: int, bits: int = 16) -> bool:
        """Tell whether a GPU's memory holds a model whose weights take `size` bytes in 16 bits, and works on it."""
        return size * _SHARE[bits] + SPARE <= self.memory

    def bits(self, quantize: Quantize, size: int) -> int:
        """Return the bits of the weights there: 16, 8 or 4; with `auto` as many as the memory holds.

        On a CPU they stay 16 but where 4 are asked for: 8 bits only write answers there (`quantized`).
        """
        if quantize == "auto" and self.kind != "cpu":
            return next((bits for bits in (16, 8) if self.holds(size, bits)), 4)
        return 4 if quantize == "4" else 8 if quantize == "8" and self.kind != "cpu" else 16


def choose(wanted: str = "auto", *, for_one: bool = False) -> Device:
    """Return the device for a model: the one that is wanted (cpu, cuda, cuda:1, mps, xpu), else the best that works.

    `for_one` gives a model that is not spread over GPUs the one with the most free memory. Raises UsageError for a
    device that is not there or cannot compute.
    """
    kind, _, number = wanted.partition(":")
    reasons: list[str] = []
    for each in _GPUS if wanted == "auto" else [kind] if kind in _GPUS else []:
        count = _count(each)
        if not count:
            reasons += [reason] if (reason := _missing(each)) else []
            continue
        if number and not (number.isdecimal() and int(number) < count):
            raise UsageError(f"There is no device {wanted}: {_listed()}. Choose one of these with --device, or auto.")
        places = [f"{each}:{number}"] if number else [each] if count == 1 else [f"{each}:{n}" for n in range(count)]
        formats = {place: _gpu_format(place) for place in places}
        broken = [place for place, found in formats.items() if found is None]
        usable = [place for place in places if place not in broken]
        reasons += [f"{place} is there, but this PyTorch cannot compute on it." for place in broken]
        if usable:
            dtype = _weakest([formats[place] for place in usable])
            chosen = max(usable, key=_free) if for_one and len(usable) > 1 else usable[0]
            is_spread = not number and not for_one and each != "mps" and not broken
            name = each if is_spread else chosen
            memory = sum(map(_memory, usable if is_spread else [chosen]))
            said = f"{_NAMES[each]} {name} with {memory / 1e9:.0f} GB{' together' if is_spread and count > 1 else ''}."
            return Device(name, dtype, memory, (said, *reasons, _on_format(each, dtype)), is_spread)
    if wanted in ("auto", "cpu"):
        dtype = torch.bfloat16 if _cpu_has_bfloat16() else torch.float32
        return Device("cpu", dtype, 0, ("A CPU.", *reasons, _on_format("cpu", dtype)))
    raise UsageError(
        " ".join([f"There is no device {wanted} to compute on: {_listed()}.", *reasons, "Choose another --device."])
    )


def faster(device: Device, size: int, quantize: Quantize, *, large: int = 0) -> list[str]:
    """Say what would be faster or better for a chat model of `size` bytes; `large` is the size of the larger default.

    A `large` of 0 stands for a model that was named, or is the larger one already.
    """
    said = []
    if device.kind == "cpu":
        said.append(f"A GPU with {(size + SPARE) / 1e9:.0f} GB would be many times faster with this model.")
        if device.bits(quantize, size) == 4:
            said.append("Without --quantize 4 this CPU would be faster; it takes less memory, no less time.")
        if quantize == "no" and torch.cpu.get_capabilities().get("avx512_vnni"):
            said.append(
                "--quantize 8 would write answers faster on this CPU (8-bit integers); prompts are read as now."
            )
        return said
    if not device.holds(size, device.bits(quantize, size)):
        fitting = next((bits for bits in (8, 4) if device.holds(size, bits)), 0)
        said.append(
            f"The memory of {device.name} does not hold this model, so that a part of it runs from the CPU's: "
            + (f"--quantize {fitting} would fit." if fitting else "a smaller model would be faster.")
        )
    if large and not device.holds(large, device.bits(quantize, large)):
        fitting = next((bits for bits in (8, 4) if device.holds(large, bits)), 0)
        if fitting:
            said.append(f"The larger default model would fit with --quantize {fitting}.")
    return said


def placing(device: Device, bits: int) -> dict[str, Any]:
    """Return how transformers is to load a model there. Raises ModelError where what it takes is not installed."""
    is_on_one = bits < 16 and _count(device.kind) < 2
    options: dict[str, Any] = {
        "dtype": device.dtype,
        "device_map": "auto" if device.is_spread and not is_on_one else {"": device.name},
    }
    if bits == 16:
        return options
    if not importlib.util.find_spec("bitsandbytes"):
        raise ModelError(
            f"Weights in {bits} bits on {device.name} need bitsandbytes. Install it with "
            "`pip install 'abstract-assistant[quantized]'`, or leave out --quantize."
        )
    from transformers import BitsAndBytesConfig

    config: Any = BitsAndBytesConfig

    options["quantization_config"] = (
        config(load_in_8bit=True)
        if bits == 8
        else config(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_compute_dtype=device.dtype,
            bnb_4bit_use_double_quant=True,
        )
    )
    return options


def weights_size(model: str) -> int:
    """Return the bytes of the weights in a folder; 0 for a model of the hub, whose size is not known before."""
    return sum(file.stat().st_size for file in Path(model).glob("*.safetensors"))


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error says that a device's memory is full: PyTorch has a class of its own for some devices."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "out of memory" in str(error).lower()


def give_memory_back() -> None:
    """Give memory that nothing refers to any more back to the devices."""
    for kind in _GPUS:
        if _count(kind):
            getattr(torch, kind).empty_cache()


def _count(kind: str) -> int:
    if kind == "mps":
        return int(torch.backends.mps.is_available())
    library = getattr(torch, kind, None)
    return int(library.device_count()) if library and library.is_available() else 0


def _listed() -> str:
    """Name the devices that are here."""
    gpus = [place for kind in _GPUS for place in _places(kind)]
    return "here " + ("is cpu alone" if not gpus else f"are {', '.join(['cpu', *gpus])}")


def _places(kind: str) -> Iterator[str]:
    count = _count(kind)
    yield from [kind] if count == 1 else (f"{kind}:{number}" for number in range(count))


def _missing(kind: str) -> str:
    """Say why a GPU whose driver is here is not seen; "" where there is none."""
    if not any(Path(file).exists() for file in _DRIVERS.get(kind, ())):
        return ""
    built = torch.version.cuda or torch.version.hip
    return (
        "There is a GPU with its driver, but PyTorch does not see it: is it kept from this program?"
        if built
        else f"There is a GPU with its driver, but this PyTorch ({torch.__version__}) was built for the CPU alone: "
        "install the one for the GPU (pytorch.org/get-started)."
    )


def _index(place: str) -> int:
    return int(place.partition(":")[2] or 0)


def _memory(place: str) -> int:
    """Return the bytes of a GPU's memory that a program may take."""
    kind = place.partition(":")[0]
    if kind == "mps":
        return int(torch.mps.recommended_max_memory())
    return int(getattr(torch, kind).get_device_properties(_index(place)).total_memory)


def _free(place: str) -> int:
    """Return the bytes of a GPU's memory that are free just now."""
    kind = place.partition(":")[0]
    try:
        return int(getattr(torch, kind).mem_get_info(_index(place))[0])
    except (RuntimeError, AttributeError):  # some drivers do not tell
        return 0


def _gpu_format(place: str) -> torch.dtype | None:
    """Return the best number format in which a GPU computes; None where it cannot compute.

    float16 comes last: its largest number is 65,504, and values inside a model may be larger (E40 in
    docs/experiments).
    """
    kind = place.partition(":")[0]
    library = getattr(torch, kind)
    with library.device(_index(place)) if kind != "mps" else nullcontext():
        has_bfloat16 = kind == "mps" or library.is_bf16_supported(including_emulation=False)
        formats = (torch.bfloat16, torch.float16, torch.float32) if has_bfloat16 else (torch.float16, torch.float32)
        return next((dtype for dtype in formats if _computes(place, dtype)), None)


def _computes(place: str, dtype: torch.dtype) -> bool:
    """Try a product: a driver or a build that is too old fails at the first."""
    try:
        square = torch.ones(2, 2, device=place, dtype=dtype)
        return bool((square @ square).sum().item() == 8)
    except (RuntimeError, TypeError, AssertionError):
        return False


def _weakest(formats: Sequence[torch.dtype | None]) -> torch.dtype:
    return next(dtype for dtype in (torch.float32, torch.float16, torch.bfloat16) if dtype in formats)


def _on_format(kind: str, dtype: torch.dtype) -> str:
    if kind != "cpu":
        return "It computes in bfloat16." if dtype == torch.bfloat16 else f"It lacks bfloat16, so {_name(dtype)}."
    if dtype == torch.bfloat16:
        return "It has instructions for bfloat16, so bfloat16."
    return "It lacks instructions for bfloat16 (AVX-512 BF16, AMX), so float32: slower, and twice the memory."


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _cpu_has_bfloat16() -> bool:
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))
