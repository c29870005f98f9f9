"""Authors: spellings of names joined to people, and what a person decided about them."""

from assistant.library.authors.decisions import Anchor, Decision
from assistant.library.authors.lookup import (
    Person,
    alike,
    among,
    are_known,
    attach,
    coauthors,
    find,
    former_roster,
    holder,
    roster,
    version,
)
from assistant.library.authors.roster import MOST_AUTHORS, Roster, RosterEntry, RosterOrder, RosterPair, RosterPart

__all__ = [
    "MOST_AUTHORS",
    "Anchor",
    "Decision",
    "Person",
    "Roster",
    "RosterEntry",
    "RosterOrder",
    "RosterPair",
    "RosterPart",
    "alike",
    "among",
    "are_known",
    "attach",
    "coauthors",
    "curation",
    "decisions",
    "find",
    "former_roster",
    "holder",
    "roster",
    "version",
]
