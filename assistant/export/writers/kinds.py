"""What kind of publication a paper is, told from the name of its venue: no source of ours says it."""

from __future__ import annotations

import re
from typing import Literal

from assistant.types import Paper

Kind = Literal["conference", "journal", "preprint"]

_MEETING = re.compile(
    r"\b(?:proceedings|proc\.|conference|conf\.|workshop|symposium|meeting|congress|findings of)(?!\w)", re.IGNORECASE
)
_MEETING_BY_LETTERS = re.compile(r"[A-Z]{2,10}(?:[-–/ ][A-Z]{2,10})?(?:[ ']\d{2,4})?(?: \(\w+\))?")
_PREPRINTS = re.compile(r"(?:arxiv|biorxiv|medrxiv|corr\b|ssrn|preprint)", re.IGNORECASE)


def kind_of(paper: Paper) -> Kind:
    """Return the kind: a preprint where there is no venue or only a server of preprints; capitals are a meeting's."""
    if not paper.venue or _PREPRINTS.match(paper.venue):
        return "preprint"
    is_meeting = _MEETING.search(paper.venue) or _MEETING_BY_LETTERS.fullmatch(paper.venue)
    return "conference" if is_meeting else "journal"
