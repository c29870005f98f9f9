"""Example questions, made of the papers of a library."""

from __future__ import annotations

import re
from collections import Counter

from assistant.library import Library

_MOST = 4
_PAPERS = 300
"""How many of the newest papers the questions are made of."""

_METHOD = re.compile(r"([A-Za-z][\w+.-]{1,24}(?: [A-Z\d][\w+.-]{0,16}){0,2}): ")
_ABBREVIATION = re.compile(r"\(([A-Z][A-Za-z]*[A-Z])s?\)")
_PLAIN_NAME = re.compile(r"[^\W\d_][\w .'’-]{2,40}")


def questions(library: Library) -> list[str]:
    """Return a few questions about the newest papers: a method, a person, a term. Only plain words enter them."""
    papers = library.papers(limit=_PAPERS)
    methods = list(dict.fromkeys(match.group(1) for paper in papers if (match := _METHOD.match(paper.title))))
    people = Counter(name for paper in papers for name in paper.authors if _PLAIN_NAME.fullmatch(name))
    explained = Counter(term for paper in papers for term in set(_ABBREVIATION.findall(paper.abstract)))
    terms = Counter({term: sum(term in paper.abstract for paper in papers) for term, _ in explained.most_common(10)})
    asked = [f"What does {name} propose?" for name in methods[:1]]
    asked += [f"What has {name} worked on?" for name in _frequent(people, len(papers))]
    asked += [f"What is {term}?" for term in _frequent(terms, max(2, len(papers) // 10))]
    asked += ["Who works most with whom?"] if people else []
    return asked[:_MOST]


def _frequent(counter: Counter[str], most: int) -> list[str]:
    """Return the word that occurs most often, of those that occur more than once and at most `most` times."""
    return [word for word, count in counter.most_common() if 1 < count <= most][:1]
