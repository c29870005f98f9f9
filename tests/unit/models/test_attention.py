"""Attention of a few tokens: the same as PyTorch's own, head by head."""

import pytest
import torch
from transformers import DynamicCache, LlamaConfig, LlamaForCausalLM

from assistant.models import attention


@pytest.fixture(scope="module")
def model() -> LlamaForCausalLM:
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "intermediate_size": 32, "num_attention_heads": 4, "num_key_value_heads": 2}
    return LlamaForCausalLM(LlamaConfig(vocab_size=50, num_hidden_layers=2, **shape)).eval()


@pytest.mark.parametrize("tokens", [1, 5, 80])
@pytest.mark.parametrize("padded", [False, True])
@torch.inference_mode()
def test_grouped_heads_attend_as_single_ones(
    model: LlamaForCausalLM, tokens: int, padded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, new = torch.randint(0, 50, (2, 20)), torch.randint(0, 50, (2, tokens))
    mask = torch.ones(2, 20 + tokens, dtype=torch.long)
    mask[0, :7] = int(not padded)

    def logits() -> torch.Tensor:
        cache = DynamicCache(config=model.config)
        model(known, attention_mask=mask[:, :20], cache=cache, use_cache=True)
        outputs: torch.Tensor = model(new, attention_mask=mask, cache=cache, use_cache=True).logits
        return outputs

    model.set_attn_implementation("sdpa")
    expected = logits()
    attention.use_grouped(model)
    passed_on: list[int] = []
    usual = attention.sdpa_attention_forward

    def counted(module: torch.nn.Module, query: torch.Tensor, *others: object, **named: object) -> object:
        passed_on.append(query.shape[2])
        return usual(module, query, *others, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(attention, "sdpa_attention_forward", counted)
    assert torch.allclose(logits(), expected, atol=1e-5)
    assert (tokens in passed_on) is (tokens > 64)


def test_another_implementation_stays(model: LlamaForCausalLM) -> None:
    model.set_attn_implementation("eager")
    attention.use_grouped(model)
    assert model.config._attn_implementation == "eager"
