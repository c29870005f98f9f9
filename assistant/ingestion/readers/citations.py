"""What the records of bibliographic databases share, however they are written: dates, titles, abstracts, names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.ingestion.readers.fields import joined
from assistant.ingestion.readers.latex import to_text

IN_BRACKETS = re.compile(r"\[(.*)\]\.?", re.DOTALL)
FULL_STOP = re.compile(r"(?<![.\s])(?<!\.[A-Z])\.$")
NOT_AVAILABLE = re.compile(r"\[?\s*(?:Not Available|No title available|In Process Citation)\.?\s*\]?\.?", re.IGNORECASE)
ABSTRACT_ELSEWHERE = re.compile(r"(?:Publisher:?\s*)?Abstract available from the publisher\.?", re.IGNORECASE)


def most_precise(dates: Sequence[str]) -> str:
    """Return the first date that is known, in the words of a later one that only adds a month or a day to it."""
    known = [date for date in dates if date]
    return max((date for date in known if date.startswith(known[0])), key=len, default="")


def title_of(*texts: str) -> str:
    """Return the first of these that is a title, without the brackets of a translation and without a full stop."""
    titles = (" ".join(text.split()) for text in texts if not NOT_AVAILABLE.fullmatch(text.strip()))
    title = next((title for title in titles if title), "")
    bracketed = IN_BRACKETS.fullmatch(title)
    inner = bracketed[1] if bracketed and not re.search(r"[\[\]]", bracketed[1]) else title
    return FULL_STOP.sub("", inner.strip())


def abstract_of(*texts: str) -> str:
    """Return the first of these that is an abstract and does not merely say where one is."""
    stripped = (text.strip() for text in texts)
    return next((text for text in stripped if text and not ABSTRACT_ELSEWHERE.fullmatch(text)), "")


def person(given: str, family: str, suffix: str = "") -> str:
    """Return a name as it is spoken, with the suffix after a comma."""
    name = to_text(joined([given, family]))
    return f"{name}, {to_text(suffix)}" if suffix.strip() else name
