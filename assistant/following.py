"""A question that follows up on the talk to one that stands alone: what "it", "those", "the second one" mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from assistant import filters
from assistant.names import fold
from assistant.planning import Planner
from assistant.types import Candidate, Paper, PaperFilter, Plan, Turn

_THINGS = (
    r"(?:ones?|papers?|publications?|articles?|works?|methods?|models?|approach(?:es)?|stud(?:y|ies)|results?"
    r"|entr(?:y|ies)|sources?)"
)
_PAPER_THING = (
    r"(?:paper|publication|article|work|method|model|approach|framework|system|study|technique|algorithm|dataset"
    r"|benchmark)"
)
_ORDINALS = {
    word: number
    for number, words in enumerate(
        (
            "first 1st one",
            "second 2nd two",
            "third 3rd three",
            "fourth 4th four",
            "fifth 5th five",
            "sixth 6th six",
            "seventh 7th seven",
            "eighth 8th eight",
            "ninth 9th nine",
            "tenth 10th ten",
        ),
        1,
    )
    for word in words.split()
}
_ORDINAL = "|".join(
    word for word in _ORDINALS if word not in "one two three four five six seven eight nine ten".split()
)
_NTH = re.compile(
    rf"\b(?:the\s+)?(?P<nth>{_ORDINAL}|last|latter|former)\s+"
    rf"(?:one|entry|result|source|of\s+(?:those|these|them)(?:\s+{_THINGS})?"
    rf"|{_THINGS}\s+(?:of|in|on)\s+(?:the|that|this|your)\s+list)\b"
    r"|\b(?:the\s+)?(?P<other>second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|2nd|3rd|[4-9]th|latter|former)"
    rf"(?:\s+{_THINGS})?\b(?!\s+author)"
    r"|\b(?:the\s+)?(?P<firstpaper>first|last)\s+(?:paper|publication|article)\b"
    r"(?=.*\b(?:about|propose|say|find|use|do|does|show|evaluat|claim|achiev|improv)\w*)"
    r"|\b(?:number|no\.?|nr\.?|paper|source|item|entry)\s+#?(?P<number>\d{1,2})\b"
    r"|#(?P<hash>\d{1,2})\b|\[(?P<mark>\d{1,2})\]",
    re.IGNORECASE,
)
_CHOICE = re.compile(
    rf"^(?:i mean(?:t)? |the |choose |take )*(?P<nth>{_ORDINAL}|last|\d{{1,2}})(?: one| person| author)?[.!)]*$",
    re.IGNORECASE,
)
_SET = re.compile(
    r"\b(?:(?:of|among|from|in|about|out of|for|are|do|does|did|have|were|list|show(?: me)?|compare|summari[sz]e)\s+"
    rf"(?:all\s+)?)?(?P<set>(?:those|these)(?:\s+(?:\d+|two|three|four|five|six))?(?:\s+{_THINGS})?|them(?: all)?"
    r"|the\s+above|(?:that|this|the)\s+list)\b",
    re.IGNORECASE,
)
_WHICH_ONE = re.compile(
    r"^(?:and\s+)?which\s+(?:ones?|of\s+(?:the\s+)?(?:two|three|papers)|(?:is|are|was|were|has|have)\b)", re.IGNORECASE
)
_THAT_SET = re.compile(r"\b(?:they|their)\b", re.IGNORECASE)
_IT = re.compile(
    rf"\b(?P<its>its|(?:this|that|the)\s+{_PAPER_THING}(?:'s|’s))\b"
    rf"|\b(?P<it>it|(?:this|that|the(?:\s+same)?)\s+{_PAPER_THING}|this|that(?=\s*(?:\?|$)))\b",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"\b(?P<their>his|her(?=\s+\w)|hers|their|the\s+author(?:'s|’s))\b"
    r"|\b(?P<they>he|she|him|her|they|them|(?:this|that|the)\s+(?:author|person|researcher))\b",
    re.IGNORECASE,
)
_ELLIPSIS = re.compile(
    r"^(?:and|or|but|also|then|now|ok(?:ay)?|what about|how about|what of|same(?: question)?(?: for)?|and what about"
    r"|and how about)\b[\s,:]*"
    r"|^(?=(?:in|from|since|before|after|between|by|with|without|only|for|as|at)\b)",
    re.IGNORECASE,
)
_WHY = re.compile(
    r"^(?:and\s+)?(?:why|how so|how come|how|really|are you sure|in what way|what else|more|tell me more|go on|explain"
    r"|elaborate)\W*$",
    re.IGNORECASE,
)
_TIME_LEAD = re.compile(r"(?:in|from|since|of|for|before|after|until)\b", re.IGNORECASE)
_TOPIC = re.compile(r"\b(?:on|about|regarding|of)\s+(?P<topic>[^?.!]+)[?.!]*$", re.IGNORECASE)
_LONGEST_ELLIPSIS = 9
"""Words of a question that may be only a change to the one before."""

_LONGEST_BEFORE = 300
"""Characters of the question before that another is put behind."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A question that stands alone. `chosen` are the papers that it inherits; `of_list` tells that it speaks of a list.

    `person` is the id of the one whom the reader chose among people of one name. `plan` is the plan itself, where the
    question only changes the one before.
    """

    question: str
    chosen: PaperFilter = PaperFilter()
    of_list: bool = False
    person: str = ""
    plan: Plan | None = None


Papers = Callable[[Sequence[str]], list[Paper]]
"""Returns the papers with these ids."""


def standalone(question: str, history: Sequence[Turn], planner: Planner, papers: Papers) -> Followed:
    """Return the question with what it refers back to in it; a new topic drags nothing of the talk along."""
    if not history:
        return Followed(question)
    last = history[-1]
    if last.plan and last.plan.candidates and (chosen := _choice(question, last.plan.candidates)):
        return Followed(last.standalone_question or last.question, person=chosen.id)
    if _WHY.match(question):
        return Followed(_behind(question, last))
    named = _nth(question, history, papers)
    if named and not _ELLIPSIS.match(named):
        return Followed(named)
    if refined := _of_those(question, history):
        return refined
    if changed := _changed(named or question, history, planner):
        return changed
    question = _person(question, history, planner) or question
    return Followed(_it(question, history, papers) or question)


def _choice(question: str, candidates: Sequence[Candidate]) -> Candidate | None:
    """Return the person whom a short answer chooses: by number, by id, by name or by what tells them apart."""
    said = question.strip().rstrip(".!?")
    if found := _CHOICE.match(said):
        number = _ORDINALS.get(found["nth"].casefold()) or (
            len(candidates) if found["nth"].casefold() == "last" else int(found["nth"]) if found["nth"].isdigit() else 0
        )
        return candidates[number - 1] if 0 < number <= len(candidates) else None
    words = set(fold(said).split()) - {"the", "one", "i", "mean", "meant", "with", "who", "works", "wrote", "papers"}
    fitting = [
        each for each in candidates if words and words <= set(fold(f"{each.id} {each.name} {each.words}").split())
    ]
    return fitting[0] if len(fitting) == 1 else None


def _nth(question: str, history: Sequence[Turn], papers: Papers) -> str:
    """Put the title of the paper at a place of the last list in the question; "" where it names no place."""
    found = _NTH.search(question)
    listed = next((turn.paper_ids for turn in reversed(history) if len(turn.paper_ids) > 1), history[-1].paper_ids)
    if not found or not listed:
        return ""
    said = next(value for value in found.groupdict().values() if value).casefold()
    count = len(listed)
    place = {"last": count, "latter": min(count, 2), "former": 1}.get(said) or _ORDINALS.get(said) or int(said)
    if not 0 < place <= count or (count == 1 and said not in ("first", "last", "1")):
        return ""
    known = papers([listed[place - 1]])
    return _put(question, found.start(), found.end(), _called(known[0])) if known else ""


def _of_those(question: str, history: Sequence[Turn]) -> Followed | None:
    """Restrict the question to the papers of the last answer, where it says "those" or the like."""
    last = history[-1]
    many = _is_list(last)
    found = (_SET.search(question) or _WHICH_ONE.match(question)) if many else None
    if found is None and many and last.plan and not last.plan.chosen.author:
        found = _THAT_SET.search(question)
    if found is None:
        return None
    inherited = _listed(last)
    return Followed(question, inherited, of_list=True)


def _is_list(turn: Turn) -> bool:
    return len(turn.paper_ids) > 1 or (
        turn.plan is not None and turn.plan.kind == "catalogue" and turn.plan.measure in ("count", "papers", "per_year")
    )


def _listed(turn: Turn) -> PaperFilter:
    """Return the filter of the papers that an answer spoke of: the whole list, also what was not shown of it."""
    plan = turn.plan
    if plan and plan.kind == "catalogue" and plan.measure not in ("newest", "oldest", "authors_of", "details"):
        return plan.chosen
    return PaperFilter(among=turn.paper_ids)


def _changed(question: str, history: Sequence[Turn], planner: Planner) -> Followed | None:
    """Put a change ("and in 2024?", "what about DIVE?") into the question before."""
    opening = _ELLIPSIS.match(question)
    if opening is None or len(question.split()) > _LONGEST_ELLIPSIS:
        return None
    last = history[-1]
    before = last.standalone_question or last.question
    rest = question[opening.end() :].strip(" ?.!")
    if not rest or re.match(r"(?:what|which|who|when|where|why|how|does|did|is|are|can)\b", rest, re.IGNORECASE):
        return None
    is_counted = last.plan is not None and last.plan.kind == "catalogue"
    counted = next((turn for turn in reversed(history) if turn.plan and turn.plan.kind == "catalogue"), None)
    if counted and counted.plan:
        probe = planner.plan(rest if re.search(r"\bpapers?\b", rest) else f"papers {rest}")
        if probe.kind == "catalogue" and (is_counted or probe.measure != "papers"):
            text = _replaced(counted.standalone_question or counted.question, rest, planner, with_topic=False)
            return Followed(text, plan=_changed_plan(counted.plan, probe, text))
    return Followed(_replaced(before, rest, planner, with_topic=True), _kept_set(last))


def _changed_plan(before: Plan, change: Plan, question: str) -> Plan:
    """Return a plan for the catalogue with another filter, or asking another thing of it, as the change says."""
    chosen = filters.merged(before.chosen, replace(change.chosen, words=()))
    measure = before.measure if change.measure == "papers" else change.measure
    return replace(
        before,
        question=question,
        subject=question,
        measure=measure,
        limit=change.limit,
        chosen=replace(chosen, words=change.chosen.words or before.chosen.words),
        candidates=change.candidates,
        unknown_author=change.unknown_author,
        corrections=change.corrections,
    )


def _kept_set(last: Turn) -> PaperFilter:
    """Return the papers to which the question before was restricted by the talk."""
    among = last.plan.chosen.among if last.plan else None
    return PaperFilter(among=among)


def _replaced(before: str, rest: str, planner: Planner, *, with_topic: bool) -> str:
    """Return the question before with what the new one names in the place of what is of the same kind there.

    Where nothing is of the same kind, a topic may take the place of the topic; anything else stands behind.
    """
    old_time, new_time = planner.period(before), planner.period(rest)
    if new_time and old_time:
        said = rest[new_time.start : new_time.end].strip()
        lead = _TIME_LEAD.match(before[old_time.start : old_time.end].strip())
        if lead and said[:1].isdigit():
            said = f"{lead.group()} {said}"
        changed = _put(before, old_time.start, old_time.end, said)
        remainder = f"{rest[: new_time.start]} {rest[new_time.end :]}".strip(" ?.!")
        return f"{changed.rstrip(' ?.!')} {remainder}?" if remainder else changed
    for kind in ("author", "paper"):
        mine = [mention for mention in planner.mentions(before) if mention.kind == kind]
        theirs = [mention for mention in planner.mentions(rest) if mention.kind == kind]
        if len(mine) == 1 and len(theirs) == 1:
            said = re.sub(r"['’]s$", "", rest[theirs[0].start : theirs[0].end])
            is_possessive = re.search(r"['’]s$", before[mine[0].start : mine[0].end])
            return _put(before, mine[0].start, mine[0].end, f"{said}'s" if is_possessive else said)
    topic = re.sub(r"^(?:on|about|regarding|of)\s+", "", rest)
    if with_topic and (tail := _TOPIC.search(before)) and not new_time and not planner.mentions(rest):
        return _put(before, tail.start("topic"), tail.end("topic"), topic)
    return f"{before.rstrip(' ?.!')} ({rest})?"


def _person(question: str, history: Sequence[Turn], planner: Planner) -> str:
    """Put the name of the author that the talk is about in the place of a pronoun; "" where there is none."""
    found = _PERSON.search(question)
    name = next(
        (turn.plan.chosen.author for turn in reversed(history[-2:]) if turn.plan and turn.plan.chosen.author), ""
    )
    if not found or not name:
        return ""
    name = planner.called(name)
    return _put(question, found.start(), found.end(), f"{name}'s" if found["their"] else name)


def _it(question: str, history: Sequence[Turn], papers: Papers) -> str:
    """Put the title of the paper that the talk is about in the place of "it", "its", "the method"; "" without one."""
    found = _IT.search(question) or _THAT_SET.search(question)
    focus = _focus(history)
    if not found or not focus or re.search(r"(?<!^)\b\w*[A-Z]\w*", question[: found.start()]):
        return ""
    known = papers([focus])
    if not known:
        return ""
    is_possessive = found.groupdict().get("its") or found.group().casefold() == "their"
    called = _called(known[0])
    return _put(question, found.start(), found.end(), f"{called}'s" if is_possessive else called)


def _focus(history: Sequence[Turn]) -> str:
    """Return the id of the paper that the talk is about: the one named, else the one first cited."""
    last = history[-1]
    if last.plan and len(last.plan.papers) >= 1 and last.plan.kind != "comparison":
        return last.plan.papers[0]
    return last.paper_ids[0] if last.paper_ids else ""


def _called(paper: Paper) -> str:
    """Return the short name of a paper, else its title in quotation marks."""
    short = re.split(r"\s*:\s|\s[-–—]\s", paper.title)[0].strip()
    name = short if len(short.split()) <= 3 and short != paper.title else paper.title
    return name if len(name.split()) == 1 else f"“{name.replace('“', '').replace('”', '')}”"


def _put(text: str, start: int, end: int, words: str) -> str:
    return (
        " ".join(f"{text[:start]} {words} {text[end:]}".split())
        .replace(" ?", "?")
        .replace(" ,", ",")
        .replace(" '", "'")
    )


def _behind(question: str, last: Turn) -> str:
    before = last.standalone_question or last.question
    return f"{before if len(before) <= _LONGEST_BEFORE else last.question[:_LONGEST_BEFORE]} {question}"
