"""Author resolution: the people behind the names on a library's papers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count as numbers_from

from sqlalchemy import Connection, select

from assistant.library.authors.decisions import Anchor, Decision
from assistant.library.authors.name_index import NameIndex
from assistant.library.authors.names import SAME_NAME, NameMatch, usual_order, words_of
from assistant.library.schema import authorships, papers

_REVERSED = NameMatch("family name first", 0.9)
_DECIDED = NameMatch("a person said so", 1.0)
_COAUTHORS_CONFIDENCE = 0.95
"""Confidence where co-authors in common say which of several people a name is."""

_CLEARLY = 2
"""How many times more co-authors in common the right one of several people must have."""

_COMMON = 0.5
"""Commonness (`NameIndex.commonness`) of a name from which on a co-author of that name proves little."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One spelling of a person's name: on how many papers, why it is theirs, and how sure that is, in [0, 1]."""

    name: str
    papers: int
    reason: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who wrote papers: `name` is the fullest form; the papers are the newest first."""

    id: str
    name: str
    variants: tuple[Variant, ...]
    paper_ids: tuple[str, ...]


@dataclass(eq=False)
class _Cluster:
    """Names on papers that are one person's. `reasons` holds by key of a name why it is, where that is not its match."""

    entries: list[Anchor] = field(default_factory=list)
    reasons: dict[str, NameMatch] = field(default_factory=dict)
    person_id: str = ""


