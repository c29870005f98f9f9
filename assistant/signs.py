"""What speaks for and against a generated sentence, and how likely that makes it to be what the abstracts say."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for and against a sentence: shares and a cosine, else 1 where it is so and 0 where not.

    `coverage`: its weighted words that its sources hold. `similarity`: the best cosine to one or two sentences of them.
    `foreign_names`: a name that they lack. `other_subject`: the question's names stand in other sources only; no such
    sentence counts as supported. `misfit`: how much better another number would fit. `negated`, `turned`, `swapped`:
    see `opposites`. `altered`: the share of its words that the spans hold, where one of these three is so, or it
    negates or turns what no source does, or puts another word into a span: the nearer the two, the more it means.
    `fused`: two sources, though it neither compares nor names the second. `wrong_number`: a number that neither its
    sources nor the question hold; this alone settles it.
    """

    coverage: float
    similarity: float
    foreign_names: float
    other_subject: float
    misfit: float
    negated: float
    turned: float
    swapped: float
    altered: float
    fused: float
    wrong_number: float

    def values(self) -> tuple[float, ...]:
        """Return the signs in order."""
        return tuple(getattr(self, name) for name in self.__slots__)


WITH_MEANING = (-4.5, 4.1, 3.5, -3.3, -1.1, -5.4, -1.0, -2.2, -1.3, -2.6, -2.7, 0.0)
"""Intercept and one coefficient a sign: a logistic regression (C = 10) on the fitted half of `benchmarks.proof`."""

WITHOUT_MEANING = (-3.1, 5.5, 0.0, -3.3, -1.1, -5.6, -1.3, -3.4, -1.3, -2.4, -3.0, 0.0)
"""The same without an embedding model."""


def probability(signs: Signs, *, with_meaning: bool) -> float:
    """Return how likely a sentence with these signs is what the abstracts say."""
    intercept, *coefficients = WITH_MEANING if with_meaning else WITHOUT_MEANING
    total = intercept + sum(c * value for c, value in zip(coefficients, signs.values(), strict=True))
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))
