"""Sentences on papers: the model's where it is proved, else the key sentence in the third person, else a quotation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assistant.analysis.summaries import aspects, third_person
from assistant.analysis.summaries.key_sentences import ranked
from assistant.analysis.summaries.survey import Survey
from assistant.analysis.summaries.third_person import Told
from assistant.text import STOP_WORDS, joined, plain, quotation, shares, stem
from assistant.types import Sentence, Span

_KEY_SENTENCES = 3
"""Sentences of an abstract, the best first, among which one is looked for that can be told alone."""

_USUAL = 0.01
"""Share of abstracts from which a word is hardly a name."""

_KINDS = ("Corrigendum", "Erratum", "Retraction", "Tutorial", "Keynote")
_UNNAMED = ("one paper", "another", "a further one")


def told(
    survey: Survey, numbers: Sequence[int], *, has_years: bool = False, lead: str = "", results: Sequence[int] = ()
) -> Iterator[Sentence]:
    """Yield a sentence a paper, in the order given, and behind those of `results` what came out.

    A paper that its sentence does not name is "one paper", "another". With `has_years` the first of each year says the
    year. `lead` stands before each. A paper without an abstract is named as a title only.
    """
    year, unnamed = "", 0
    for number in numbers:
        source = survey.source(number)
        opening = lead
        if has_years and (source.date[:4] or "no year") != year:
            year = source.date[:4] or "no year"
            opening = f"In {year}, " if source.date else "In a year that is not stated, "
        said, quote = _best(survey, number)
        if said is None:
            title = f"“{quotation(plain(source.title))}”"
            named = f"there is {title}." if source.abstract else f"there is {title} (title only)."
            said_of = f"{title} says: “{quotation(quote)}”" if quote else named
            quotations = (Span(number, quote),) if quote else ()
            yield Sentence(upper(f"{opening}{said_of}"), "exact", (number,), quotations)
            continue
        name = _short_name(source.title)
        if said.subject == "authors":
            subject = _people(source.authors)
        elif said.subject and name and name.casefold() not in said.text.casefold():
            subject = name
        elif said.subject:
            subject = "the paper" if len(numbers) == 1 and not lead else _UNNAMED[min(unnamed, len(_UNNAMED) - 1)]
            unnamed += 1
        else:
            subject = ""
        whole = f"{said.opening}{subject} {said.text}" if subject else _inside(said.text) if opening else said.text
        spans = tuple(Span(number, one) for one in ([quote] if quote else survey.lines[number].quotes))
        text = quotation(f"{opening}{whole}")
        yield Sentence(text if name and text.startswith(name) else upper(text), "supported", (number,), spans)
        if number in results:
            yield from _result(survey, number, quote)


def _best(survey: Survey, number: int) -> tuple[Told | None, str]:
    """Return the best sentence on a paper: the model's, or the key sentence, which then is the quotation too."""
    line, source = survey.lines.get(number), survey.source(number)
    if line and line.is_proved and (said := third_person.told(line.said)):
        return said, ""
    best = [key for key in ranked(source.title, source.abstract)[:_KEY_SENTENCES] if key and key in source.abstract]
    for key in best:
        if (said := third_person.told(key)) and said.subject and said.stands_alone:
            return said, key
    first = third_person.told(best[0]) if best else None
    return (first if first and first.stands_alone else None), best[0] if best else ""


def _result(survey: Survey, number: int, quote: str) -> Iterator[Sentence]:
    """Yield what came out of a paper, by its abstract, where that can be told; not what was told by `quote` already."""
    source = survey.source(number)
    found = aspects.find(source.abstract).result
    said = third_person.told(found) if found and found in source.abstract else None
    if said and said.stands_alone and found != quote:
        subject = {"authors": f"{_people(source.authors)} ", "paper": "the paper "}.get(said.subject, "")
        yield Sentence(
            upper(quotation(f"{said.opening}{subject}{said.text}")), "supported", (number,), (Span(number, found),)
        )


def _people(names: Sequence[str]) -> str:
    """Return who wrote a paper, as a subject in the plural."""
    if len(names) == 2:
        return joined([plain(name) for name in names])
    return f"{plain(names[0])} et al." if len(names) > 2 else "the authors"


def _short_name(title: str) -> str:
    """Return the name that a title begins with: "Blink" of "Blink: Dynamic Visual Tokens"; "" where there is none."""
    name, colon, _ = title.partition(":")
    words = name.split()
    if len(words) == 1 and (name in _KINDS or shares().get(stem(name.lower()), 0.0) >= _USUAL):
        return ""
    is_name = all(word[:1].isupper() or word[:1].isdigit() for word in words)
    has_mark = any(not word[1:].islower() for word in words)
    return plain(name) if colon and is_name and (len(words) == 1 or (len(words) == 2 and has_mark)) else ""


def _inside(sentence: str) -> str:
    """Return a sentence as it stands behind an opening: its first word small where it is hardly a name."""
    word = sentence.split(maxsplit=1)[0]
    is_usual = word.lower() in STOP_WORDS or shares().get(stem(word.lower()), 0.0) >= _USUAL
    return sentence[:1].lower() + sentence[1:] if is_usual and word[1:].islower() else sentence


def upper(sentence: str) -> str:
    """Return a sentence with a capital at its beginning."""
    return sentence[:1].upper() + sentence[1:]
