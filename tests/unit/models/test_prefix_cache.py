"""Caches of prompts: which are taken up, cut, shared, and dropped."""

from __future__ import annotations

import torch
from transformers import DynamicCache, LlamaConfig, MistralConfig

from assistant.models.prefix_cache import Prefixes

CONFIG = LlamaConfig(num_hidden_layers=1, hidden_size=8, num_attention_heads=1, num_key_value_heads=1)
BYTES = 2 * 8 * 4
"""Bytes of the keys and values of one token."""


def cache_of(count: int, config: LlamaConfig | MistralConfig = CONFIG) -> DynamicCache:
    cache = DynamicCache(config=config)
    cache.update(torch.zeros(1, 1, count, 8), torch.zeros(1, 1, count, 8), 0)
    return cache


def test_what_is_taken_stays_stored_as_it_is_also_where_it_is_read_on() -> None:
    prefixes, first = Prefixes(CONFIG), list(range(300))
    prefixes.store(first, cache_of(300))
    other = prefixes.take([*first[:40], *range(1000, 1100)])
    assert (len(other.tokens), other.cache.get_seq_length()) == (40, 40)
    other.cache.update(torch.ones(1, 1, 100, 8), torch.ones(1, 1, 100, 8), 0)
    again = prefixes.take([*first[:290], 7, 8])
    assert (len(again.tokens), again.cache.get_seq_length()) == (290, 290)
    assert not again.cache.layers[0].keys.any()
    assert prefixes.take(first).tokens == first[:299]


def test_some_tokens_are_left_to_read_and_short_beginnings_are_not_used() -> None:
    prefixes, tokens = Prefixes(CONFIG), list(range(100))
    prefixes.store(tokens, cache_of(100))
    assert prefixes.take([*tokens[:20], *range(500, 600)]).tokens == []
    assert prefixes.take(tokens, unread=30).tokens == tokens[:70]


def test_a_prompt_takes_the_place_of_one_that_parts_near_its_end_only() -> None:
    prefixes, first = Prefixes(CONFIG, room=1000 * BYTES), list(range(400))
    prefixes.store(first, cache_of(400))
    prefixes.store([*first[:300], *range(1000, 1100)], cache_of(400))  # 400 tokens stand for both
    prefixes.store([*first[:50], *range(2000, 2350)], cache_of(400))
    assert prefixes.take(first).tokens == first[:300]
    assert len(prefixes.take([*first[:50], *range(2000, 2350)]).tokens) == 399


def test_the_prompt_used_longest_ago_is_dropped_for_room() -> None:
    prefixes = Prefixes(CONFIG, room=200 * BYTES)
    prompts = [list(range(start, start + 50)) for start in range(0, 500, 100)]
    for tokens in prompts[:4]:
        prefixes.store(tokens, cache_of(50))
    prefixes.take(prompts[0])
    prefixes.store(prompts[4], cache_of(50))
    assert [len(prefixes.take(tokens).tokens) for tokens in prompts] == [49, 0, 49, 49, 49]


def test_the_last_prompt_is_stored_where_it_alone_is_too_large() -> None:
    prefixes = Prefixes(CONFIG, room=10 * BYTES)
    prefixes.store(list(range(50)), cache_of(50))
    assert len(prefixes.take(list(range(50))).tokens) == 49


def test_a_sliding_window_is_not_stored() -> None:
    config = MistralConfig(
        num_hidden_layers=1, hidden_size=8, num_attention_heads=1, num_key_value_heads=1, sliding_window=16
    )
    prefixes = Prefixes(config)
    prefixes.store(list(range(50)), cache_of(50, config))
    assert prefixes.take(list(range(50))).tokens == []


def test_of_a_pass_that_was_left_early_only_what_every_layer_holds_is_stored() -> None:
    config = LlamaConfig(num_hidden_layers=2, hidden_size=8, num_attention_heads=1, num_key_value_heads=1)
    prefixes, left, tokens = Prefixes(config), DynamicCache(config=config), list(range(100))
    prefixes.store(tokens, left)
    assert prefixes.take(tokens).tokens == []
    for layer, count in ((0, 90), (1, 40)):
        left.update(torch.zeros(1, 1, count, 8), torch.zeros(1, 1, count, 8), layer)
    prefixes.store(tokens, left)
    taken = prefixes.take(tokens)
    assert taken.tokens == tokens[:40]
    assert [layer.get_seq_length() for layer in taken.cache.layers] == [40, 40]
