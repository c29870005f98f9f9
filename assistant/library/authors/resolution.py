"""The people behind the names of one state of a library, worked out name by name when they are asked for."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, func, select

from assistant.library.authors.decisions import Decision
from assistant.library.authors.name_groups import NameGroups
from assistant.library.authors.name_index import NameIndex
from assistant.library.authors.names import Fit, parse, usual_order, words_of
from assistant.library.authors.rows import AuthorshipRows, Written
from assistant.library.authors.same_name import (
    COMPARED,
    Circle,
    Entry,
    Topics,
    are_one,
    circles,
    compare,
    joined,
    probability,
)
from assistant.library.schema import authorships

_SAME = Fit("the same name but for marks, hyphens, case or order", 0.99, is_sure=True)
_TURNED = Fit("family name first", 0.9)
_BY_COAUTHORS = 0.95
"""Confidence where co-authors in common say which of several people a name is."""

_CLEARLY = 2.0
"""How many times more co-authors in common the right one of several people must have."""

_NUMBERED = re.compile(r"-\d+$")


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


@dataclass
class _Cluster:
    """Names on papers that are one person's, and why each name is."""

    entries: list[Entry]
    head: str = ""
    """The fullest name (`Form.plain`) under which they stand."""

    fits: dict[str, Fit] = field(default_factory=dict)
    claimed: frozenset[str] = frozenset()
    """Names that may be somebody else's too, of which these papers are theirs."""

    held: float = 1.0
    decided_id: str = ""
    is_parted: bool = False


