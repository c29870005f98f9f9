"""Quantised layers: near the layers that they replace, row by row, and used where a CPU is faster with them."""

from pathlib import Path

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from assistant.models import quantized
from assistant.models.chat_model import TransformersModel
from tests.tiny_models import tiny_chat_model

VNNI = {"avx512_vnni": True, "avx512_bf16": True}

needs_vnni = pytest.mark.skipif(
    not torch.cpu.get_capabilities().get("avx512_vnni"), reason="this CPU has no products of 8-bit integers"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_chat_model(tmp_path_factory.mktemp("chat"))


def a_linear_layer(*, bias: bool = True) -> torch.nn.Linear:
    torch.manual_seed(0)
    return torch.nn.Linear(96, 1100, bias=bias)


@needs_vnni
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("rows", [1, 11, 300])
@pytest.mark.parametrize("bias", [True, False])
@torch.inference_mode()
def test_a_quantised_layer_gives_nearly_the_same(dtype: torch.dtype, rows: int, bias: bool) -> None:
    linear = a_linear_layer(bias=bias).to(dtype)
    inputs = torch.randn(2, rows, 96).to(dtype)
    before = inputs.clone()
    expected, given = linear(inputs), quantized.Int8Linear(linear)(inputs)
    assert torch.equal(inputs, before)
    assert (given.dtype, given.shape) == (expected.dtype, expected.shape)
    assert float((given - expected).float().norm() / expected.float().norm()) < 0.02


@needs_vnni
@torch.inference_mode()
def test_a_row_of_large_numbers_costs_the_others_nothing() -> None:
    layer = quantized.Int8Linear(a_linear_layer())
    inputs = torch.randn(8, 96)
    alone = layer(inputs)
    inputs[0] *= 10_000
    inputs[1] = 0
    together = layer(inputs)
    assert torch.allclose(together[2:], alone[2:], atol=0.02)
    assert torch.isfinite(together).all()


@pytest.mark.parametrize(
    ("capabilities", "pays"),
    [({}, False), ({"avx512_bf16": True}, False), (VNNI, True), ({**VNNI, "amx_tile": True}, False)],
)
def test_quantising_pays_with_8_bit_instructions_but_not_beside_a_matrix_unit(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], pays: bool
) -> None:
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: capabilities)
    assert quantized.pays(a_linear_layer()) is pays
    assert not quantized.pays(a_linear_layer().to("meta"))


@needs_vnni
def test_a_chat_model_is_quantised_where_it_pays_and_stays_known_by_its_fingerprint(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.models.quantized.pays", lambda _model: False)
    plain = TransformersModel(str(folder), quantize=True)
    monkeypatch.setattr("assistant.models.quantized.pays", lambda _model: True)
    asked, unasked = TransformersModel(str(folder), quantize=True), TransformersModel(str(folder))
    assert [model.dtype == "int8" for model in (plain, asked, unasked)] == [False, True, False]
    kinds = {type(module) for module in asked._model.modules()}
    assert quantized.Int8Linear in kinds
    assert torch.nn.Linear not in kinds
    assert asked.fingerprint == unasked.fingerprint


@needs_vnni
@torch.inference_mode()
def test_weights_that_another_layer_uses_too_are_kept() -> None:
    shape = {"hidden_size": 64, "intermediate_size": 64, "num_attention_heads": 4, "num_hidden_layers": 1}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=2000, tie_word_embeddings=True, **shape)).eval()
    tokens = torch.arange(50)[None]
    before, embedding = model(tokens).logits, model.get_input_embeddings().weight.clone()
    quantized.quantize(model)
    assert torch.equal(model.get_input_embeddings().weight, embedding)
    assert float((model(tokens).logits - before).norm() / before.norm()) < 0.05
