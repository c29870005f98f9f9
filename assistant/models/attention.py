"""Attention of a few new tokens to the many before them, on a CPU."""

from __future__ import annotations

from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

_NAME = "sdpa_grouped"
_FEW = 64
"""New tokens from which nothing is gained."""


def use_grouped(model: Any) -> None:
    """Have a model that attends by PyTorch's own attention on a CPU read each key once for all heads that share it.

    Left to itself, PyTorch takes ten times as long for one token where several heads share keys, as of version 2.13.
    """
    if model.config._attn_implementation == "sdpa" and model.device.type == "cpu":
        AttentionInterface.register(_NAME, _grouped)
        AttentionMaskInterface.register(_NAME, sdpa_mask)
        model.set_attn_implementation(_NAME)


def _grouped(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    **others: Any,
) -> tuple[torch.Tensor, None]:
    """Take the heads that share keys for further tokens of one head."""
    batch, heads, tokens, width = query.shape
    shared = heads // key.shape[1]
    is_causal = tokens > 1 and attention_mask is None
    has_one_mask = attention_mask is None or attention_mask.shape[1] == 1
    is_plain = has_one_mask and not is_causal and others.get("position_bias") is None and not others.get("softcap")
    if shared == 1 or tokens > _FEW or not is_plain or module.training:
        return sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **others)
    attended = torch.nn.functional.scaled_dot_product_attention(
        query.reshape(batch, key.shape[1], shared * tokens, width),
        key,
        value,
        None if attention_mask is None else attention_mask.repeat(1, 1, shared, 1),
        scale=scaling,
    )
    return attended.view(batch, heads, tokens, value.shape[-1]).transpose(1, 2).contiguous(), None
