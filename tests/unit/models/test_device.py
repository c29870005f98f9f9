"""Which number format a device computes in."""

import pytest
import torch

from assistant.models.device import best_dtype


@pytest.mark.parametrize(
    ("capabilities", "dtype"),
    [
        ({}, torch.float32),
        ({"avx512_bf16": False, "avx512_f": True}, torch.float32),
        ({"avx512_bf16": True}, torch.bfloat16),
        ({"amx_bf16": True}, torch.bfloat16),
    ],
)
def test_a_cpu_computes_in_bfloat16_only_with_instructions_for_it(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], dtype: torch.dtype
) -> None:
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: capabilities)
    assert best_dtype("cpu") is dtype


@pytest.mark.parametrize(("supported", "dtype"), [(True, torch.bfloat16), (False, torch.float16)])
def test_an_older_gpu_computes_in_float16(monkeypatch: pytest.MonkeyPatch, supported: bool, dtype: torch.dtype) -> None:
    monkeypatch.setattr("torch.cuda.is_bf16_supported", lambda *, including_emulation: supported)
    assert best_dtype("cuda") is dtype
