"""What author pages say of their owners, as they say it, and where their figures contradict each other."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from assistant.catalogue.reply import Asked, Draft, Line
from assistant.library import count, profiles
from assistant.text import counted, date_in_words, fold, joined, one_line, plain, same_person
from assistant.types import PaperFilter

_FIGURE = re.compile(r"(\d[\d.,]*)([kKM]?)")
_TIMES = {"": 1, "k": 1_000, "K": 1_000, "M": 1_000_000}


def profile(asked: Asked) -> Draft:
    """Say what each page of the asked author, or every page, tells: the newest first; and name its contradictions."""
    author = asked.chosen.author
    called = asked.names.get(author, author)
    rows = asked.connection.execute(select(profiles).order_by(profiles.c.as_of.desc(), profiles.c.name))
    pages = [row for row in rows if not author or same_person(called, row.name)]
    if not pages:
        whose = f" of {plain(called)}" if author else ""
        text = f"No author page{whose} is in the library; the figures of an author stand only there."
        return Draft((Line(text),), (), 0)
    lines: list[Line] = []
    told: list[dict[str, Any]] = []
    for page in pages:
        figures = [(one_line(str(label)), one_line(str(value))) for label, value in json.loads(page.statistics)]
        wrong = [*contradictions(dict(figures)), *_against_library(asked, page.name, dict(figures))]
        lines.append(Line(_said(page.name, page.category, page.as_of, figures)))
        lines += [Line(f"- But {text}") for text in wrong]
        told.append(
            {
                "name": one_line(page.name),
                "category": one_line(page.category),
                "as_of": page.as_of,
                "statistics": dict(figures),
                "contradictions": wrong,
                "paper_ids": [],
            }
        )
    return Draft(tuple(lines), tuple(told), len(pages))


def contradictions(figures: Mapping[str, str]) -> list[str]:
    """Return what cannot be true together of a page's figures, each as a sentence.

    By the definition of the h-index (Hirsch, 2005) h papers have h citations each: h is at most the number of papers,
    and h squared at most the number of citations.
    """
    h_index, stated, cited = (_figure(figures, name) for name in ("h index", "papers", "citations"))
    found: list[str] = []
    if h_index is not None and stated is not None and h_index > stated:
        found.append(
            f"an h-index of {h_index:,} needs at least {counted(h_index, 'paper')}, and the page states {stated:,}: "
            "both cannot be true of the same papers."
        )
    if h_index is not None and cited is not None and h_index**2 > cited:
        found.append(
            f"an h-index of {h_index:,} needs at least {counted(h_index**2, 'citation')} ({h_index:,} times "
            f"{h_index:,}), and the page states {cited:,}."
        )
    return found


def _against_library(asked: Asked, name: str, figures: Mapping[str, str]) -> list[str]:
    stated = _figure(figures, "papers")
    held = count(asked.connection, PaperFilter(author=name))
    if stated is None or stated == held:
        return []
    return [f"the page states {counted(stated, 'paper')}, and the library holds {held:,} by {plain(name)}."]


def _said(name: str, category: str, as_of: str, figures: list[tuple[str, str]]) -> str:
    said = [f"{plain(label)} {plain(value)}" for label, value in figures]
    field = f" (category {plain(category)})" if category else ""
    read = f", read on {date_in_words(as_of)}," if as_of else ""
    return f"The author page of {plain(name)}{field}{read} says: {joined(said) or 'no figures'}."


def _figure(figures: Mapping[str, str], name: str) -> int | None:
    """Return a figure of the page as a number, where it is one: "1,234" is 1234, "1.2k" 1200."""
    value = next((value for label, value in figures.items() if fold(label) in (name, name.removesuffix("s"))), "")
    match = _FIGURE.fullmatch(value.strip())
    if not match:
        return None
    digits, times = match.groups()
    try:
        return int(float(digits.replace(",", "")) * _TIMES[times])
    except ValueError:
        return None
