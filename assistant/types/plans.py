"""Plans: what a question means, one class for each kind of answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assistant.types.papers import PaperFilter

PlanKind = Literal["catalogue", "passages", "comparison", "synthesis", "about", "clarification"]
Length = Literal["short", "medium", "long"]
Measure = Literal[
    "count",
    "papers",
    "newest",
    "oldest",
    "per_year",
    "years_ranked",
    "per_category",
    "per_venue",
    "per_author",
    "per_first_author",
    "per_last_author",
    "coauthors",
    "by_author_count",
    "authors_of",
    "details",
    "profile",
]
"""What is asked of the catalogue: a number, a list, the latest, how many a year, who wrote with whom ..."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person who may be meant by a name: `id` chooses them, `words` tell them apart from the others."""

    id: str
    name: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BasePlan:
    """What every plan says: the question, standing alone, and which papers are meant.

    `papers` are the ids of the papers that the question names. `corrections` tell where a name was read in another
    spelling: (as asked, as read). `words` say the plan to a person. `language` is the code of the language that was
    asked in: "en", "de".
    """

    question: str
    filter: PaperFilter = PaperFilter()
    papers: tuple[str, ...] = ()
    corrections: tuple[tuple[str, str], ...] = ()
    words: str = ""
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class PassagesPlan(BasePlan):
    """A question that is answered in prose from the abstracts found for it.

    `subject` is what is searched for: the question without what the filter says already. `is_exact` is False where
    papers are named by some words of their titles only.
    """

    kind: Literal["passages"] = "passages"
    subject: str
    is_exact: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonPlan(BasePlan):
    """A comparison of the papers named."""

    kind: Literal["comparison"] = "comparison"


@dataclass(frozen=True, slots=True, kw_only=True)
class CataloguePlan(BasePlan):
    """A question for the catalogue: a number, a list, a ranking, a fact.

    A ranking is `ascending` where the fewest, the lowest or the oldest stand first. `place` asks for that place alone,
    counted from 1. `least` and `most` are the numbers of papers, inclusive, that those have who are ranked. Of people
    only those in `ranked` are named, where there are any, and none in `left_out`. `manner` is how it is said beside the
    number: whether there are any, or how they are written into a file. `unknown_author` is a name that nobody in the
    library has.
    """

    kind: Literal["catalogue"] = "catalogue"
    measure: Measure
    limit: int | None = None
    ascending: bool = False
    place: int | None = None
    least: int | None = None
    most: int | None = None
    ranked: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    manner: Literal["", "yes_no", "export"] = ""
    unknown_author: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewPlan(BasePlan):
    """An overview of every paper that is meant.

    `topic` is what it is about, where not its words alone choose the papers.
    """

    kind: Literal["synthesis"] = "synthesis"
    topic: str = ""
    length: Length = "medium"
    unknown_author: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutPlan(BasePlan):
    """A question about the assistant itself."""

    kind: Literal["about"] = "about"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClarificationPlan(BasePlan):
    """A question that cannot be answered before its reader says more: one of the `candidates`, or what `asks` asks.

    `intended` is the plan that is carried out once one of the candidates is chosen.
    """

    kind: Literal["clarification"] = "clarification"
    candidates: tuple[Candidate, ...] = ()
    intended: CataloguePlan | OverviewPlan | None = None
    asks: str = ""


Plan = PassagesPlan | ComparisonPlan | CataloguePlan | OverviewPlan | AboutPlan | ClarificationPlan
"""What a question means; its `kind` tells which."""
