"""Number formats of weights, by device."""

from __future__ import annotations

import torch


def best_dtype(device: str) -> torch.dtype:
    """Return bfloat16 where the device computes in it, else float32 on a CPU and float16 on a GPU.

    A CPU counts only with bfloat16 instructions (AVX-512 BF16 or AMX): without them bfloat16 is emulated and slower
    than float32, and float16 on a CPU is slower still.
    """
    if device == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    if device == "cpu" and _cpu_has_bfloat16():
        return torch.bfloat16
    return torch.float32


def _cpu_has_bfloat16() -> bool:
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))