class Directory:
    """The people of one state of a library, by id, by name and by paper. Not changed once it is made."""

    def __init__(self, connection: Connection, decisions: Sequence[Decision]) -> None:
        query = select(papers.c.id).order_by(papers.c.date.desc(), papers.c.number.desc())
        self._rank = {paper_id: rank for rank, paper_id in enumerate(connection.execute(query).scalars())}
        self._names: dict[str, list[str]] = {}  # by paper, in the order in which the papers were added
        rows = select(authorships.c.paper_id, authorships.c.name).join_from(papers, authorships)
        for paper_id, name in connection.execute(rows.order_by(papers.c.number, authorships.c.ordinal)):
            self._names.setdefault(paper_id, []).append(name)
        self.index = NameIndex(Counter(name for names in self._names.values() for name in names))
        self._circles = {paper_id: self._circle(names) for paper_id, names in self._names.items()}
        self.by_id: dict[str, Person] = {}
        self.by_key: dict[str, list[Person]] = {}
        self.by_paper: dict[str, list[tuple[str, Person]]] = {}
        clusters = self._decided(self._clusters(), decisions)
        reserved = {cluster.person_id for cluster in clusters}
        for cluster in clusters:
            self._add_person(cluster, reserved)

    def _circle(self, names: Iterable[str]) -> frozenset[str]:
        """Return the fullest names of a paper's authors by which they are known again: common names are left out."""
        index = self.index
        keys = (index.head_of.get(key, key) for name in names if (key := index.key_of.get(name)))
        return frozenset(key for key in keys if index.commonness(index.names[key]) <= _COMMON)

    def _clusters(self) -> list[_Cluster]:
        """Return the names on papers by the fullest name that they stand for.

        Two names on one paper are two people, even if they could be one name.
        """
        claims = self._claims()
        clusters: dict[tuple[str, int], _Cluster] = defaultdict(_Cluster)
        for paper_id, names in self._names.items():
            keyed = [(name, key) for name in names if (key := self.index.key_of.get(name))]
            taken: Counter[str] = Counter()
            for name, key in sorted(keyed, key=lambda item: self.index.head_of.get(item[1]) != item[1]):
                head = self.index.head_of.get(key) or claims.get((paper_id, key), key)
                cluster = clusters[head, taken[head]]
                cluster.entries.append((paper_id, name))
                taken[head] += 1
                if why := self.index.candidates.get(key, {}).get(head):
                    confidence = max(why.confidence, _COAUTHORS_CONFIDENCE)
                    cluster.reasons[key] = NameMatch(f"{why.reason}; co-authors in common", confidence)
        return list(clusters.values())

    def _claims(self) -> dict[tuple[str, str], str]:
        """Return by paper and key which of several fullest names a name stands for.

        Papers under one name that share co-authors go together, to whom most of their co-authors wrote with.
        """
        import networkx

        index = self.index
        coauthors: dict[str, set[str]] = {head: set() for heads in index.candidates.values() for head in heads}
        ambiguous: dict[str, networkx.Graph] = defaultdict(networkx.Graph)
        heads_on: dict[str, set[str]] = {}
        for paper_id, names in self._names.items():
            keys = {key for name in names if (key := index.key_of.get(name))}
            heads_on[paper_id] = {index.head_of[key] for key in keys if key in index.head_of}
            for head in heads_on[paper_id] & coauthors.keys():
                coauthors[head] |= self._circles[paper_id] - {head}
            for key in keys & index.candidates.keys():
                ambiguous[key].add_node((paper_id,))
                ambiguous[key].add_edges_from(((paper_id,), other) for other in self._circles[paper_id] - {key})
        claims: dict[tuple[str, str], str] = {}
        for key, graph in ambiguous.items():
            for part in networkx.connected_components(graph):
                head = _clearly_most({head: len(part & coauthors[head]) for head in index.candidates[key]})
                claims |= {(each[0], key): head for each in part if isinstance(each, tuple) and head and head not in heads_on[each[0]]}
        return claims

    def _decided(self, clusters: list[_Cluster], decisions: Sequence[Decision]) -> list[_Cluster]:
        """Return the clusters as a person's decisions, one after the other, leave them."""
        home = {entry: cluster for cluster in reversed(clusters) for entry in cluster.entries} if decisions else {}
        for decision in decisions:
            mine = list(dict.fromkeys(home[anchor] for anchor in decision.one if anchor in home))
            theirs = list(dict.fromkeys(home[anchor] for anchor in decision.other if anchor in home))
            if not mine or (not theirs and not decision.spellings):
                continue
            old = list(dict.fromkeys((*mine, *theirs)))
            if decision.kind == "split":
                new = self._split(old, decision)
            elif len(old) > 1:
                new = [self._merged(mine[0], old, decision.person_id)]
            else:
                continue
            clusters = [*(cluster for cluster in clusters if cluster not in old), *new]
            home.update((entry, cluster) for cluster in new for entry in cluster.entries)
        places = {paper_id: place for place, paper_id in enumerate(self._names)}
        return sorted(clusters, key=lambda cluster: min(places[paper_id] for paper_id, _ in cluster.entries))

    def _merged(self, first: _Cluster, clusters: Sequence[_Cluster], person_id: str) -> _Cluster:
        own = {self.index.key_of[name] for _, name in first.entries}
        entries = [entry for cluster in clusters for entry in cluster.entries]
        decided = {key: _DECIDED for _, name in entries if (key := self.index.key_of[name]) not in own}
        return _Cluster(entries, decided | first.reasons, person_id)

    def _split(self, clusters: Sequence[_Cluster], decision: Decision) -> list[_Cluster]:
        """Take the split-off names on papers out of the clusters that hold the rest, and put them together.

        Names on papers of which the decision does not speak go where more of the co-authors are.
        """
        kept, off = set(decision.one), set(decision.other)
        part, found = _Cluster(), []
        for cluster in clusters:
            staying = kept.intersection(cluster.entries)
            leaving = {each for each in cluster.entries if each in off or each[1] in decision.spellings} - staying
            if not staying:  # nothing but the part and what the rules put to it since
                leaving = set(cluster.entries)
            theirs, ours = self._coauthors(leaving), self._coauthors(staying)
            for entry in cluster.entries:
                circle = self._coauthors([entry])
                if entry not in leaving | staying and len(circle & theirs) > len(circle & ours):
                    leaving.add(entry)
            part.entries += [entry for entry in cluster.entries if entry in leaving]
            part.reasons |= cluster.reasons
            if rest := [entry for entry in cluster.entries if entry not in leaving]:
                found.append(_Cluster(rest, cluster.reasons, cluster.person_id or decision.person_id))
        return [*found, part] if part.entries else found

    def _coauthors(self, entries: Iterable[Anchor]) -> set[str]:
        index = self.index
        return {
            other
            for paper_id, name in entries
            for other in self._circles[paper_id] - {index.head_of.get(index.key_of[name], index.key_of[name])}
        }

    def _add_person(self, cluster: _Cluster, reserved: Container[str]) -> None:
        counts = Counter(name for _, name in cluster.entries)
        name = usual_order(max(counts, key=self._fullness) if len(counts) > 1 else next(iter(counts)))
        person_id = cluster.person_id
        if not person_id or person_id in self.by_id:
            person_id = next(each for each in _ids(name) if each not in self.by_id and each not in reserved)
        paper_ids = sorted({paper_id for paper_id, _ in cluster.entries}, key=self._rank.__getitem__)
        person = Person(person_id, name, self._variants(cluster, name, counts), tuple(paper_ids))
        self.by_id[person_id] = person
        for key in {self.index.key_of[spelling] for spelling in counts}:
            self.by_key.setdefault(key, []).append(person)
        for paper_id, spelling in cluster.entries:
            self.by_paper.setdefault(paper_id, []).append((spelling, person))

    def _fullness(self, spelling: str) -> tuple[object, ...]:
        """Return a rank of a spelling by how well it serves as a person's name; of equal ones the first added is taken."""
        key = self.index.key_of[spelling]
        parsed = self.index.names[key]
        is_odd = "," in spelling or spelling.isupper() or spelling in self.index.reversed
        return key in self.index.head_of, bool(parsed.given), parsed.fullness[:2], not is_odd

    def _variants(self, cluster: _Cluster, name: str, counts: Counter[str]) -> tuple[Variant, ...]:
        best = max(counts, key=lambda spelling: (usual_order(spelling) == name, counts[spelling]))
        variants = [Variant(best, counts[best], "the fullest spelling", 1.0)]
        for spelling, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if len(counts) > 1 else ():
            if spelling != best:
                why = self._reason(cluster, spelling, best)
                variants.append(Variant(spelling, count, why.reason, round(why.confidence, 2)))
        return tuple(variants)

    def _reason(self, cluster: _Cluster, spelling: str, best: str) -> NameMatch:
        key = self.index.key_of[spelling]
        if spelling in self.index.reversed:
            return _REVERSED
        if key == self.index.key_of[best]:
            return SAME_NAME
        return cluster.reasons.get(key) or self.index.match_of.get(key) or SAME_NAME


def _clearly_most(scores: Mapping[str, float]) -> str:
    """Return what has the highest score by far; "" where there is none such."""
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:2]
    if not ranked or ranked[0][1] < 1 or (len(ranked) > 1 and ranked[0][1] < _CLEARLY * ranked[1][1]):
        return ""
    return ranked[0][0]


def _ids(name: str) -> Iterator[str]:
    """Yield the ids that a person of a name may have, in order."""
    words = words_of(name)
    stem = "-".join(words) or "unnamed"
    if len(words) > 1:  # one word alone is a family name to `authors.find`
        yield stem
    for number in numbers_from(2 if len(words) > 1 else 1):
        yield f"{stem}-{number}"
