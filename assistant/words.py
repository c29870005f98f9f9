"""The words of a question or sentence that tell its subject."""

from __future__ import annotations

import re

STOP_WORDS = frozenset(
    "a about all also am an and any are as at be been being but by can could did do does done for from had has have "
    "how i if in into is it its me my no nor not of on or our shall should so some such than that the their them then "
    "there these they this those to us was we were what when where which who whom whose why will with would you your "
    "paper papers abstract abstracts author authors say says tell work works worked working research publication "
    "publications published publish topic topics much many more most less least very other".split()
)
"""Words of questions that tell nothing of their subject; fewer words also make the search faster."""

_WORDS = re.compile(r"[^\W_]+")


def content_words(question: str, *, or_all: bool = True) -> list[str]:
    """Return the words of a question that may tell its subject, in order, each once, in lower case.

    Where there is none, all its words are returned, or none unless `or_all`.
    """
    words = dict.fromkeys(_WORDS.findall(question.casefold()))
    kept = [word for word in words if word not in STOP_WORDS]
    return kept or (list(words) if or_all else [])
