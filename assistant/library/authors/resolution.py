"""Author resolution: the people behind the names on a library's papers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from copy import copy
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import Any

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

    def to_json(self, coauthors: Sequence[Person] | None = None) -> dict[str, Any]:
        """Return the person as the object that `authors --json` prints, co-authors with their joint papers if given."""
        told = {
            "id": self.id,
            "name": self.name,
            "papers": len(self.paper_ids),
            "paper_ids": list(self.paper_ids),
            "variants": [asdict(variant) for variant in self.variants],
        }
        if coauthors is None:
            return told
        return {**told, "coauthors": [{"name": each.name, "papers": len(each.paper_ids)} for each in coauthors]}


@dataclass(eq=False)
class _Cluster:
    """Names on papers that are one person's; `person_id` is the id that a decision gave them."""

    anchors: list[Anchor] = field(default_factory=list)
    person_id: str = ""


class Directory:
    """The people of one state of a library, by id, by key of a name and by paper. Not changed once it is made."""

    def __init__(self, connection: Connection, decisions: Sequence[Decision]) -> None:
        query = select(authorships.c.paper_id, authorships.c.name).join_from(papers, authorships)
        listed: dict[str, list[str]] = defaultdict(list)
        for paper_id, name in connection.execute(query.order_by(papers.c.number, authorships.c.ordinal)):
            listed[paper_id].append(name)
        newest_first = select(papers.c.id).order_by(papers.c.date.desc(), papers.c.number.desc())
        self._rank = {paper_id: rank for rank, paper_id in enumerate(connection.execute(newest_first).scalars())}
        self.index = NameIndex(Counter(name for names in listed.values() for name in names))
        heads, key_of = self.index.head_of, self.index.key_of
        self._keys = {
            paper_id: {name: key_of[name] for name in names if name in key_of} for paper_id, names in listed.items()
        }
        is_common = {key: self.index.commonness(name) > _COMMON for key, name in self.index.names.items()}
        self._coauthors = {
            paper_id: {head for key in keys.values() if not is_common[head := heads.get(key, key)]}
            for paper_id, keys in self._keys.items()
        }
        self._claimed: dict[Anchor, NameMatch] = {}  # why, where several people may have the name
        self._undecided = self._clusters(listed)
        self._name_people(decisions)

    def decided(self, decisions: Sequence[Decision]) -> Directory:
        """Return the people of the same names by other decisions. Nothing is read."""
        directory = copy(self)
        directory._name_people(decisions)
        return directory

    def _name_people(self, decisions: Sequence[Decision]) -> None:
        self.by_id: dict[str, Person] = {}
        self.by_key: dict[str, list[Person]] = {}
        self.by_paper: dict[str, list[tuple[str, Person]]] = {}
        for cluster in self._decided(self._undecided, decisions):
            self._add_person(cluster)

    def _clusters(self, listed: dict[str, list[str]]) -> list[_Cluster]:
        """Return the names on papers by the fullest name that they stand for, in the order of their first papers.

        Two names on one paper are two people, even if they could be one name.
        """
        index, claims = self.index, self._claims()
        clusters: dict[tuple[str, int], _Cluster] = defaultdict(_Cluster)
        for paper_id, names in listed.items():
            keys = self._keys[paper_id]
            taken: Counter[str] = Counter()
            for name in sorted(
                (each for each in names if each in keys), key=lambda each: index.head_of.get(keys[each]) != keys[each]
            ):
                key = keys[name]
                head = index.head_of.get(key) or claims.get((paper_id, key), key)
                clusters[head, taken[head]].anchors.append((paper_id, name))
                taken[head] += 1
                if why := index.candidates.get(key, {}).get(head):
                    confidence = max(why.confidence, _COAUTHORS_CONFIDENCE)
                    self._claimed[paper_id, name] = NameMatch(f"{why.reason}; co-authors in common", confidence)
        return list(clusters.values())

    def _claims(self) -> dict[tuple[str, str], str]:
        """Return by paper and key which of several fullest names a name stands for, where that is clear.

        The papers under one name that co-authors connect go together, to whom most of the co-authors wrote with.
        """
        import networkx

        candidates = self.index.candidates
        known: dict[str, set[str]] = {head: set() for heads in candidates.values() for head in heads}
        connected: dict[str, networkx.Graph] = defaultdict(networkx.Graph)
        for paper_id, keys in self._keys.items():
            coauthors = self._coauthors[paper_id]
            for key in set(keys.values()):
                head = self.index.head_of.get(key)
                if head in known:
                    known[head] |= coauthors - {head}
                elif head is None:
                    connected[key].add_node((paper_id,))
                    connected[key].add_edges_from(((paper_id,), other) for other in coauthors - {key})
        claims: dict[tuple[str, str], str] = {}
        for key, graph in connected.items():
            for part in networkx.connected_components(graph):
                shared = {head: len(part & known[head]) for head in candidates[key]}
                best, second = [*sorted(shared, key=lambda head: (-shared[head], head)), ""][:2]
                if shared[best] and shared[best] >= _CLEARLY * shared.get(second, 0):
                    claims.update({(node[0], key): best for node in part if isinstance(node, tuple)})
        return claims

    def _decided(self, clusters: Sequence[_Cluster], decisions: Sequence[Decision]) -> Iterable[_Cluster]:
        """Return the clusters as the decisions, one after the other, leave them; those with a decided id first."""
        home = {anchor: cluster for cluster in reversed(clusters) for anchor in cluster.anchors} if decisions else {}
        order = {paper_id: place for place, paper_id in enumerate(self._keys)}
        for decision in decisions:
            mine, theirs = (
                list(dict.fromkeys(home[anchor] for anchor in side if anchor in home))
                for side in (decision.one, decision.other)
            )
            old = list(dict.fromkeys((*mine, *theirs)))
            if not mine or (not theirs and not decision.spellings) or (decision.kind == "merge" and len(old) < 2):
                continue
            if decision.kind == "split":
                new = self._split(old, decision)
            else:
                new = [_Cluster([anchor for cluster in old for anchor in cluster.anchors], decision.person_id)]
            clusters = [*(cluster for cluster in clusters if cluster not in old), *new]
            for cluster in new:
                cluster.anchors.sort(key=lambda anchor: order[anchor[0]])
                home.update(dict.fromkeys(cluster.anchors, cluster))
        return sorted(clusters, key=lambda cluster: (not cluster.person_id, order[cluster.anchors[0][0]]))

    def _split(self, clusters: Sequence[_Cluster], decision: Decision) -> list[_Cluster]:
        """Take the split-off names on papers out of the clusters that hold the rest, and put them together.

        Names on papers of which the decision does not speak go where more of their co-authors are.
        """
        part, found = _Cluster(), []
        for cluster in clusters:
            staying = set(decision.one).intersection(cluster.anchors)
            leaving = set(cluster.anchors)  # where nothing stays: the part and what the rules put to it since
            if staying:
                off = set(decision.other)
                leaving = {each for each in leaving - staying if each in off or each[1] in decision.spellings}
                ours, theirs = self._circle(staying), self._circle(leaving)
                for anchor in set(cluster.anchors) - staying - leaving:
                    circle = self._circle([anchor])
                    if len(circle & theirs) > len(circle & ours):
                        leaving.add(anchor)
            part.anchors += [anchor for anchor in cluster.anchors if anchor in leaving]
            if rest := [anchor for anchor in cluster.anchors if anchor not in leaving]:
                found.append(_Cluster(rest, cluster.person_id or decision.person_id))
        return [*found, part] if part.anchors else found

    def _circle(self, anchors: Iterable[Anchor]) -> set[str]:
        """Return the co-authors of the people who have these names on papers."""
        keys = ((paper_id, self.index.key_of[name]) for paper_id, name in anchors)
        return {
            coauthor
            for paper_id, key in keys
            for coauthor in self._coauthors[paper_id]
            if coauthor not in (key, self.index.head_of.get(key))
        }

    def _add_person(self, cluster: _Cluster) -> None:
        spellings: dict[str, list[Anchor]] = defaultdict(list)
        for anchor in cluster.anchors:
            spellings[anchor[1]].append(anchor)
        best = max(spellings, key=self._fullness)  # of equal ones the first added
        others = sorted(spellings.keys() - {best}, key=lambda spelling: (-len(spellings[spelling]), spelling))
        name = usual_order(best)
        person_id = cluster.person_id
        if not person_id or person_id in self.by_id:
            person_id = _free_id(name, self.by_id)
        variants = [Variant(best, len(spellings[best]), "the fullest spelling", 1.0)]
        for spelling in others:
            why = self._reason(spellings[spelling][0], best)
            variants.append(Variant(spelling, len(spellings[spelling]), why.reason, round(why.confidence, 2)))
        paper_ids = sorted({paper_id for paper_id, _ in cluster.anchors}, key=self._rank.__getitem__)
        person = self.by_id[person_id] = Person(person_id, name, tuple(variants), tuple(paper_ids))
        for key in {self.index.key_of[spelling] for spelling in spellings}:
            self.by_key.setdefault(key, []).append(person)
        for paper_id, spelling in cluster.anchors:
            self.by_paper.setdefault(paper_id, []).append((spelling, person))

    def _fullness(self, spelling: str) -> tuple[bool, bool, tuple[int, int], bool]:
        """Return a rank of a spelling by how well it serves as a person's name."""
        key = self.index.key_of[spelling]
        parsed = self.index.names[key]
        is_odd = "," in spelling or spelling.isupper() or spelling in self.index.reversed
        return key in self.index.head_of, bool(parsed.given), parsed.fullness[:2], not is_odd

    def _reason(self, anchor: Anchor, best: str) -> NameMatch:
        """Return why a name on a paper is that of the person whose fullest spelling is `best`."""
        key, best_key = self.index.key_of[anchor[1]], self.index.key_of[best]
        if anchor[1] in self.index.reversed:
            return _REVERSED
        if key == best_key:
            return SAME_NAME
        if anchor in self._claimed:
            return self._claimed[anchor]
        if self.index.head_of.get(key, key) == self.index.head_of.get(best_key, best_key):
            return self.index.match_of.get(key) or self.index.match_of.get(best_key) or SAME_NAME
        return _DECIDED


def _free_id(name: str, taken: Collection[str]) -> str:
    """Return an id made of a name's words; one word alone, a family name to `authors.find`, is always numbered."""
    words = words_of(name)
    stem = "-".join(words) or "unnamed"
    if len(words) > 1 and stem not in taken:
        return stem
    first = 2 if len(words) > 1 else 1
    return next(person_id for number in count(first) if (person_id := f"{stem}-{number}") not in taken)
