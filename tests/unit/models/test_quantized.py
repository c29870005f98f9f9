"""Quantised layers: near the exact ones, used for few rows while an answer is written, and nowhere else."""

import threading
from pathlib import Path

import pytest
import torch

from assistant import settings, wiring
from assistant.diagnosis import model_check
from assistant.models import chat_model, quantized
from assistant.models.chat_model import TransformersModel
from assistant.settings import Quantize
from assistant.types import Message
from tests.tiny_models import tiny_chat_model

PROMPT = (Message("system", "You answer questions."), Message("user", "What is a beam?"))

pytestmark = pytest.mark.skipif(
    not torch.cpu.get_capabilities().get("avx512_vnni"), reason="this CPU has no products of 8-bit integers"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_chat_model(tmp_path_factory.mktemp("chat"))


def outputs(linear: torch.nn.Linear, inputs: torch.Tensor) -> torch.Tensor:
    model = torch.nn.ModuleDict({"one": linear})
    with quantized.Quantized(model).writing():
        given: torch.Tensor = model["one"](inputs)
    return given


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("rows", [1, 4])
@pytest.mark.parametrize("bias", [True, False])
@torch.inference_mode()
def test_few_rows_come_out_nearly_the_same(dtype: torch.dtype, rows: int, bias: bool) -> None:
    linear = torch.nn.Linear(96, 1100, bias=bias).to(dtype)
    inputs = torch.randn(2, rows, 96).to(dtype)
    before = inputs.clone()
    expected, given = linear(inputs), outputs(linear, inputs)
    assert torch.equal(inputs, before)
    assert (given.dtype, given.shape) == (expected.dtype, expected.shape)
    assert 0 < float((given - expected).float().norm() / expected.float().norm()) < 0.02


@torch.inference_mode()
def test_many_rows_and_what_is_only_read_come_out_exactly() -> None:
    linear = torch.nn.Linear(96, 1100)
    few, many = torch.randn(8, 96), torch.randn(9, 96)
    assert torch.equal(outputs(linear, many), linear(many))
    model = torch.nn.ModuleDict({"one": linear})
    quantized.Quantized(model)
    assert torch.equal(model["one"](few), linear(few))


@torch.inference_mode()
def test_a_row_of_large_numbers_costs_the_others_nothing() -> None:
    linear, inputs = torch.nn.Linear(96, 1100), torch.randn(8, 96)
    inputs[0] *= 10_000
    inputs[1] = 0
    assert torch.allclose(outputs(linear, inputs)[1:], linear(inputs)[1:], atol=0.05)


@pytest.mark.parametrize(("capabilities", "pays"), [({"avx512_bf16": True}, False), ({"avx512_vnni": True}, True)])
def test_it_pays_on_a_cpu_with_8_bit_instructions(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], pays: bool
) -> None:
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: capabilities)
    assert quantized.pays(torch.nn.Linear(2, 2)) is pays
    assert not quantized.pays(torch.nn.Linear(2, 2, device="meta"))


def test_a_chat_model_writes_in_8_bits_and_reads_as_before(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_model, "pays", lambda _model: True)
    plain, model, stop = (
        TransformersModel(str(folder)),
        TransformersModel(str(folder), quantize="8"),
        threading.Event(),
    )
    assert model.fingerprint == plain.fingerprint
    rows: list[int] = []
    usual = torch.ops.quantized.linear_dynamic

    def counted(inputs: torch.Tensor, packed: object) -> torch.Tensor:
        rows.append(inputs.numel() // inputs.shape[-1])
        given: torch.Tensor = usual(inputs, packed)
        return given

    monkeypatch.setattr(torch.ops.quantized, "linear_dynamic", counted)
    readings = [each.read(PROMPT, answers=("Yes",), layers=(2,), stop=stop) for each in (plain, model)]
    assert readings[0] is not None
    assert readings[1] is not None
    assert readings[0].answers == readings[1].answers
    assert not rows
    assert "".join(model.generate(PROMPT, max_new_tokens=12, stop=stop))
    assert set(rows) <= set(range(1, 9))
    assert rows
    rows.clear()
    assert dict(model.write_all([PROMPT, PROMPT], max_new_tokens=4, stop=stop))
    assert rows


@pytest.mark.parametrize("quantize", ["8", "auto", "no"])
def test_the_setting_decides_and_the_check_says_so(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quantize: Quantize
) -> None:
    monkeypatch.setattr(chat_model, "pays", lambda _model: True)
    monkeypatch.setattr(
        "assistant.models.embedder.TransformerEmbedder", lambda *_, **__: TransformersModel(str(folder))
    )
    chosen = settings.load(models=tmp_path, model=str(folder), embedder=str(folder), quantize=quantize)
    assert ("int8" in wiring.load_language_model(chosen).info.dtype) is (quantize != "no")
    assert ("int8" in model_check.check_models(chosen)[0]["dtype"]) is (quantize != "no")
