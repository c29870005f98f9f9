"""The people behind the names of one state of a library, worked out name by name when they are asked for."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from assistant.author_decisions import Decision
from assistant.authorship_rows import AuthorshipRows, Written
from assistant.name_forms import Fit, fit, parse, swapped, usual_order, words_of
from assistant.name_index import NameIndex
from assistant.same_names import Circle, Entry, Topics, circles, compare, joined, probability
from assistant.schema import authorships

_SAME = Fit("the same name but for marks, hyphens, case or order", 0.99, is_sure=True)
_TURNED = Fit("family name first", 0.9)
_BOTH_SCRIPTS = Fit("a source writes the name in both scripts", 0.95, is_sure=True)
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
    fits: dict[str, Fit] = field(default_factory=dict)
    held: float = 1.0
    decided_id: str = ""
    is_parted: bool = False


class People:
    """Everybody of a library, by name. What was worked out is kept; not safe in threads."""

    def __init__(self, connection: Connection, decisions: Sequence[Decision]) -> None:
        query = select(authorships.c.name, func.count()).group_by(authorships.c.name)
        self.index = NameIndex({name: count for name, count in connection.execute(query)})
        self.rows = AuthorshipRows()
        self._decisions = decisions
        self._links: dict[str, set[str]] = defaultdict(set)
        for decision in decisions:
            if decision.kind == "merge":
                plains = {self.index.plain_of.get(name, "") for _, name in (*decision.one, *decision.other)} - {""}
                for plain in plains:
                    self._links[plain] |= plains
        self._of_plain: dict[str, list[Person]] = {}
        self._topics: Topics | None = None

    def named(self, connection: Connection, plain: str) -> list[Person]:
        """Return everybody who has a name with these letters (`Form.plain`)."""
        if plain not in self._of_plain:
            block = self.index.block(plain, self._links)
            self._of_plain.update((name, []) for name in block)
            for cluster, person in self._people(connection, block):
                for name in dict.fromkeys(entry.plain for entry in cluster.entries):
                    self._of_plain[name].append(person)
        return self._of_plain[plain]

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

    def _people(self, connection: Connection, block: Sequence[str]) -> list[tuple[_Cluster, Person]]:
        clusters = self._decided(self._clusters(connection, block), connection)
        clusters = [cluster for cluster in clusters if cluster.entries]
        clusters.sort(key=lambda cluster: min((entry.number, entry.ordinal) for entry in cluster.entries))
        taken = {cluster.decided_id for cluster in clusters}
        found = []
        for cluster in clusters:
            name = self._fullest(cluster)
            person_id = cluster.decided_id or self._free(name, taken)
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
        for entry in sorted(cluster.entries, key=lambda entry: (entry.number, entry.ordinal)):
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

    def _load(self, connection: Connection, block: Sequence[str]) -> dict[str, list[Entry]]:
        """Return the names of a block with the papers on which they stand."""
        inside = set(block)
        found: dict[str, list[Entry]] = {plain: [] for plain in block}
        spellings = [spelling for plain in block for spelling in self.index.spellings[plain]]
        for paper in self.rows.of_names(connection, spellings):
            for ordinal, name in paper.names:
                plain = self.index.plain_of.get(name, "")
                if plain in inside:
                    strong, common = self._circle_of(paper, ordinal)
                    found[plain].append(Entry(paper.number, paper.id, ordinal, name, plain, paper.year, strong, common))
        return found

    def _circle_of(self, paper: Written, ordinal: int) -> tuple[frozenset[str], frozenset[str]]:
        tokens = [self.index.token(name) for place, name in paper.names if place != ordinal]
        return (
            frozenset(token for token, is_common in tokens if token and not is_common),
            frozenset(token for token, is_common in tokens if token and is_common),
        )

    def _clusters(self, connection: Connection, block: Sequence[str]) -> list[_Cluster]:
        held = self._load(connection, block)
        names = _NameGroups(self.index, block)
        found: dict[str, list[_Cluster]] = {}
        for head, members in names.groups.items():
            entries = [entry for plain in members for entry in held[plain]]
            fits = {plain: found_fit for plain, found_fit in members.items() if found_fit is not None}
            found[head] = self._parted(connection, head, entries, fits)
        clusters = [cluster for group in found.values() for cluster in group]
        for plain, heads in names.unclear.items():
            clusters += self._placed(connection, plain, held[plain], {head: found[head] for head in heads}, heads)
        return clusters

    def _parted(
        self, connection: Connection, head: str, entries: Sequence[Entry], fits: dict[str, Fit]
    ) -> list[_Cluster]:
        """Part the papers of one name by people."""
        parts = circles(entries)
        if len(parts) < 2:
            return [_Cluster(part, fits) for part in parts]
        described = self._described(connection, parts)
        commonness = self.index.commonness(self.index.forms[head])
        groups = joined(described, lambda one, other: probability(compare(one, other, commonness)))
        return [_Cluster(list(circle.entries), fits, held, is_parted=len(groups) > 1) for circle, held in groups]

    def _described(self, connection: Connection, parts: Sequence[Sequence[Entry]]) -> list[Circle]:
        if self._topics is None:
            self._topics = Topics(*self.rows.holders(connection))
        found = []
        for part in parts:
            tokens = frozenset(token for entry in part for token in entry.tokens | entry.common)
            strong = frozenset(token for entry in part for token in entry.tokens)
            known = tokens | self._acquainted(connection, part, strong)
            topic = self._topics.vector(self.rows.contents(connection, {entry.paper_id: 0 for entry in part}))
            is_initial = not any(self.index.forms[entry.plain].has_full_given_name for entry in part)
            found.append(Circle(tuple(part), strong, frozenset(known), topic, is_initial))
        return found

    def _acquainted(self, connection: Connection, part: Sequence[Entry], tokens: frozenset[str]) -> set[str]:
        """Return those who wrote with the co-authors on other papers."""
        papers = {entry.paper_id for entry in part}
        names = {
            name
            for paper in self.rows.of_ids(connection, papers)
            for _, name in paper.names
            if self.index.token(name)[0] in tokens
        }
        return {
            token
            for paper in self.rows.of_names(connection, sorted(names))
            if paper.id not in papers
            for token, is_common in (self.index.token(name) for _, name in paper.names)
            if token and not is_common
        }

    def _placed(
        self,
        connection: Connection,
        plain: str,
        entries: Sequence[Entry],
        among: dict[str, list[_Cluster]],
        fits: dict[str, Fit],
    ) -> list[_Cluster]:
        """Give papers under a name that may be several people's to those whose co-authors say so.

        What nobody's co-authors claim stays by itself, under the name that it has.
        """
        left: list[Entry] = []
        for part in circles(entries):
            tokens = {token for entry in part for token in entry.tokens | entry.common}
            shared = [
                (len(tokens & _tokens(cluster)), head, cluster)
                for head, clusters in among.items()
                for cluster in clusters
                if not {entry.number for entry in part} & {entry.number for entry in cluster.entries}
            ]
            shared.sort(key=lambda each: -each[0])
            best = shared[0] if shared else (0, "", None)
            second = shared[1][0] if len(shared) > 1 else 0
            if best[2] is not None and best[0] > 0 and best[0] >= _CLEARLY * second:
                why = fits[best[1]]
                best[2].entries += part
                best[2].fits[plain] = Fit(f"{why.reason}; co-authors in common", max(why.confidence, _BY_COAUTHORS))
            else:
                left += part
        return self._parted(connection, plain, left, {}) if left else []

    def _decided(self, clusters: list[_Cluster], connection: Connection) -> list[_Cluster]:
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


class _NameGroups:
    """The names of a block by the fullest ones: which surely or most likely mean them, and which may mean several."""

    def __init__(self, index: NameIndex, block: Sequence[str]) -> None:
        forms = index.forms
        fits: dict[str, dict[str, Fit]] = defaultdict(dict)
        buckets: dict[str, list[str]] = defaultdict(list)
        for plain in block:
            buckets[index.first_name(plain)].append(plain)
        for word, plains in buckets.items():
            others = buckets.get("", []) if word else []
            for place, plain in enumerate(plains):
                for other in (*plains[:place], *others):
                    found = fit(forms[plain], forms[other])
                    if found is not None:
                        fits[plain][other] = fits[other][plain] = found
            for plain in plains:
                other = _turned(index, plain)
                if other:
                    fits[plain][other] = fits[other][plain] = Fit("family name first", 0.8, needs_proof=True)
                for other in index.same_in_scripts(plain):
                    fits[plain][other] = fits[other][plain] = _BOTH_SCRIPTS
        order = sorted(block, key=lambda plain: (forms[plain].fullness, plain), reverse=True)
        head: dict[str, str] = {}
        self.groups: dict[str, dict[str, Fit | None]] = {}
        self.unclear: dict[str, dict[str, Fit]] = {}
        for plain in order:
            fitting = {other: found for other, found in fits[plain].items() if other in head}
            sure = {head[other]: found for other, found in fitting.items() if found.is_sure}
            if not fitting:
                head[plain] = plain
                self.groups[plain] = {plain: None}
                continue
            heads: dict[str, Fit] = {}
            for other, found in fitting.items():
                if head[other] not in heads or found.confidence > heads[head[other]].confidence:
                    heads[head[other]] = found
            chosen = sure if len(sure) == 1 else heads
            (only, found), *others_left = chosen.items()
            is_doubtful = found.needs_proof or (found.leaves_out and index.is_common(forms[plain]))
            if not others_left and not is_doubtful:
                head[plain] = only
                self.groups[only][plain] = found
            else:
                self.unclear[plain] = heads


def _turned(index: NameIndex, plain: str) -> str:
    other = swapped(index.forms[plain])
    return other.plain if other is not None and other.plain in index.forms and other.plain != plain else ""


def _tokens(cluster: _Cluster) -> set[str]:
    return {token for entry in cluster.entries for token in entry.tokens | entry.common}


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
    whole = _Cluster([], decided_id=decision.person_id)
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
        part.fits |= cluster.fits
        rest = [entry for entry in cluster.entries if (entry.paper_id, entry.name) not in leaving]
        if rest:
            has_kept = any((entry.paper_id, entry.name) in kept for entry in rest)
            decided = cluster.decided_id or (decision.person_id if has_kept else "")
            found.append(_Cluster(rest, cluster.fits, cluster.held, decided, cluster.is_parted))
    return [*found, part] if part.entries else found
