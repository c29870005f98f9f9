"""Key/value caches of the last prompts, for prompts with the same beginning."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from transformers import DynamicCache

_MOST = 4
"""Prompts that are stored, about 30 kB a token each with the default model."""

_LARGEST_CUT = 128
"""Tokens of a stored prompt that are cut off for another; where more would be, it stays and a copy is cut."""

_FEWEST = 24
"""Tokens in common from which a stored prompt is used: the chat template alone begins every one."""


@dataclass(slots=True)
class Prefix:
    """A prompt that was read: its tokens, and the keys and values of them."""

    tokens: list[int]
    cache: Any


class Prefixes:
    """The prompts that a model read last. One reader at a time."""

    def __init__(self, config: Any) -> None:
        self._config = config
        self._stored: list[Prefix] = []

    def take(self, tokens: Sequence[int], unread: int = 1) -> Prefix:
        """Return what is stored of the beginning of a prompt, cut where they part, or nothing of it.

        At least `unread` tokens of the prompt are left to read. What is taken is no longer stored: give it back with
        `store` when all layers have read the same tokens.
        """
        longest, chosen = 0, None
        for prefix in self._stored:
            pairs = zip(prefix.tokens, tokens[: len(tokens) - unread], strict=False)
            common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
            if common >= max(longest + 1, _FEWEST):
                longest, chosen = common, prefix
        if chosen is None:
            return Prefix([], DynamicCache(config=self._config))
        cut = len(chosen.tokens) - longest
        cache = chosen.cache
        if cut > _LARGEST_CUT:
            cache = copy.deepcopy(cache)
        else:
            self._stored.remove(chosen)
        cache.crop(-cut)
        return Prefix(chosen.tokens[:longest], cache)

    def store(self, tokens: Sequence[int], cache: Any) -> None:
        """Store what was read, the first of `tokens` that every layer holds; the prompt read longest ago goes.

        A recurrent state and a sliding window are not stored: they cannot go back to where two prompts part.
        """
        if cache.is_croppable and not any(cache.is_sliding):
            held = min(len(tokens), *(layer.get_seq_length() for layer in cache.layers))
            for layer in cache.layers:  # a pass that was left early ends in some layer
                layer.crop(held - layer.get_seq_length())
            self._stored = [*self._stored[1 - _MOST :], Prefix(list(tokens[:held]), cache)]
