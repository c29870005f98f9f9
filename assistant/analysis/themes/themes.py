"""Themes: groups of papers near each other in meaning, labelled by their key phrases."""

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

_STARTS, _FEW_STARTS = 30, 5
"""Starts of k-means: for the groups that are shown, and for each of the many that tell how many groups there are."""

_NEARLY_BEST = 0.9
"""Part of the best silhouette from which a smaller number of themes is taken: stable, and read sooner."""

_SAMPLE = 2000
"""Papers whose groups tell how many themes there are, at most."""

_LABELLED = 6000
"""Papers whose phrases are counted for the labels, about."""


@dataclass(frozen=True, slots=True)
class Theme:
    """A group of papers. `label` are the phrases, up to three, that tell it from the other themes.

    `id` stays with the theme when papers are added. `phrases` are the best first; `paper_ids` those nearest to the
    centre first. `name` is what the model calls it, "" where it was not asked.
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
    known = sorted({paper.id: paper for paper in papers if paper.id in vectors}.values(), key=lambda paper: paper.id)
    if not known:
        return []
    points = np.stack([vectors[paper.id] for paper in known]).astype(np.float32)
    groups = _groups(points)
    step = math.ceil(len(known) / _LABELLED)
    read = [group[::step] for group in groups]
    ends = np.cumsum([len(group) for group in read]).tolist()
    phrases = Phrases([known[place] for group in read for place in group])
    labels = phrases.labels([range(end - len(group), end) for end, group in zip(ends, read, strict=True)])
    found = []
    for group, (label, said) in zip(groups, labels, strict=True):
        nearness = points[group] @ points[group].mean(axis=0)
        nearest_first = [known[group[place]] for place in np.argsort(-nearness, kind="stable")]
        ids = tuple(paper.id for paper in nearest_first)
        own_id = hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()[:8]
        found.append(Theme(own_id, label or f"papers like “{nearest_first[0].title}”", tuple(said), ids))
    return sorted(found, key=lambda theme: (-len(theme.paper_ids), theme.id))


def _groups(points: Vectors) -> list[list[int]]:
    """Return groups of the rows of a matrix of unit vectors, shape (papers, dimension), each row in one.

    k-means in the k - 1 first principal components, which hold the relaxed solution of k-means (Ding and He 2004) and
    leave out what differs from paper to paper. Groups that are too small go to the nearest of the others.
    """
    from sklearn.decomposition import PCA
    from sklearn.neighbors import NearestCentroid
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # many small sums: threads would only wait for each other
        most = min(MOST_THEMES, *(side - 1 for side in points.shape))
        if most < FEWEST_PAPERS - 1 or len(np.unique(points.round(4), axis=0)) < FEWEST_PAPERS:
            return [list(range(len(points)))]  # few papers, or one text again and again
        solver = "covariance_eigh" if len(points) > points.shape[1] else "full"  # neither draws at random
        components = PCA(most, svd_solver=solver).fit_transform(points.astype(np.float64))
        number = _number(components)
        kinds = _clustered(components, number, _STARTS)
    sizes = np.bincount(kinds)
    is_small = sizes[kinds] < max(2, len(points) // 200)
    if is_small.any() and len(np.unique(kinds[~is_small])) > 1:
        used = components[:, : number - 1]
        kinds[is_small] = NearestCentroid().fit(used[~is_small], kinds[~is_small]).predict(used[is_small])
    return [np.flatnonzero(kinds == kind).tolist() for kind in np.unique(kinds)]


def _number(components: Vectors) -> int:
    """Return the number of themes: the fewest whose silhouette (Rousseeuw 1987) is nearly the best.

    As many are tried as a person reads at a glance: from 3 to 7 for 22 papers, from 9 to 17 for 2,000.
    """
    from sklearn.metrics import silhouette_score

    size = math.log(len(components))
    least = max(2, round(1.5 * size - 2))
    most = max(least, min(MOST_THEMES, round(2.2 * size), len(components) // 3))
    sample = components[np.sort(np.random.default_rng(0).permutation(len(components))[:_SAMPLE])]
    scores = {
        number: float(silhouette_score(sample, _clustered(sample, number, _FEW_STARTS)))
        for number in range(least, most + 1)
    }
    return min(number for number in scores if scores[number] >= _NEARLY_BEST * max(scores.values()))


def _clustered(components: Vectors, number: int, starts: int) -> NDArray[np.int64]:
    from sklearn.cluster import KMeans

    kinds: NDArray[np.int64] = KMeans(number, n_init=starts, random_state=0).fit_predict(components[:, : number - 1])
    return kinds
