"""Key/value caches of prompts read before, for prompts with the same beginning."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from transformers import DynamicCache

_ROOM = 256 * 2**20
"""Bytes of keys and values that are kept: with the default model about 25 abstracts of 360 tokens, 28 kB a token."""

_LARGEST_LOSS = 64
"""Tokens at the end of a stored prompt that are given up for a longer one with the same beginning."""

_FEWEST = 24
"""Tokens in common from which a stored prompt is used: the chat template alone begins every one."""


@dataclass(slots=True)
class Prefix:
    """A prompt that was read: its tokens, and the keys and values of them."""

    tokens: list[int]
    cache: Any


class Prefixes:
    """The prompts that a model read last, as many as `room` bytes hold. One reader at a time."""

    def __init__(self, config: Any, room: int = _ROOM) -> None:
        self._config = config
        self._room = room
        self._stored: list[Prefix] = []

    def take(self, tokens: Sequence[int], unread: int = 1) -> Prefix:
        """Return what is stored of the beginning of a prompt, or nothing of it; what is stored stays as it is.

        At least `unread` tokens of the prompt are left to read.
        """
        shared = [(_in_common(prefix.tokens, tokens[: len(tokens) - unread]), prefix) for prefix in self._stored]
        longest, chosen = max(shared, key=lambda pair: pair[0], default=(0, None))
        if chosen is None or longest < _FEWEST:
            return Prefix([], DynamicCache(config=self._config))
        self._stored.remove(chosen)
        self._stored.append(chosen)
        cache = copy.copy(chosen.cache)  # layers grow and are cut by new tensors: the old ones can be shared
        cache.layers = [copy.copy(layer) for layer in cache.layers]
        cache.crop(longest - len(chosen.tokens))
        return Prefix(chosen.tokens[:longest], cache)

    def store(self, tokens: Sequence[int], cache: Any) -> None:
        """Store what was read, the first of `tokens` that every layer holds.

        It takes the place of prompts that it begins with but for their end; then those used longest ago go, until the
        rest has room. A recurrent state and a sliding window are not stored: they cannot go back to where two prompts
        part.
        """
        if not cache.is_croppable or any(cache.is_sliding):
            return
        held = min(len(tokens), *(layer.get_seq_length() for layer in cache.layers))
        if held < _FEWEST:
            return
        for layer in cache.layers:  # a pass that was left early ends in some layer
            layer.crop(held - layer.get_seq_length())
        new = Prefix(list(tokens[:held]), cache)
        kept = [prefix for prefix in self._stored if not _stands_for(new, prefix)]
        while kept and _size(new) + sum(map(_size, kept)) > self._room:
            del kept[0]
        self._stored = [*kept, new]


def _in_common(first: Sequence[int], second: Sequence[int]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))


def _stands_for(new: Prefix, old: Prefix) -> bool:
    """Tell whether little of a stored prompt is lost without it: an end, not longer than half of what is in common."""
    common = _in_common(new.tokens, old.tokens)
    return common >= _FEWEST and len(old.tokens) - common <= max(_LARGEST_LOSS, common // 2)


def _size(prefix: Prefix) -> int:
    tensors = [tensor for layer in prefix.cache.layers for tensor in (layer.keys, layer.values)]
    return sum(tensor.untyped_storage().nbytes() for tensor in tensors)
