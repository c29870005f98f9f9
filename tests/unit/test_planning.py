import pytest

from assistant import recording, relevance
from assistant.library import Library
from assistant.names import fold
from assistant.planning import plan
from assistant.types import PaperFilter, Passage, Plan, Record
from tests.conftest import make_paper


@pytest.fixture
def peopled(library: Library) -> Library:
    papers = [
        make_paper("Beams", "Beams of adapters.", authors=("Naibin Gu", "Peng Fu")),
        make_paper("Locks", "Locks and keys.", authors=("José María Ruiz", "Gu Fu Li")),
    ]
    recording.keep(library, [Record(paper, 1) for paper in papers], "x")
    return library


@pytest.mark.parametrize(
    ("question", "author", "subject"),
    [
        ("What has Naibin Gu worked on?", "naibin gu", "What has worked on?"),
        ("what has naibin gu's group found about beams", "naibin gu", "what has 's group found about beams"),
        ("Papers by José-Maria RUIZ", "jose maria ruiz", "Papers by"),
        ("Did Gu write about beams?", "", "Did Gu write about beams?"),
        ("What did Naibin Gu and Peng Fu do?", "", "What did and do?"),
        ("Was Gu Fu Li involved?", "gu fu li", "Was involved?"),
        ("What are beams?", "", "What are beams?"),
    ],
)
def test_an_author_named_in_full_restricts_the_search(
    peopled: Library, question: str, author: str, subject: str
) -> None:
    made = plan(peopled, question)
    assert (fold(made.chosen.author), made.subject) == (author, subject)


def test_the_reader_s_own_filter_stays(peopled: Library) -> None:
    made = plan(peopled, "What has Naibin Gu done?", PaperFilter(author="Peng Fu", since=2020))
    assert made.chosen == PaperFilter(author="Peng Fu", since=2020)


def test_a_question_about_an_author_alone_is_about_all_their_papers(peopled: Library) -> None:
    question = Plan("What has Naibin Gu worked on?", "What has worked on?", PaperFilter(author="naibin gu"))
    assert relevance.is_about(peopled, question, [Passage("p", 0.1, 0.0)])
    assert not relevance.is_about(peopled, question, [])


def test_evidence_adds_similarity_and_the_share_of_rare_words_that_a_paper_holds(peopled: Library) -> None:
    (beams,) = peopled.papers(PaperFilter(author="Peng Fu"))
    passage = Passage(beams.id, 1.0, 0.2)
    assert relevance.evidence(peopled, "beams of adapters", [passage]) == pytest.approx(0.7)
    assert relevance.evidence(peopled, "bread and yeast", [passage]) == pytest.approx(0.2)
    assert 0.2 < relevance.evidence(peopled, "beams and yeast", [passage]) < 0.45
    assert relevance.evidence(peopled, "beams", []) == 0.0


def test_a_rare_name_in_a_question_is_enough(library: Library) -> None:
    papers = [make_paper(f"Paper {number}", "All about LLMs and nothing else.") for number in range(9)]
    recording.keep(library, [Record(paper, 1) for paper in [*papers, make_paper("GIMC", "GIMC beats others.")]], "x")
    (gimc,) = [paper for paper in library.papers() if paper.title == "GIMC"]
    found = [Passage(gimc.id, 1.0, 0.0)]
    assert relevance.names_one(library, "By how far does GIMC outdo them all?", found)
    assert not relevance.names_one(library, "By how far does gimc outdo them all?", found)
    assert not relevance.names_one(library, "Does NASA use LLMs?", found)
