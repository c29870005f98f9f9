"""A question to a plan: what is asked, of which papers. The language model is not asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from rapidfuzz import fuzz, process
from sqlalchemy import Connection, func, select

from assistant import authors, categories, filters, intents, quoting, topics
from assistant.dates import Period, find_period
from assistant.gazetteer import Gazetteer, Mention
from assistant.intents import Intent
from assistant.library import Library
from assistant.names import fold
from assistant.routing import Router
from assistant.schema import categories as categories_table
from assistant.schema import papers as papers_table
from assistant.selection import venues_named
from assistant.types import Candidate, PaperFilter, Plan, PlanKind
from assistant.wording import counted, joined, plan_in_words
from assistant.words import content_words

_HEAD = r"(?:papers?|publications?|articles?|works|preprints?|studies|manuscripts?)"
_MOST_CANDIDATES = 8
_USUAL_EXTREMES = 5
"""Papers that "the latest papers" are, where no number is said."""

_MOST_TOPIC_WORDS = 5
_NEAR_CUE = 80.0
"""Likeness in [0, 100] from which a word that the library does not know is read as a misspelt word of asking."""

_OR = re.compile(r"\b(?:either|or)\b")
_VENUE = re.compile(
    r"\b(?:in|at|from|of|to)\s+(?:the\s+)?"
    r"(?P<name>[A-Z][\w&*.-]*(?:\s+(?:of|on|in|for|and|the)?\s*[A-Z][\w&*.-]*){0,8})"
    rf"|\b(?P<adjective>[A-Z][A-Za-z]*[A-Z]\w*)(?=\s+(?:@d\d+\s+)?{_HEAD}\b)"
)


_AS_PROSE = Intent("passages")


@dataclass(frozen=True, slots=True)
class _Masked:
    """A question in which marks stand for what is known: `text` in lower case, and what each mark stands for."""

    text: str
    people: tuple[Mention, ...] = ()
    papers: tuple[Mention, ...] = ()
    quoted: tuple[Mention, ...] = ()
    period: Period | None = None
    category: str = ""
    venue: str = ""


@dataclass(frozen=True, slots=True)
class Planner:
    """Reads questions about one library. `router` judges questions that no cue decides."""

    library: Library
    router: Router
    today: Callable[[], date] = date.today
    gazetteer: Gazetteer = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "gazetteer", Gazetteer(self.library))

    def plan(
        self, question: str, chosen: PaperFilter = PaperFilter(), *, of_list: bool = False, person: str = ""
    ) -> Plan:
        """Read a question that stands alone; a filter given by the reader always stays.

        `of_list` tells that it speaks of papers listed before without naming them; `person` is the id of the one whom
        the reader chose among people of one name.
        """
        asked = quoting.asked(intents.in_english(question))
        masked = self._masked(asked)
        intent = self._read(masked, of_list)
        if intent.kind == "catalogue" and masked.papers and intent.measure not in ("authors_of", "details"):
            as_words = _papers_quoted(masked, asked)
            other = self._read(as_words, of_list)
            masked, intent = (masked, _AS_PROSE) if other.leftover else (as_words, other)
        if intent.kind == "passages" and any(not mention.is_sure for mention in masked.papers):
            as_words = _papers_quoted(masked, asked)
            other = self._read(as_words, of_list)
            masked, intent = (as_words, other) if other.kind == "synthesis" else (masked, intent)
        return self._worded(self._built(question, asked, masked, intent, chosen, person))

    def as_kind(self, plan: Plan, kind: PlanKind) -> Plan:
        """Return a plan as the reader wants it to be read: another kind of answer over the same papers."""
        measure = (plan.measure or "papers") if kind == "catalogue" else None
        if kind == "synthesis" and plan.kind != "synthesis":
            asked = quoting.asked(intents.in_english(plan.question))
            masked = self._masked(asked)
            bare = replace(plan, kind=kind, measure=None, limit=None)
            return self._worded(self._overview(bare, asked, masked, self._read(masked, False), ""))
        return self._worded(replace(plan, kind=kind, measure=measure, limit=plan.limit if measure else None))

    def restricted(self, plan: Plan, inherited: PaperFilter) -> Plan:
        """Return a plan over those papers only that the talk before left, unless it names its own."""
        return self._worded(replace(plan, chosen=filters.merged(inherited, plan.chosen)))

    def called(self, author: str) -> str:
        """Return the name of a person who stands in a filter."""
        with self.library.transaction() as connection:
            found = authors.find(connection, author)
        return found[0].name if len(found) == 1 else author

    def mentions(self, question: str) -> tuple[Mention, ...]:
        """Return what a question names of the library."""
        return self.gazetteer.mentions(intents.in_english(question))

    def period(self, question: str) -> Period | None:
        """Return the time that a question names."""
        return find_period(question, self.today())

    def _read(self, masked: _Masked, of_list: bool) -> Intent:
        """Read a masked question; where words are left that the library does not know, once more with them mended."""
        intent = intents.read(masked.text, of_list=of_list)
        unknown = self._unknown(intent)
        mended = masked.text
        for word in unknown:
            if near := _nearest_cue(word):
                mended = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", near, mended)
        if mended == masked.text:
            return intent
        other = intents.read(mended, of_list=of_list)
        return other if len(self._unknown(other)) < len(unknown) else intent

    def _unknown(self, intent: Intent) -> list[str]:
        """Return the words of the topic and of what nothing explains that no paper of the library holds."""
        words = [word for word in (*intent.leftover, *intent.topic.split()) if len(word) >= 3 and word.isalpha()]
        use = self.library.word_use(words, [])
        return [word for word in words if not use[word].count]

    def _built(
        self, question: str, asked: str, masked: _Masked, intent: Intent, chosen: PaperFilter, person: str
    ) -> Plan:
        corrections = tuple(
            (asked[mention.start : mention.end], mention.name)
            for mention in (*masked.people, *masked.papers)
            if mention.name and mention.corrects(asked)
        )
        papers = tuple(dict.fromkeys(paper for mention in masked.papers for paper in mention.values))
        is_sure = all(mention.is_sure for mention in masked.papers)
        plan = Plan(
            question,
            question,
            chosen,
            intent.kind,
            intent.measure,
            intent.limit,
            papers,
            is_sure,
            corrections=corrections,
        )
        if intent.kind == "about":
            return plan
        if intent.kind == "catalogue":
            catalogue = self._catalogue(plan, asked, masked, intent, person)
            if catalogue is not None:
                return catalogue
            plan = replace(plan, kind="passages", measure=None, limit=None)
        elif intent.kind == "passages" and not masked.papers:
            plan = self._routed(plan, masked, intent)
            if plan.kind == "catalogue":
                return self._catalogue(
                    plan, asked, masked, replace(intent, leftover=(), measure=plan.measure), person
                ) or (replace(plan, kind="passages", measure=None))
        return self._prose(plan, asked, masked, intent, person)

    def _routed(self, plan: Plan, masked: _Masked, intent: Intent) -> Plan:
        """Let the examples decide what no cue decides."""
        if self._profile_labels(masked.text):
            return replace(plan, kind="catalogue", measure="profile")
        route = self.router.route(masked.text)
        if route is None or (route.kind == "catalogue" and self._speaks_of_content(intent.leftover)):
            return plan
        return replace(plan, kind=route.kind, measure=route.measure)

    def _speaks_of_content(self, leftover: Sequence[str]) -> bool:
        """Tell whether words that nothing explains are words of the abstracts: then papers are read, not counted."""
        use = self.library.word_use(list(leftover), [])
        return sum(use[word].count > 0 for word in leftover) > 1

    def _profile_labels(self, text: str) -> bool:
        profiles = self.library.profiles()
        labels = {fold(label) for profile in profiles for label, _ in profile.statistics} - {"papers"}
        return bool(profiles) and any(f" {label} " in f" {fold(text)} " for label in labels | {"h index", "hindex"})

    def _catalogue(self, plan: Plan, asked: str, masked: _Masked, intent: Intent, person: str) -> Plan | None:
        """Return the plan of a question for the catalogue; None where something in it is not explained."""
        words: tuple[str, ...] = ()
        if intent.topic:
            found = self._topic(_unmasked(intent.topic, masked))
            if found is None and (intent.is_weak or intent.measure not in ("count", "per_year")):
                return None
            words = found or (_unmasked(intent.topic, masked),)
        author, unknown = "", ""
        if intent.leftover:
            unknown = _unknown_person(asked, intent.leftover)
            if not unknown:
                return None
        given = replace(self._filtered(plan.chosen, masked, intent, person), words=(*plan.chosen.words, *words))
        if self._profile_labels(masked.text):
            plan = replace(plan, measure="profile")
        given = replace(given, author=author or given.author)
        if not given.author and re.search(r"\b(?:he|she|his|her|hers|they|their)\b", masked.text):
            owners = {profile.name for profile in self.library.profiles()}
            given = replace(given, author=owners.pop(), position=intent.position) if len(owners) == 1 else given
        if plan.measure in ("authors_of", "details"):
            given = replace(given, author="", with_authors=(), has_code=None, position="")
        candidates = self._candidates(masked, person, unless=plan.chosen.author)
        return replace(plan, chosen=given, candidates=candidates, unknown_author=unknown)

    def _prose(self, plan: Plan, asked: str, masked: _Masked, intent: Intent, person: str) -> Plan:
        """Return the plan of a question that is answered in prose."""
        chosen = plan.chosen
        if plan.kind == "synthesis":
            return self._overview(plan, asked, masked, intent, person)
        subject = asked
        if len(masked.people) == 1 and not chosen.author:
            (mention,) = masked.people
            chosen = replace(chosen, author=person or _author(mention))
            subject = f"{asked[: mention.start]} {asked[mention.end :]}"
        if masked.period and _speaks_of_papers_then(masked):
            chosen = _in_period(chosen, masked.period)
        asks_for_papers = (
            re.search(rf"\b(?:which|what|other|list|are there)\b[^@]*\b{_HEAD}\b", masked.text) is not None
        )
        papers = () if asks_for_papers and len(plan.papers) == 1 else plan.papers
        return replace(plan, chosen=chosen, subject=" ".join(subject.split()) or asked, papers=papers)

    def _overview(self, plan: Plan, asked: str, masked: _Masked, intent: Intent, person: str) -> Plan:
        """Return the plan of an overview: the filter holds all that the question says of which papers are meant."""
        papers = plan.papers if plan.is_sure else ()
        masked = masked if papers else _papers_quoted(masked, asked)
        if masked.period and intents.asks_for_change(masked.text) and masked.period.until is None:
            masked = replace(masked, period=None)  # what changed since then shows only beside what was before
        chosen = self._filtered(plan.chosen, masked, intent, person)
        topic = "" if papers else _unmasked(intents.overview_topic(masked.text), masked)
        held, unknown = topics.select(self.library, topic, chosen).chosen, ""
        if self.library.count(held):
            chosen, topic = held, ""
        elif topic:
            said = asked[0].lower() + asked[1:] if intents.is_around_overviews(asked.split()[0]) else asked
            unknown = _unknown_person(said, topic.split())
        extreme, limit = intents.overview_extreme(masked.text)
        if extreme and not topic:
            papers = self._at_one_end(chosen, extreme, limit or _USUAL_EXTREMES)
        return replace(
            plan,
            chosen=chosen,
            papers=papers,
            is_sure=True,
            topic=topic,
            unknown_author=unknown,
            length=intents.overview_length(asked),
            candidates=self._candidates(masked, person, unless=plan.chosen.author),
        )

    def _at_one_end(self, chosen: PaperFilter, extreme: str, limit: int) -> tuple[str, ...]:
        """Return the ids of the newest, or the oldest, papers with a date that pass a filter."""
        found = [paper for paper in self.library.papers(chosen) if paper.date]
        found.sort(key=lambda paper: paper.date, reverse=extreme == "newest")
        return tuple(paper.id for paper in found[:limit])

    def _filtered(self, chosen: PaperFilter, masked: _Masked, intent: Intent, person: str) -> PaperFilter:
        """Add to the reader's filter what the question says; the reader's stays."""
        people = list(masked.people)
        names = [_author(mention) for mention in people]
        if person and people:
            ambiguous = next((place for place, mention in enumerate(people) if len(mention.values) > 1), 0)
            names[ambiguous] = person
        apart = [
            name
            for place, name in enumerate(names)
            if re.search(
                rf"\b(?:without|excluding|not (?:by|with)|but not|except(?: for)?)(?: with| by)? @a{place}\b",
                masked.text,
            )
        ]
        joint = [name for name in names if name not in apart]
        if len(joint) > 1 and _OR.search(masked.text):
            ids = [self.library.ids(PaperFilter(author=name)) for name in joint]
            chosen = replace(chosen, among=tuple(sorted(set[str]().union(*ids))))
            joint = []
        if joint and not chosen.author:
            chosen = replace(chosen, author=joint[0], with_authors=(*chosen.with_authors, *joint[1:]))
        chosen = replace(chosen, without_authors=(*chosen.without_authors, *apart))
        if masked.period:
            chosen = _in_period(chosen, masked.period)
        return replace(
            chosen,
            category=chosen.category or masked.category,
            venue=chosen.venue or masked.venue,
            has_code=intent.has_code if chosen.has_code is None else chosen.has_code,
            position=chosen.position
            or (intent.position if chosen.author and intent.measure != "per_first_author" else ""),
        )

    def _topic(self, topic: str) -> tuple[str, ...] | None:
        """Return the phrases by which papers on a topic are found: the phrase, else its words; None without any."""
        words = tuple(content_words(fold(topic)))
        tries = [(topic,), words if len(words) <= _MOST_TOPIC_WORDS else ()]
        return next((words for words in tries if words and self.library.count(PaperFilter(words=words))), None)

    def _candidates(self, masked: _Masked, person: str, unless: str) -> tuple[Candidate, ...]:
        """Return the people among whom the reader is to choose; none where it is clear who is meant."""
        unclear = next((mention for mention in masked.people if len(mention.values) > 1), None)
        if person or unless or unclear is None:
            return ()
        with self.library.transaction() as connection:
            persons = [
                found for value in unclear.values[:_MOST_CANDIDATES] for found in authors.find(connection, value)[:1]
            ]
            known = {person.id: person for person in persons}
            return tuple(Candidate(each.id, each.name, _told_apart(connection, each)) for each in known.values())

    def _worded(self, plan: Plan) -> Plan:
        """Say the plan to a person."""
        named = [plan.chosen.author, *plan.chosen.with_authors, *plan.chosen.without_authors]
        return replace(plan, words=plan_in_words(plan, {name: self.called(name) for name in named if name}))

    def _masked(self, asked: str) -> _Masked:
        """Put marks in the place of what the library knows, and of times."""
        asked = asked.replace("@", " ").replace("#", " ")
        period = find_period(asked, self.today())
        mentions = [
            mention
            for mention in self.gazetteer.mentions(asked)
            if not (period and mention.start < period.end and period.start < mention.end and mention.kind != "paper")
        ]
        if period and any(m.start < period.end and period.start < m.end for m in mentions):
            period = None  # the year is a part of a title
        is_named = any(mention.kind == "paper" for mention in mentions)
        if is_named and not intents.compares(asked):
            mentions = [mention for mention in mentions if mention.kind != "held"]
        groups: dict[str, list[Mention]] = {"author": [], "paper": [], "quoted": []}
        marks: list[tuple[int, int, str]] = [(period.start, period.end, " @d0 ")] if period else []
        for mention in mentions:
            kind = "paper" if mention.kind == "held" else mention.kind
            group = groups[kind]
            marks.append((mention.start, mention.end, f" @{kind[0]}{len(group)} "))
            group.append(mention)
        text = asked
        for start, end, mark in sorted(marks, reverse=True):
            text = f"{text[:start]}{mark}{text[end:]}"
        text, category = self._category(text)
        text, venue = self._venue(text)
        text = re.sub(r"['’]s\b", " ", text.replace("’", "'"))
        text = re.sub(r"(@[apq]\d+)\s+'s\b", r"\1", text)
        return _Masked(
            " ".join(text.casefold().split()),
            tuple(groups["author"]),
            tuple(groups["paper"]),
            tuple(groups["quoted"]),
            period,
            category,
            venue,
        )

    def _category(self, text: str) -> tuple[str, str]:
        """Mark a category that papers of the library have, where papers are said to be in it."""
        with self.library.transaction() as connection:
            known = list(connection.execute(select(categories_table.c.category).distinct()).scalars())
        for code in sorted(known, key=len, reverse=True):
            said = {form for form in (code, *categories.forms(code)) if len(form) > 1}
            names = "|".join(re.escape(form).replace(r"\ ", r"[\s.-]+") for form in sorted(said, key=len, reverse=True))
            patterns = (
                rf"\b(?P<c>(?:{names}))(?=\s+(?:@d\d+\s+)?{_HEAD}\b)",
                (
                    rf"\b{_HEAD}\b[^@?]{{0,24}}?\b(?:in|from|on|of|under|about|to)\s+(?:the\s+)?"
                    r"(?:categor\w+\s+|area\s+(?:of\s+)?|field\s+(?:of\s+)?|subject\s+)?"
                    rf"(?P<c>(?:{names}))(?!\s+(?!by|from|in|since|are|were|@)\w)\b"
                ),
                rf"\bcategor(?:y|ies)\s+(?P<c>(?:{names}))\b",
                rf"^(?:and|what about|how about|only|in|or)\s+(?:in\s+|from\s+)?(?P<c>(?:{names}))\W*$",
                rf"\b(?:are|is|were|was)\s+(?:in|from|of)\s+(?:the\s+)?(?P<c>(?:{names}))\W*$",
            )
            for pattern in patterns:
                if found := re.search(pattern, text, re.IGNORECASE):
                    return f"{text[: found.start('c')]} @c0 {text[found.end('c') :]}", code
        return text, ""

    def _venue(self, text: str) -> tuple[str, str]:
        """Mark a venue of the library that papers are said to be from."""
        with self.library.transaction() as connection:
            for found in _VENUE.finditer(text):
                name = found["name"] or found["adjective"]
                words = name.split()
                while words:
                    said = " ".join(words)
                    if venues_named(connection, said):
                        start = found.start("name") if found["name"] else found.start("adjective")
                        return f"{text[:start]} @v0 {text[start + len(said) :]}", said
                    words.pop()
        return text, ""


def _author(mention: Mention) -> str:
    """Return what the filter says of a person: their id where it is clear who is meant, else the name."""
    return mention.values[0] if len(mention.values) == 1 else mention.name


def _told_apart(connection: Connection, person: authors.Person) -> str:
    """Return what tells a person from others of the name: papers, years, whom they write with."""
    ids = person.paper_ids
    others = [each.name for each in authors.among(connection, ids) if each.id != person.id][:3]
    query = select(func.min(papers_table.c.year), func.max(papers_table.c.year)).where(
        papers_table.c.id.in_(ids[:5000])
    )
    first, last = connection.execute(query).one()
    years = "" if first is None else f", {first}" if first == last else f", {first} to {last}"
    return f"{counted(len(ids), 'paper')}{years}{f', with {joined(others)}' if others else ''}"


def _in_period(chosen: PaperFilter, period: Period) -> PaperFilter:
    if chosen.since is not None or chosen.until is not None:
        return chosen
    return replace(chosen, since=period.since, until=period.until, first_day=period.first_day, last_day=period.last_day)


def _speaks_of_papers_then(masked: _Masked) -> bool:
    """Tell whether the time is when papers appeared: "WMT 2014" and "the 2018 world cup" are names."""
    return (
        re.search(
            rf"@d0 {_HEAD}\b|\b{_HEAD}\b[^@]{{0,30}}@d0|@a\d+[^@]{{0,40}}@d0|@d0[^@]{{0,12}}@a\d"
            r"|\bpublished\b[^@]{0,12}@d0",
            masked.text,
        )
        is not None
    )


def _papers_quoted(masked: _Masked, asked: str) -> _Masked:
    """Read the papers that a question names as words that other papers hold: "which papers mention BeamLoRA?"."""
    count = len(masked.quoted)
    text = re.sub(r"@p(\d+)", lambda mark: f"@q{count + int(mark.group(1))}", masked.text)
    said = [
        mention if mention.corrects(asked) else replace(mention, name=asked[mention.start : mention.end])
        for mention in masked.papers
    ]
    return replace(masked, text=text, papers=(), quoted=(*masked.quoted, *said))


def _unmasked(topic: str, masked: _Masked) -> str:
    """Return a topic with the words that its marks stand for."""
    return re.sub(r"@q(\d+)", lambda mark: masked.quoted[int(mark.group(1))].name, topic)


def _unknown_person(asked: str, leftover: Sequence[str]) -> str:
    """Return the words that nothing explains where they stand as a person's name: capitalised, where one may stand."""
    name = r"(?P<name>[A-Z][\w.'-]*(?:\s+(?:van|von|de|der|la|del|di|da|bin|al|[A-Z][\w.'-]*)){1,4})"
    patterns = (
        rf"\b(?:by|from|author|of)\s+{name}",
        rf"\b(?:did|does|has|have|with)\s+{name}",
        rf"(?:^|[a-z] ){name}(?:'s|’s)",
        rf"\b{name}(?:'s|’s)\s+(?:\w+[\s-])*(?:{_HEAD}|co-?authors?|h-index|collaborators?)",
    )
    for pattern in patterns:
        if (found := re.search(pattern, asked)) and set(fold(found["name"]).split()) >= set(
            fold(" ".join(leftover)).split()
        ):
            return re.sub(r"['’]s$", "", found["name"])
    return ""


def _nearest_cue(word: str) -> str:
    found = process.extractOne(word, intents.vocabulary(), scorer=fuzz.ratio, score_cutoff=_NEAR_CUE)
    return found[0] if found else ""
