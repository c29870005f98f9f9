"""The themes of a set of papers: groups of papers near each other in meaning, named by their telling phrases."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.analysis.themes.phrases import Phrases
from assistant.protocols import Vectors
from assistant.types import Paper

FEWEST_PAPERS = 5
"""With fewer papers there is one theme."""

MOST_THEMES = 20

_STARTS, _FEW_STARTS = 30, 3
"""Starts of k-means: for the groups that are shown, and for each of the many that tell how many groups there are."""

_REPEATS, _MORE_REPEATS, _FEW_PAPERS = 8, 20, 200
"""Times that papers are left out; more often where there are so few papers that chance has more say."""

_GAIN = 0.02
"""By how much another number of themes must be more stable than the usual one, over what chance may do."""

_CERTAIN = 0.99
"""Mean adjusted Rand index of groups that come out the same every time: they are there."""

_SAME = 1e-4
"""Vectors that differ by less in each number are of one text."""

_READ = 6000
"""Papers whose phrases are counted for the labels, about."""

_LOOKED_AT = 3000
"""Papers that tell how many themes there are, at most."""


@dataclass(frozen=True, slots=True)
class Theme:
    """A group of papers. `label` is the phrase that best tells it from the other themes ("mixture of experts").

    `id` stays with the theme when papers are added. `phrases` are the most telling first; `paper_ids` those nearest to
    its centre first. `name` is what the model calls it, "" where it was not asked.
    """

    id: str
    label: str
    phrases: tuple[str, ...]
    paper_ids: tuple[str, ...]
    name: str = ""

    @property
    def title(self) -> str:
        """Return what the theme is called: the model's name, else the label."""
        return self.name or self.label


def discover(papers: Sequence[Paper], vectors: Mapping[str, Vectors]) -> list[Theme]:
    """Return the themes of papers, the largest first; `vectors` are unit vectors by id, all of one length.

    Papers without a vector belong to none. The order of the papers changes nothing.
    """
    chosen = sorted({paper.id: paper for paper in papers if paper.id in vectors}.values(), key=lambda paper: paper.id)
    if not chosen:
        return []
    points = np.stack([vectors[paper.id] for paper in chosen]).astype(np.float32)
    groups = groups_of(points)
    labels = _labels(chosen, groups)
    found = [
        _theme([chosen[place] for place in _nearest_first(points, group)], phrases)
        for group, phrases in zip(groups, labels, strict=True)
    ]
    return sorted(found, key=lambda theme: (-len(theme.paper_ids), theme.id))


def _labels(papers: Sequence[Paper], groups: Sequence[Sequence[int]]) -> list[list[str]]:
    """Return the telling phrases of groups of papers, from every so many papers of each where there are many."""
    step = math.ceil(len(papers) / _READ)
    kept = sorted(place for group in groups for place in sorted(group)[::step])
    anew = {place: number for number, place in enumerate(kept)}
    return Phrases([papers[place] for place in kept]).labels(
        [[anew[place] for place in group if place in anew] for group in groups]
    )


def groups_of(points: Vectors) -> list[list[int]]:
    """Return groups of the rows of a matrix of unit vectors, each row in one.

    k-means in the k - 1 first principal components, which hold the relaxed solution of k-means (Ding and He 2004) and
    leave out what differs from paper to paper. How many groups is told by `_number`.
    """
    from threadpoolctl import threadpool_limits

    count = len(points)
    if count < FEWEST_PAPERS or float(np.ptp(points, axis=0).max()) < _SAME:
        return [list(range(count))]
    with threadpool_limits(1):  # many small sums: threads would only wait for each other
        turned = _principal(points)
        if len(np.unique(turned.round(4), axis=0)) < FEWEST_PAPERS:  # one text again and again
            return [list(range(count))]
        number = _number(turned)
        kinds = _clustered(turned, number, _STARTS)
    return _joined(turned[:, : max(1, number - 1)], kinds)


def _principal(points: Vectors) -> Vectors:
    """Return the rows in their principal components, the strongest first; as many as the most themes need."""
    from sklearn.decomposition import PCA

    most = min(MOST_THEMES, *(side - 1 for side in points.shape))
    solver = "covariance_eigh" if len(points) > points.shape[1] else "full"  # neither draws at random
    turned: Vectors = PCA(most, svd_solver=solver).fit_transform(points.astype(np.float64))
    return turned


def _number(turned: Vectors) -> int:
    """Return the number of themes: as many as a person reads at a glance, or as come out more alike every time.

    The usual number grows with the logarithm of the papers: 5 for 22, 12 for 1,000. From 3 to 7 for 22 papers, from 8
    to 15 for 1,000, another one is taken where it is clearly more stable (Ben-Hur, Elisseeff and Guyon 2002): its mean
    adjusted Rand index between the groups of all papers and those of random four fifths is higher beyond chance, or
    1; of equals the largest is best. To take the most stable always would let chance choose: most numbers are alike.
    """
    from sklearn.metrics import adjusted_rand_score

    draws = np.random.default_rng(0)
    repeats = _REPEATS if len(turned) > _FEW_PAPERS else _MORE_REPEATS
    size = math.log(len(turned))
    least = max(2, round(1.5 * size - 2))
    most = max(least, min(MOST_THEMES, round(2.2 * size), len(turned) // 3))
    if len(turned) > _LOOKED_AT:
        turned = turned[np.sort(draws.permutation(len(turned))[:_LOOKED_AT])]
    parts = [np.sort(draws.permutation(len(turned))[: round(0.8 * len(turned))]) for _ in range(repeats)]
    alike = {}
    for number in range(least, most + 1):
        whole = _clustered(turned, number, _FEW_STARTS)
        alike[number] = np.array(
            [adjusted_rand_score(whole[part], _clustered(turned[part], number, _FEW_STARTS)) for part in parts]
        )
    usual = (least + most + 1) // 2
    best = max(alike, key=lambda number: (round(float(alike[number].mean()), 2), number))
    gains = alike[best] - alike[usual]
    clear = gains.mean() > _GAIN + 2 * gains.std() / math.sqrt(repeats)
    certain = float(alike[best].mean()) > _CERTAIN > float(alike[usual].mean())
    return best if clear or certain else usual


def _clustered(turned: Vectors, number: int, starts: int) -> NDArray[np.int64]:
    from sklearn.cluster import KMeans

    groups: NDArray[np.int64] = KMeans(number, n_init=starts, random_state=0).fit_predict(
        turned[:, : max(1, number - 1)]
    )
    return groups


def _joined(points: Vectors, kinds: NDArray[np.int64]) -> list[list[int]]:
    """Return the groups, with papers of those that are too small put to the nearest of the others."""
    kinds = kinds.copy()
    sizes = np.bincount(kinds)
    large = np.flatnonzero(sizes >= max(2, len(points) // 200))
    centres = np.stack([points[kinds == kind].mean(axis=0) for kind in large])
    for place in np.flatnonzero(~np.isin(kinds, large)):
        kinds[place] = large[int(np.argmin(((centres - points[place]) ** 2).sum(axis=1)))]
    return [np.flatnonzero(kinds == kind).tolist() for kind in large]


def _nearest_first(points: Vectors, group: Sequence[int]) -> list[int]:
    near: NDArray[np.float32] = points[list(group)] @ points[list(group)].mean(axis=0)
    return [group[place] for place in np.argsort(-near, kind="stable").tolist()]


def _theme(papers: Sequence[Paper], phrases: Sequence[str]) -> Theme:
    label = phrases[0] if phrases else papers[0].title
    ids = tuple(paper.id for paper in papers)
    return Theme(hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()[:8], label, tuple(phrases), ids)