class People:
    """Everybody of a library, by name. What was worked out is kept; not safe in threads."""

    def __init__(self, connection: Connection, decisions: Sequence[Decision]) -> None:
        query = select(authorships.c.name, func.count()).group_by(authorships.c.name)
        self.index = NameIndex({row[0]: row[1] for row in connection.execute(query)})
        self.rows = AuthorshipRows()
        self._decisions = decisions
        self._links: dict[str, set[str]] = defaultdict(set)
        for decision in decisions:
            if decision.kind == "merge":
                plains = {self.index.plain_of.get(name, "") for _, name in (*decision.one, *decision.other)} - {""}
                for plain in plains:
                    self._links[plain] |= plains
        self._decided_names = {
            plain
            for decision in decisions
            for _, name in (*decision.one, *decision.other)
            if (plain := self.index.plain_of.get(name, ""))
        }
        self._groups: dict[str, NameGroups] = {}
        self._claims: dict[str, list[tuple[list[Entry], str, Fit | None]]] = {}
        self._blocks: dict[str, list[tuple[_Cluster, Person]]] = {}
        self._of_plain: dict[str, list[Person]] = {}
        self._topics: Topics | None = None
        self._met: dict[str, frozenset[str]] = {}

    def named(self, connection: Connection, plain: str) -> list[Person]:
        """Return everybody who has a name with these letters (`Form.plain`)."""
        if plain not in self._of_plain:
            found = [
                person
                for cluster, person in self._around(connection, plain)
                if any(entry.plain == plain for entry in cluster.entries)
            ]
            self._of_plain[plain] = found
        return self._of_plain[plain]

    def _around(self, connection: Connection, plain: str) -> list[tuple[_Cluster, Person]]:
        """Return the people of the names that this one has to do with; of all that may, where a decision joins them."""
        if plain not in self._groups:
            block = self.index.block(plain, self._links)
            groups = NameGroups(self.index, block)
            self._groups.update(dict.fromkeys(block, groups))
        groups = self._groups[plain]
        if not self._decided_names.isdisjoint(groups.block):
            heads = [*groups.members, *groups.unclear]
            if heads[0] not in self._blocks:
                clusters = [each for head in heads for each in self._clusters(connection, groups, head)]
                self._blocks[heads[0]] = self._people(connection, self._decided(clusters))
            return self._blocks[heads[0]]
        found = []
        for head in groups.heads(plain):
            if head not in self._blocks:
                self._blocks[head] = self._people(connection, self._clusters(connection, groups, head))
            found += self._blocks[head]
        return found

    def with_id(self, connection: Connection, person_id: str) -> Person | None:
        """Return the person with an id."""
        words = _NUMBERED.sub("", person_id).replace("-", " ")
        kept = [d for d in self._decisions if d.person_id == person_id]
        anchors = {self.index.plain_of.get(name, "") for d in kept for _, name in (*d.one, *d.other)} - {""}
        for plain in (*self.index.named(words), *sorted(anchors)):
            for person in self.named(connection, plain):
                if person.id == person_id:
                    return person
        return None

    def _people(self, connection: Connection, clusters: Sequence[_Cluster]) -> list[tuple[_Cluster, Person]]:
        """Return the clusters as people with ids, those first whose paper was added first."""
        clusters = sorted(
            (cluster for cluster in clusters if cluster.entries),
            key=lambda cluster: min((entry.number, entry.ordinal) for entry in cluster.entries),
        )
        taken = {cluster.decided_id for cluster in clusters}
        found = []
        for cluster in clusters:
            name = self._fullest(cluster)
            is_claimed = all(entry.plain in cluster.claimed for entry in cluster.entries)
            stem = self.index.spellings[cluster.head][0] if is_claimed else name  # no two names lend the same id
            person_id = cluster.decided_id or self._free(stem, taken)
            taken.add(person_id)
            found.append((cluster, self._person(connection, cluster, person_id, name)))
        return found

    def _free(self, name: str, taken: set[str]) -> str:
        words = words_of(name)
        stem = "-".join(words) or "unnamed"
        number = 1
        person_id = stem if len(words) > 1 else f"{stem}-1"  # one word alone is a family name to `authors.find`
        while person_id in taken:
            number += 1
            person_id = f"{stem}-{number}"
        return person_id

    def _fullest(self, cluster: _Cluster) -> str:
        """Return the fullest spelling in the usual order; of equal ones that of the paper that was added first."""
        first: dict[str, Entry] = {}
        entries = [entry for entry in cluster.entries if entry.plain not in cluster.claimed] or cluster.entries
        for entry in sorted(entries, key=lambda entry: (entry.number, entry.ordinal)):
            first.setdefault(entry.name, entry)

        def rank(entry: Entry) -> tuple[object, ...]:
            form = self.index.forms[entry.plain]
            is_odd = "," in entry.name or entry.name.isupper() or parse(entry.name).plain in self.index.turned
            return (bool(form.given), form.fullness[:2], not is_odd, -entry.number)

        return usual_order(max(first.values(), key=rank).name)

    def _person(self, connection: Connection, cluster: _Cluster, person_id: str, name: str) -> Person:
        papers = {paper.id: paper for paper in self.rows.of_ids(connection, (e.paper_id for e in cluster.entries))}
        ordered = sorted(papers.values(), key=lambda paper: (paper.date, paper.number), reverse=True)
        counts = Counter(entry.name for entry in cluster.entries)
        plain_of = {entry.name: entry.plain for entry in cluster.entries}
        best = max(counts, key=lambda spelling: (usual_order(spelling) == name, counts[spelling]))
        variants = []
        for spelling, count in sorted(counts.items(), key=lambda item: (item[0] != best, -item[1], item[0])):
            if spelling == best:
                found = Fit("the fullest spelling", 1.0)
            elif parse(spelling).plain in self.index.turned:
                found = _TURNED
            elif plain_of[spelling] == plain_of[best]:
                found = _SAME
            else:
                found = cluster.fits.get(plain_of[spelling]) or _SAME
            reason, confidence = found.reason, found.confidence
            if cluster.is_parted:
                reason += "; told from others of the name by co-authors and topics"
                confidence = min(confidence, cluster.held)
            variants.append(Variant(spelling, count, reason, round(confidence, 2)))
        return Person(person_id, name, tuple(variants), tuple(paper.id for paper in ordered))

    def _load(self, connection: Connection, names: Iterable[str]) -> dict[str, list[Entry]]:
        """Return names with the papers on which they stand."""
        found: dict[str, list[Entry]] = {plain: [] for plain in names}
        spellings = [spelling for plain in found for spelling in self.index.spellings[plain]]
        for paper in self.rows.of_names(connection, spellings):
            for ordinal, name in paper.names:
                plain = self.index.plain_of.get(name, "")
                if plain in found:
                    strong, common = self._circle_of(paper, ordinal)
                    found[plain].append(Entry(paper.number, paper.id, ordinal, name, plain, paper.year, strong, common))
        return found

    def _circle_of(self, paper: Written, ordinal: int) -> tuple[frozenset[str], frozenset[str]]:
        tokens = [self.index.token(name) for place, name in paper.names if place != ordinal]
        return (
            frozenset(token for token, is_common in tokens if token and not is_common),
            frozenset(token for token, is_common in tokens if token and is_common),
        )

    def _clusters(self, connection: Connection, groups: NameGroups, head: str) -> list[_Cluster]:
        """Return the people under a fullest name; under a name that may be several people's, whom nobody claims."""
        if head in groups.unclear:
            left = [
                entry for part, claimer, _ in self._claimed(connection, groups, head) if not claimer for entry in part
            ]
            return self._parted(connection, head, left, {}, frozenset())
        fits = {plain: why for plain, why in groups.members[head].items() if why is not None}
        held = self._load(connection, groups.members[head])
        entries = [entry for each in held.values() for entry in each]
        for plain in groups.claims(head):
            for part, claimer, why in self._claimed(connection, groups, plain):
                if claimer == head and why is not None:
                    entries += part
                    fits[plain] = why
        return self._parted(connection, head, entries, fits, frozenset(fits) - groups.members[head].keys())

    def _claimed(
        self, connection: Connection, groups: NameGroups, plain: str
    ) -> list[tuple[list[Entry], str, Fit | None]]:
        """Part the papers under a name that may be several people's; with each part the fullest name it goes to.

        It goes to the one whose co-authors stand on it too, `_CLEARLY` more of them than of the next; else to nobody.
        """
        if plain not in self._claims:
            heads = groups.unclear[plain]
            rivals = _Rivals(
                {
                    head: [
                        entry for entries in self._load(connection, groups.members[head]).values() for entry in entries
                    ]
                    for head in heads
                }
            )
            parts = circles(self._load(connection, [plain])[plain])
            claimed: list[tuple[list[Entry], str, Fit | None]] = []
            for part in parts:
                head = rivals.claimer(part)
                why = heads.get(head)
                if why is not None:
                    why = Fit(f"{why.reason}; co-authors in common", max(why.confidence, _BY_COAUTHORS))
                claimed.append((part, head, why))
            self._claims[plain] = claimed
        return self._claims[plain]

    def _parted(
        self,
        connection: Connection,
        head: str,
        entries: Sequence[Entry],
        fits: Mapping[str, Fit],
        claimed: frozenset[str],
    ) -> list[_Cluster]:
        """Part the papers of one name by people."""
        if len(entries) == 1:
            return [_Cluster(list(entries), head, dict(fits), claimed)]
        parts = circles(sorted(entries, key=lambda entry: (entry.number, entry.ordinal)))
        if len(parts) < 2:
            return [_Cluster(part, head, dict(fits), claimed) for part in parts]
        commonness = self.index.commonness(self.index.forms[head])

        def score(one: Circle, other: Circle) -> float:
            return probability(compare(one, other, commonness))

        numbers = [entry.number for entry in entries]
        if len(set(numbers)) == len(numbers) and are_one(commonness):  # single papers join whatever there is
            several = [part for part in parts if len(part) > 1]
            if len(several) < 2 or len(joined(self._described(connection, several), score)) == 1:
                return [_Cluster([entry for part in parts for entry in part], head, dict(fits), claimed)]
        groups = joined(self._described(connection, parts), score)
        return [
            _Cluster(list(circle.entries), head, dict(fits), claimed, held, is_parted=len(groups) > 1)
            for circle, held in groups
        ]

    def _described(self, connection: Connection, parts: Sequence[Sequence[Entry]]) -> list[Circle]:
        if self._topics is None:
            self._topics = Topics(*self.rows.holders(connection))
        ids = {entry.paper_id: 0 for part in parts for entry in part}
        self.rows.contents(connection, ids)  # all at once: a query for each part takes many times longer
        written = {paper.id: paper for paper in self.rows.of_ids(connection, ids)}
        largest = sorted(range(len(parts)), key=lambda place: (-len(parts[place]), place))[:COMPARED]
        near = {entry.paper_id for place in largest for entry in parts[place]}
        self.rows.of_names(connection, sorted({name for each in near for _, name in written[each].names}))
        found = []
        for place, part in enumerate(parts):
            strong = frozenset(token for entry in part for token in entry.tokens)
            known = strong | frozenset(token for entry in part for token in entry.common)
            papers = {entry.paper_id: written[entry.paper_id] for entry in part}
            if place in largest:
                names = {name for paper in papers.values() for _, name in paper.names}
                known = known.union(
                    *(self._acquaintances(connection, name) for name in names if self.index.token(name)[0] in strong)
                )
                known -= {self.index.token(entry.name)[0] for entry in part}
            topic = self._topics.vector(self.rows.contents(connection, papers))
            is_initial = not any(self.index.forms[entry.plain].has_full_given_name for entry in part)
            found.append(Circle(tuple(part), strong, known, topic, is_initial))
        return found

    def _acquaintances(self, connection: Connection, name: str) -> frozenset[str]:
        """Return those who wrote with somebody of a name, as far as their names are not common."""
        known = self._met.get(name)
        if known is None:
            written = self.rows.of_names(connection, [name])
            tokens = (self.index.token(each) for paper in written for _, each in paper.names)
            known = self._met[name] = frozenset(token for token, is_common in tokens if token and not is_common)
        return known

    def _decided(self, clusters: list[_Cluster]) -> list[_Cluster]:
        """Return the clusters as a person's decisions, one after the other, leave them."""
        for decision in self._decisions:
            mine = _anchored(clusters, decision.one)
            theirs = _anchored(clusters, decision.other)
            if not mine or (not theirs and not decision.spellings):
                continue
            if decision.kind == "merge":
                clusters = _merged(clusters, decision, mine, theirs)
            else:
                clusters = _split(clusters, decision)
        return clusters


