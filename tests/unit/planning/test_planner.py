"""From a request that was read to a plan, over a small library of people, papers, years and categories."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from assistant.errors import UsageError
from assistant.library import Library, labels, upsert
from assistant.planning import Gazetteer, Planner
from assistant.planning.intents import Kind, Named, Request, Slot
from assistant.types import (
    AuthorProfile,
    ComparisonPlan,
    Measure,
    PaperFilter,
    PassagesPlan,
    Plan,
    PlanKind,
    Record,
)
from tests.conftest import make_paper
from tests.fakes import MarkedReader, marked

PAPERS = (
    make_paper(
        "BeamLoRA: Beams of Adapters",
        "BeamLoRA treats each LoRA adapter as a beam of an ensemble.",
        authors=("Naibin Gu", "Peng Fu"),
        date="2025-02-19",
        categories=("cs.CL",),
        venue="Annual Meeting of the Association for Computational Linguistics",
    ),
    make_paper(
        "Light-PEFT: Early Pruning",
        "Light-PEFT prunes the foundation model early. It builds on LoRA.",
        authors=("Naibin Gu", "Xiyu Liu"),
        date="2024-06-06",
        categories=("cs.CL",),
        has_code=True,
    ),
    make_paper(
        "Orthogonal Rotations for Preference Optimization",
        "We introduce RoPO, which rotates weights for reinforcement learning.",
        authors=("Chenxu Yang", "Naibin Gu"),
        date="2024-09-23",
        categories=("cs.LG",),
    ),
    make_paper(
        "Blink: Visual Tokens",
        "Blink scans images as people do.",
        authors=("José María Ruiz", "Xiyu Liu"),
        date="2026-01-11",
        categories=("cs.CV",),
    ),
    make_paper("Locks and Keys of Locksmiths", "All about locks.", authors=("Wei Wang", "Ann Lee"), date="2020"),
    make_paper("Ships at Sea", "All about ships.", authors=("Ying Wang",), date="2021"),
)


@pytest.fixture
def planner(library: Library) -> Planner:
    upsert.store(library, [Record(paper, 1) for paper in PAPERS], "x")
    return Planner(library, MarkedReader(), Gazetteer(library), today=lambda: date(2026, 11, 25))


def titles(planner: Planner, plan: Plan) -> list[str]:
    return [paper.title.split(":")[0] for paper in planner.library.papers_by_id(plan.papers)]


def planned(planner: Planner, kind: Kind, text: str, **said: object) -> Plan:
    """Return the plan of a request whose passages are marked with what they name."""
    request = marked(kind, text, **said)
    planner.reader.requests[request.text] = request  # type: ignore[attr-defined]
    return planner.plan(request.text)


def chosen(planner: Planner, plan: Plan) -> list[str]:
    return sorted(paper.title.split(":")[0] for paper in planner.library.papers(plan.filter))


@pytest.mark.parametrize(
    "name", ["Naibin Gu", "naibin gu", "NAIBIN GU", "Gu Naibin", "N. Gu", "Nabin Gu", "Naibin Gü", "Gu"]
)
def test_a_person_is_found_in_every_spelling(planner: Planner, name: str) -> None:
    plan = planned(planner, "count", f"How many papers by {{{name}|author}} are there?")
    assert (plan.kind, plan.measure, planner.called(plan.filter.author)) == ("catalogue", "count", "Naibin Gu")


def test_a_name_that_was_not_marked_is_found_all_the_same(planner: Planner) -> None:
    assert planner.called(planned(planner, "list", "papers of Naibin Gu").filter.author) == "Naibin Gu"
    assert planner.called(planned(planner, "list", "papers of {Naibin|author} Gu").filter.author) == "Naibin Gu"


def test_a_name_read_in_another_spelling_is_said(planner: Planner) -> None:
    plan = planned(planner, "count", "How many papers by {Nabin Gu|author}?")
    assert plan.corrections == (("Nabin Gu", "Naibin Gu"),)
    assert "“Nabin Gu” read as “Naibin Gu”" in plan.words


def test_a_name_that_several_have_is_asked_back(planner: Planner) -> None:
    plan = planned(planner, "count", "How many papers by {Wang|author} are there?")
    assert {candidate.name for candidate in plan.candidates} == {"Wei Wang", "Ying Wang"}
    assert "with Ann Lee" in next(each.words for each in plan.candidates if each.name == "Wei Wang")


def test_a_name_that_nobody_has_is_told_as_such(planner: Planner) -> None:
    plan = planned(planner, "count", "How many papers did {John Smithers|author} publish?")
    assert (plan.kind, plan.unknown_author) == ("catalogue", "John Smithers")


ROPO = "Orthogonal Rotations for Preference Optimization"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Which papers did {Naibin Gu|author} publish in {2024|year}?", ["Light-PEFT", ROPO]),
        ("papers of {Naibin Gu|author} with {Xiyu Liu|co_author}", ["Light-PEFT"]),
        ("papers by {Naibin Gu|author} without {Peng Fu|not_author} since {2025|year_from}", []),
        ("papers by {Naibin Gu|author} but not from {2025|not_year}", ["Light-PEFT", ROPO]),
        ("papers by {Peng Fu|author} or {Chenxu Yang|author}", ["BeamLoRA", ROPO]),
        ("{peng naibin|author} papers", ["BeamLoRA"]),
        ("List the {computer vision|category} papers", ["Blink"]),
        ("papers in {machine learning|category}", [ROPO]),
        ("Which papers released code?", ["Light-PEFT"]),
        ("Which papers are about {LoRA|topic}?", ["BeamLoRA", "Light-PEFT"]),
        ("{LoRA|topic} papers without {pruning|not_topic}", ["BeamLoRA"]),
        ("papers on {images|topic} or on {ships|topic}", ["Blink", "Ships at Sea"]),
        ("papers with {beams|title_word} in the title", ["BeamLoRA"]),
        ("How many papers mention “{reinforcement learning|topic}”?", [ROPO]),
        ("papers before {2021|year_to}", ["Locks and Keys of Locksmiths"]),
        ("Arbeiten vor {2021|year_to}", ["Locks and Keys of Locksmiths"]),
        ("{2021|year_to}年以前的论文", ["Locks and Keys of Locksmiths"]),
        ("papers after {2025|year_from}", ["Blink"]),
        ("articles des {deux dernières années|year_from}", ["BeamLoRA", "Blink"]),
        ("papers of {2020|year} and {2024|year}", ["Light-PEFT", "Locks and Keys of Locksmiths", ROPO]),
        ("papers from June {2024|year}", ["Light-PEFT"]),
        ("papers at {ACL|venue}", ["BeamLoRA"]),
        ("papers other than at {ACL|not_venue} from {2025|year}", []),
        ("papers with {only one|exact_count} author", ["Ships at Sea"]),
        ("papers on {图像（images）|topic}", ["Blink"]),
    ],
)
def test_filters_are_linked_and_combined(planner: Planner, text: str, found: list[str]) -> None:
    language = "en" if text.isascii() or "“" in text else "fr"
    plan = planned(planner, "list", text, language=language)
    assert plan.kind == "catalogue"
    assert chosen(planner, plan) == found


@pytest.mark.parametrize(
    ("kind", "text", "said", "measure"),
    [
        ("ranking_people", "Who has most papers?", {}, "per_author"),
        ("ranking_people", "Who is first author most often?", {"position": "first"}, "per_first_author"),
        ("last_author", "Who is last author most often?", {"position": "last"}, "per_last_author"),
        ("ranking_years", "the year with the fewest", {"order": "asc"}, "years_ranked"),
        ("ranking_venues", "Where do people publish most?", {}, "per_venue"),
        ("per_year", "papers per year", {}, "per_year"),
        ("count", "How many people are there?", {"of": "people"}, "per_author"),
        ("count", "How many co-authors has {Naibin Gu|author}?", {"of": "people"}, "coauthors"),
        ("list", "Which paper has the most authors?", {"of": "authors"}, "by_author_count"),
        ("detail", "When did {BeamLoRA|title} appear?", {}, "details"),
        ("first_author", "Who is first author of {BeamLoRA|title}?", {"position": "first"}, "authors_of"),
        ("newest", "the latest paper", {}, "newest"),
    ],
)
def test_every_kind_has_its_measure(
    planner: Planner, kind: Kind, text: str, said: dict[str, object], measure: Measure
) -> None:
    plan = planned(planner, kind, text, **said)
    assert (plan.kind, plan.measure) == ("catalogue", measure)
    assert plan.ascending == (said.get("order") == "asc")


def test_how_many_and_which_place_are_read(planner: Planner) -> None:
    assert planned(planner, "newest", "the {three|limit} newest papers").limit == 3
    assert planned(planner, "oldest", "the two oldest papers").limit == 2
    assert planned(planner, "ranking_people", "Who comes second?").place == 2
    plan = planned(planner, "ranking_people", "Who has more than {two|min_count} papers?")
    assert (plan.least, plan.most) == (3, None)
    plan = planned(planner, "ranking_people", "Wer hat höchstens {2|max_count} Arbeiten?", language="de")
    assert (plan.least, plan.most) == (None, 2)


def test_who_is_left_out_of_a_ranking_keeps_their_papers_in_it(planner: Planner) -> None:
    plan = planned(planner, "ranking_people", "Who has most papers besides {Naibin Gu|not_author}?")
    assert (plan.left_out, plan.filter) == (("naibin-gu",), PaperFilter())


def test_people_are_compared_by_their_numbers(planner: Planner) -> None:
    plan = planned(planner, "comparison_people", "Who has more, {Naibin Gu|author} or {Xiyu Liu|author}?")
    assert (plan.measure, plan.ranked) == ("per_author", ("naibin-gu", "xiyu-liu"))


def test_whether_there_is_one_and_a_file_are_said_beside_the_list(planner: Planner) -> None:
    assert planned(planner, "yesno_catalogue", "Anything by {Naibin Gu|author}?").manner == "yes_no"
    assert planned(planner, "export", "{Naibin Gu|author} as BibTeX").manner == "export"


def test_what_follows_nothing_is_asked_back(planner: Planner) -> None:
    assert planned(planner, "followup", "and the second one?").asks


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("What does {BeamLoRA|title} propose?", ["BeamLoRA"]),
        ("what does {beamlora|title} propose", ["BeamLoRA"]),
        ("What does BeamLroA propose?", ["BeamLoRA"]),
        ("How does light peft prune?", ["Light-PEFT"]),
        ("What is {preference optimization|topic}?", [ROPO]),
        ("What does RoPO rotate?", [ROPO]),
        ("How are images scanned?", []),
        ("{BeamLoRA|title} 提出了什么？", ["BeamLoRA"]),
    ],
)
def test_papers_are_named_by_title_by_short_name_or_by_what_only_they_hold(
    planner: Planner, text: str, named: list[str]
) -> None:
    plan = planned(planner, "content", text)
    assert (plan.kind, titles(planner, plan)) == ("passages", named)


def test_two_papers_are_compared(planner: Planner) -> None:
    plan = planned(planner, "comparison_papers", "Compare {BeamLoRA|title} and Light-PEFT.")
    assert (plan.kind, sorted(titles(planner, plan))) == ("comparison", ["BeamLoRA", "Light-PEFT"])


@pytest.mark.parametrize(
    ("request_read", "kind"),
    [
        (marked("author_profile", "What has {Naibin Gu|author} worked on?"), "synthesis"),
        (marked("overview", "What are the main themes of the {2024|year} papers?"), "synthesis"),
        (marked("meta", "Hello!"), "about"),
        (marked("out_of_scope", "Tell me a joke", share=0.3), "passages"),
        (marked("content", "What does {Naibin Gu|author} say about {protein folding|topic}?"), "passages"),
    ],
)
def test_the_kind_of_a_question_is_told(planner: Planner, request_read: Request, kind: PlanKind) -> None:
    assert planner.composed(request_read).kind == kind


def test_a_year_in_a_name_is_no_filter_of_prose(planner: Planner) -> None:
    assert planned(planner, "content", "Who won the 2018 world cup?").filter.is_empty
    plan = planned(planner, "content", "What did the {2024|year} papers find out about pruning?")
    assert plan.filter == PaperFilter(since=2024, until=2024)


def test_an_author_in_a_question_of_content_restricts_the_search(planner: Planner) -> None:
    plan = planned(planner, "content", "What does {Naibin Gu|author} say about pruning?")
    assert (planner.called(plan.filter.author), plan.subject) == ("Naibin Gu", "What does say about pruning?")


def test_the_reader_s_own_filter_stays(planner: Planner) -> None:
    text = "How many papers did Naibin Gu publish in 2024?"
    planned(planner, "count", "How many papers did {Naibin Gu|author} publish in {2024|year}?")
    plan = planner.plan(text, PaperFilter(author="Xiyu Liu", since=2020))
    assert (plan.filter.author, plan.filter.since, plan.filter.until) == ("Xiyu Liu", 2020, None)


def test_a_figure_of_an_author_page_is_looked_up_there(planner: Planner) -> None:
    planner.library.save_profile(AuthorProfile("Naibin Gu", "CL", (("h-index", "45"),), "2026-11-23"), "page")
    assert planned(planner, "detail", "What is {Naibin Gu|author}'s h-index?").measure == "profile"


def test_the_plan_is_said_in_words(planner: Planner) -> None:
    plan = planned(planner, "count", "How many papers did {Naibin Gu|author} publish in {2024|year}?")
    assert plan.words == "Look up how many papers there are: papers by Naibin Gu from 2024"


@pytest.mark.parametrize("kind", ["content", "list", "overview", "similar", "comparison_papers", "detail", "followup"])
@pytest.mark.parametrize("question", ["", "?", "“”", "[" * 500, "the of and", "\u202epapers by \u200bGu", "'" * 99])
def test_odd_questions_get_a_plan_too(planner: Planner, kind: Kind, question: str) -> None:
    assert planner.composed(Request(question, kind)).kind in ("passages", "catalogue", "synthesis", "about")


@pytest.mark.parametrize(
    ("request_read", "topic", "years"),
    [
        (marked("overview", "Give me an overview of {LoRA|topic}"), "LoRA", (None, None)),
        (
            marked("overview", "trends in {reinforcement learning|topic} since {2024|year_from}"),
            "reinforcement learning",
            (2024, None),
        ),
        (marked("trend", "What changed since {2024|year_from}?"), "", (None, None)),
        (marked("author_profile", "Summarise {Naibin Gu|author}'s work"), "", (None, None)),
        (marked("overview", "papers by {Naibin Gu|author} on {LoRA|topic}"), "LoRA", (None, None)),
    ],
)
def test_an_overview_keeps_its_topic_for_the_papers_to_be_chosen_by(
    planner: Planner, request_read: Request, topic: str, years: tuple[int | None, int | None]
) -> None:
    plan = planner.composed(request_read)
    assert plan.kind == "synthesis"
    assert (plan.topic, plan.filter.words) == (topic, ())
    assert (plan.filter.since, plan.filter.until) == years
    assert bool(plan.filter.author) == ("Naibin" in request_read.text)


def test_a_topic_that_no_paper_holds_is_kept_for_a_search_by_meaning(planner: Planner) -> None:
    plan = planned(planner, "overview", "Give me an overview of {protein folding|topic}")
    assert (plan.kind, plan.topic, plan.filter.words) == ("synthesis", "protein folding", ())
    assert "“protein folding”" in plan.words


def test_a_family_name_of_several_people_in_a_question_of_content_is_no_question_who_is_meant(planner: Planner) -> None:
    plan = planned(planner, "content", "How much faster are locks than the method of {Wang|author}?")
    assert (plan.kind, plan.filter.author) == ("passages", "")
    assert "Wang" in plan.subject


def test_an_overview_that_is_read_as_a_list_is_of_its_topic_only(planner: Planner) -> None:
    plan = planner.as_kind(planned(planner, "overview", "Give me an overview of {LoRA|topic}"), "catalogue")
    assert (plan.kind, planner.library.count(plan.filter)) == ("catalogue", 2)


def test_an_overview_of_a_person_who_is_not_there_says_so(planner: Planner) -> None:
    assert planned(planner, "author_profile", "Summarise {Jane Doe|author}'s work").unknown_author == "Jane Doe"


def test_a_named_paper_is_summarised_by_itself(planner: Planner) -> None:
    plan = planned(planner, "paper_summary", "TL;DR of {BeamLoRA|title}")
    assert (plan.kind, plan.length, titles(planner, plan)) == ("synthesis", "short", ["BeamLoRA"])


def test_an_overview_may_be_of_the_newest_only(planner: Planner) -> None:
    plan = planned(planner, "overview", "Summarise the {2|limit} newest papers", order="desc")
    assert titles(planner, plan) == ["Blink", "BeamLoRA"]


def test_a_question_read_as_an_overview_by_the_reader_keeps_its_topic(planner: Planner) -> None:
    plan = planned(planner, "content", "What does RoPO rotate for {reinforcement learning|topic}?")
    plan = planner.as_kind(plan, "synthesis")
    assert plan.kind == "synthesis"
    assert plan.topic or plan.filter.words or plan.papers


def test_a_plan_cannot_be_read_as_a_kind_that_is_not_there(planner: Planner) -> None:
    plan = planned(planner, "content", "What does RoPO rotate?")
    with pytest.raises(UsageError, match="Choose passages, catalogue, comparison or synthesis"):
        planner.as_kind(plan, "overview")  # type: ignore[arg-type]


KEYS = ("gu2025beamlora", "gu2024", "Yang:2024", "gu", "beams", "wang2020", "wang2021")


@pytest.fixture
def cited(library: Library) -> Planner:
    for key, paper in zip(KEYS, PAPERS, strict=False):
        upsert.store(library, [Record(replace(paper, citation_keys=(key,)), 1, key)], f"{key}.bib")
    return Planner(library, MarkedReader(), Gazetteer(library), today=lambda: date(2026, 11, 25))


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("What does gu2025beamlora propose?", ["BeamLoRA"]),
        ("What does gu2025beamlora's adapter propose?", ["BeamLoRA"]),
        ("compare @gu2024 and @Yang:2024.", ["Light-PEFT", "Orthogonal Rotations for Preference Optimization"]),
        ("summarise \\cite{Yang:2024}", ["Orthogonal Rotations for Preference Optimization"]),
        ("\\citep[see][p. 3]{gu2024, gu2025beamlora} say what?", ["BeamLoRA", "Light-PEFT"]),
        ("What is in [@gu2024]?", ["Light-PEFT"]),
        ("What is in @GU2024?", ["Light-PEFT"]),
        ("What is in GU2024?", []),
        ("What do the papers say about beams?", []),
        ("papers by gu", []),
        ("summarise \\cite{gu2024,unknown}", []),
        ("write to me@gu2024", []),
    ],
)
def test_papers_are_named_by_citation_keys(cited: Planner, question: str, found: list[str]) -> None:
    plan = cited.plan(question)
    assert sorted(titles(cited, plan)) == found or not found
    assert len([read for read in plan.corrections if read[0] in (*KEYS, "GU2024")]) == len(found)
    assert ("“" in plan.question) == bool(found)


def test_of_two_papers_of_one_title_the_key_names_one(library: Library) -> None:
    for n in (1, 2):
        paper = make_paper("Letters to the editor", f"Number {n} of them.", date=f"202{n}", venue=f"Journal {n}")
        upsert.store(library, [Record(replace(paper, citation_keys=(f"key{n}",)), 1, f"key{n}")], f"{n}.bib")
    planner = Planner(library, MarkedReader(), Gazetteer(library))
    plan = planner.plan("What does key2 say?")
    assert [paper.year for paper in library.papers_by_id(plan.papers)] == [2022]


@pytest.fixture
def labelled(planner: Planner) -> Planner:
    labels.add(planner.library, "to read", PaperFilter(author="Naibin Gu"))
    labels.add(planner.library, "Beams", PaperFilter(title_words=("beams",)))
    labels.add(planner.library, "PhD/Chapter 2", PaperFilter(title_words=("ships",)))
    labels.add(planner.library, "综述", PaperFilter(title_words=("blink",)))
    labels.add(planner.library, "C++", PaperFilter(title_words=("locks",)))
    return planner


@pytest.mark.parametrize(
    ("kind", "text", "label", "found"),
    [
        ("list", "my {to read|label} folder", "to read", 3),
        ("list", "my {To-Read|label} folder from {2024|year}", "to read", 2),
        ("count", "{PhD/Chapter 2|label} by {Ying Wang|author}", "PhD/Chapter 2", 1),
        ("overview", "{综述|label}里的论文", "综述", 1),
        ("content", "What do the papers in {beams|label} say on adapters in {2025|year}?", "Beams", 1),
        ("list", "papers tagged {nobody's|label}", "nobody's", 0),
    ],
)
def test_a_label_of_the_library_is_a_filter(labelled: Planner, kind: Kind, text: str, label: str, found: int) -> None:
    plan = planned(labelled, kind, text)
    assert plan.filter.label == label
    assert labelled.library.count(plan.filter) == found
    assert f"in the collection “{label}”" in plan.words


@pytest.mark.parametrize(
    ("text", "sure", "named"),
    [
        ("What is in my to read folder?", "to read", ["to read"]),
        ("What is in my to-read folder?", "to-read", ["to-read"]),
        ("the papers in 'PhD/Chapter 2'?", "PhD/Chapter 2", ["PhD/Chapter 2"]),
        ("tag C++, newest", "C++", ["C++"]),
        ("我的综述里有多少篇", "综述", ["综述"]),
        ("Beams in what I am to read", "to read", ["to read"]),
        ("What do papers on beams say?", "", []),
        ("my folder unknown", "unknown", ["unknown"]),
        ("How many are in lab meeting?", "lab meeting", ["lab meeting"]),
    ],
)
def test_a_label_is_what_the_library_holds_and_the_words_name(
    labelled: Planner, text: str, sure: str, named: list[str]
) -> None:
    tokens = tuple((match.start(), match.end()) for match in re.finditer(r"\w|[^\w\s]", text))
    first = text.index(sure) if sure else -1
    sharing = tuple((start, end, 0.9 if sure and first <= start < first + len(sure) else 0.01) for start, end in tokens)
    request = Request(text, "list", (Named("topic", text, 0, len(text)),), labelling=sharing)
    read = labelled.linker.with_labels(request)
    assert [each.text for each in read.said("label")] == named
    assert bool(read.said("topic")) == (not named)


def reading(text: str, *named: str, slots: tuple[Named, ...] = ()) -> Request:
    """Return a request in which the words of these labels name one surely."""
    places = [(text.index(name), text.index(name) + len(name)) for name in named]
    tokens = [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]
    shares = (0.9 if any(first <= start < last for first, last in places) else 0.01 for start, _ in tokens)
    labelling = tuple((start, end, share) for (start, end), share in zip(tokens, shares, strict=True))
    return Request(text, "list", slots, labelling=labelling)


def named(slot: Slot, text: str, words: str) -> Named:
    return Named(slot, words, text.index(words), text.index(words) + len(words))


def test_papers_of_several_labels_of_one_of_them_and_of_none_are_meant(labelled: Planner) -> None:
    def meant(text: str, *names: str, out: str = "", said: Slot = "not_topic") -> PaperFilter:
        slots = (named(said, text, out),) if out else ()
        return labelled.composed(reading(text, *names, slots=slots)).filter

    both = PaperFilter(label="to read", with_labels=("Beams",))
    assert meant("those in to read that are tagged beams", "to read", "beams") == both
    assert meant("tagged beams or to read", "beams", "to read") == PaperFilter(any_labels=("Beams", "to read"))
    text = "beams on locks or ships that are to read"
    slots = (named("author", text, "locks or ships"),)
    either = labelled.composed(reading(text, "beams", "to read", slots=slots)).filter
    assert (either.in_labels, either.any_labels) == (("Beams", "to read"), ())
    left = PaperFilter(label="to read", without_labels=("Beams",))
    assert meant("in to read but not tagged beams", "to read", "beams", out="beams") == left
    assert meant("nothing from my beams", "beams", out="from my beams") == PaperFilter(without_labels=("Beams",))
    assert meant("in to read but not in beams", "to read", out="beams", said="not_venue") == left
    elsewhere = PaperFilter(label="to read", without_venues=("JMLR",))
    assert meant("in to read but not in JMLR", "to read", out="JMLR", said="not_venue") == elsewhere
    three = PaperFilter(label="C++", without_labels=("to read", "unknown"))
    text = "C++, neither to read nor unknown"
    slots = (named("not_topic", text, "to read nor unknown"),)
    assert labelled.composed(reading(text, "C++", "to read", "unknown", slots=slots)).filter == three


def test_of_a_collection_that_there_is_not_no_paper_is_counted(labelled: Planner) -> None:
    plan = planned(labelled, "count", "How many papers are in my {dissertation|label}?")
    assert plan.filter.label == "dissertation"
    assert labelled.library.count(plan.filter) == 0
    assert "in the collection “dissertation”" in plan.words


def test_what_a_question_of_content_is_searched_for_leaves_the_label_out(labelled: Planner) -> None:
    plan = planned(labelled, "content", "What does {Naibin Gu|author} say in my “{to read|label}” of adapters?")
    assert isinstance(plan, PassagesPlan)
    assert plan.subject == "What does say in my of adapters?"
    assert plan.question == "What does Naibin Gu say in my of adapters?"


def test_the_few_papers_of_a_collection_are_compared(labelled: Planner) -> None:
    plan = planned(labelled, "comparison_papers", "compare {to read|label}")
    assert isinstance(plan, ComparisonPlan)
    assert len(plan.papers) == 3