class _Rivals:
    """The circles of co-authors under several fullest names, by co-author."""

    def __init__(self, entries: Mapping[str, Sequence[Entry]]) -> None:
        self._numbers: dict[tuple[str, int], set[int]] = {}
        self._strong: dict[str, list[tuple[str, int]]] = defaultdict(list)
        self._common: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for head, listed in entries.items():
            for place, part in enumerate(circles(listed)):
                self._numbers[head, place] = {entry.number for entry in part}
                strong, common = _tokens(part)
                for token in strong:
                    self._strong[token].append((head, place))
                for token in common:
                    self._common[token].append((head, place))

    def claimer(self, part: Sequence[Entry]) -> str:
        """Return the name of whose co-authors clearly most stand on a part; "" where there is none such."""
        numbers = {entry.number for entry in part}
        strong, common = _tokens(part)
        met = Counter(each for token in strong for each in self._strong.get(token, ()))
        met_common = Counter(each for token in common for each in self._common.get(token, ()))
        most: Counter[str] = Counter()
        for circle in {**met, **met_common}:
            if (met[circle] or met_common[circle] > 1) and numbers.isdisjoint(self._numbers[circle]):
                most[circle[0]] = max(most[circle[0]], met[circle] + met_common[circle])
        ranked = sorted(most.items(), key=lambda item: (-item[1], item[0]))[:2]
        if not ranked or (len(ranked) > 1 and ranked[0][1] < _CLEARLY * ranked[1][1]):
            return ""
        return ranked[0][0]


def _tokens(part: Iterable[Entry]) -> tuple[set[str], set[str]]:
    """Return the co-authors of some papers: those of rare names, and those of common ones."""
    listed = list(part)
    return {token for entry in listed for token in entry.tokens}, {token for each in listed for token in each.common}


def _anchored(clusters: Sequence[_Cluster], anchors: Iterable[tuple[str, str]]) -> list[_Cluster]:
    """Return the clusters that hold any of these names on papers."""
    wanted = set(anchors)
    return [cluster for cluster in clusters if any((e.paper_id, e.name) in wanted for e in cluster.entries)]


def _merged(
    clusters: list[_Cluster], decision: Decision, mine: Sequence[_Cluster], theirs: Sequence[_Cluster]
) -> list[_Cluster]:
    together = [cluster for cluster in clusters if cluster in mine or cluster in theirs]
    if len(together) < 2:
        return clusters
    whole = _Cluster([], mine[0].head, decided_id=decision.person_id)
    for cluster in together:
        whole.entries += cluster.entries
        whole.fits |= {entry.plain: _DECIDED for entry in cluster.entries}
    for cluster in mine:
        whole.fits |= cluster.fits
    return [*(cluster for cluster in clusters if cluster not in together), whole]


_DECIDED = Fit("a person said so", 1.0)


def _split(clusters: list[_Cluster], decision: Decision) -> list[_Cluster]:
    """Take the split-off names on papers out of the clusters that hold the rest, and put them together."""
    off, kept = set(decision.other), set(decision.one)
    spellings = set(decision.spellings)
    found: list[_Cluster] = []
    part = _Cluster([])
    for cluster in clusters:
        holds = {(entry.paper_id, entry.name) for entry in cluster.entries}
        if not holds & (off | kept):
            found.append(cluster)
            continue
        leaving = {
            each for each in holds if each in off or (each not in kept and each[1] in spellings and holds & kept)
        }
        if not holds & kept:  # nothing but the part and what the rules put to it since
            leaving = holds
        else:
            part_tokens = {t for e in cluster.entries if (e.paper_id, e.name) in leaving for t in e.tokens}
            rest_tokens = {t for e in cluster.entries if (e.paper_id, e.name) in kept for t in e.tokens}
            for entry in cluster.entries:
                each = (entry.paper_id, entry.name)
                if each not in leaving | kept and len(entry.tokens & part_tokens) > len(entry.tokens & rest_tokens):
                    leaving.add(each)
        part.entries += [entry for entry in cluster.entries if (entry.paper_id, entry.name) in leaving]
        part.head = part.head or cluster.head
        part.fits |= cluster.fits
        rest = [entry for entry in cluster.entries if (entry.paper_id, entry.name) not in leaving]
        if rest:
            has_kept = any((entry.paper_id, entry.name) in kept for entry in rest)
            decided = cluster.decided_id or (decision.person_id if has_kept else "")
            found.append(replace(cluster, entries=rest, decided_id=decided))
    return [*found, part] if part.entries else found
