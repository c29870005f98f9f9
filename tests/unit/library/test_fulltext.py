"""Search by words: the scores are FTS5's, whatever is kept in memory."""

import random

import numpy as np
import pytest
from sqlalchemy import text

from assistant.library import Library, curation, fulltext, schema, upsert
from assistant.library.fulltext import TITLE_WEIGHT
from assistant.text import content_words
from assistant.types import Paper, PaperFilter, Record
from tests.conftest import make_paper

WORDS = (
    "adapter rank tune model network bread yeast graph proof naïve learning trained state-of-the-art x² 東京".split()
)


def some_papers(count: int, seed: int = 7) -> list[Paper]:
    chance = random.Random(seed)
    return [
        make_paper(
            f"{' '.join(dict.fromkeys(chance.choices(WORDS, k=3)))} {number}",
            " ".join(chance.choices(WORDS, k=chance.randint(1, 300))),
            date=str(chance.randint(2015, 2025)),
        )
        for number in range(count)
    ]


def keep(library: Library, papers: list[Paper], origin: str = "x") -> None:
    upsert.store(library, [Record(paper, number, f"{number}") for number, paper in enumerate(papers, 1)], origin)


def by_fts5(library: Library, question: str) -> dict[str, float]:
    """Return the score of every matching paper as SQLite works it out itself."""
    query = " OR ".join(f'"{word}"' for word in content_words(question))
    statement = text(
        "SELECT papers.id, -bm25(papers_text, :title, 1.0) AS score FROM papers_text "
        "JOIN papers ON papers.number = papers_text.rowid WHERE papers_text MATCH :query"
    )
    with library.transaction() as connection:
        rows = connection.execute(statement, {"query": query, "title": float(TITLE_WEIGHT)})
        return {row.id: row.score for row in rows}


@pytest.mark.parametrize(
    "question",
    ["adapters of low rank", "learned networks and models", "naive proofs", "x² in 東京", "BREAD", "rank ranks"],
)
def test_scores_are_those_of_fts5(library: Library, question: str) -> None:
    keep(library, some_papers(60))
    assert dict(library.text_search(question, 1000)) == pytest.approx(by_fts5(library, question), rel=1e-4)


def test_the_best_come_first_and_no_more_than_asked_for(library: Library) -> None:
    keep(library, some_papers(60))
    every = library.text_search("yeast and graphs", 1000)
    assert [score for _, score in every] == sorted((score for _, score in every), reverse=True)
    assert library.text_search("yeast and graphs", 5) == every[:5]
    assert library.text_search("yeast", 0) == []


def test_papers_that_scores_tie_come_in_the_order_of_their_numbers(library: Library) -> None:
    keep(library, [make_paper(title, "Same.", date="2020") for title in ("Yeast a", "Yeast b", "Yeast c", "Other")])
    ids = {paper.id: paper.title for paper in library.papers()}
    assert [ids[paper_id] for paper_id, _ in library.text_search("yeast", 2)] == ["Yeast a", "Yeast b"]


def test_a_search_among_some_papers_is_the_whole_search_without_the_others(library: Library) -> None:
    keep(library, some_papers(60))
    chosen = PaperFilter(since=2020)
    allowed = library.ids(chosen)
    among = library.numbers(chosen)
    assert len(among) == len(allowed) > 0
    expected = [pair for pair in library.text_search("bread models", 1000) if pair[0] in allowed]
    assert library.text_search("bread models", 1000, among) == expected
    assert library.text_search("bread", 5, np.empty(0, np.int64)) == []
    assert library.text_search("bread", 5, np.array([10**9])) == []


def test_what_was_read_before_a_change_is_not_used_after_it(library: Library) -> None:
    keep(library, some_papers(20))
    library.text_search("yeast bread", 5)
    keep(library, [make_paper("Yeast once more", "Yeast, and bread.")], "y")
    assert dict(library.text_search("yeast bread", 1000)) == pytest.approx(by_fts5(library, "yeast bread"), rel=1e-4)
    (again,) = [paper for paper in library.papers() if paper.title == "Yeast once more"]
    curation.remove(library, [again.id])
    assert again.id not in dict(library.text_search("yeast", 1000))


def test_terms_that_were_not_asked_for_longest_leave_memory_first(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(library, some_papers(40))
    expected = [library.text_search(word, 1000) for word in WORDS]
    monkeypatch.setattr(fulltext, "_LARGEST", 50)
    again = Library(library.folder)
    assert [again.text_search(word, 1000) for word in WORDS] == expected
    assert again._text._held == sum(len(known.numbers) for known in again._text._postings.values()) <= 50
    again.close()


def test_a_library_without_papers_or_a_question_without_words_finds_nothing(library: Library) -> None:
    assert library.text_search("yeast", 5) == []
    assert library.text_search("?!", 5) == []
    keep(library, some_papers(3))
    assert library.text_search("?!", 5) == []
    assert library.text_search("zymurgy", 5) == []


def test_the_use_of_a_word_counts_all_papers_and_names_those_looked_at(library: Library) -> None:
    keep(library, [make_paper(f"Paper {number}", "All about models.") for number in range(9)] + [make_paper("Breads")])
    (bread,) = [paper for paper in library.papers() if paper.title == "Breads"]
    use = library.word_use(["bread", "model", "zymurgy"], [bread.id, "unknown"])
    assert {word: (found.count, set(found.paper_ids)) for word, found in use.items()} == {
        "bread": (1, {bread.id}),
        "model": (9, set()),
        "zymurgy": (0, set()),
    }


def test_terms_are_cut_as_the_library_s_own_table_cuts_them(library: Library) -> None:
    with library.transaction() as connection:
        made = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = 'papers_text'")).scalar_one()
    assert f"tokenize = '{fulltext.TOKENIZER}'" in made
    assert "papers_text" in schema._migrations()[0]


def test_lengths_are_read_whatever_their_size(library: Library) -> None:
    lengths = [1, 126, 127, 128, 129, 16_383, 20_000]
    keep(library, [make_paper(f"Title{number}", "word " * number, date="2020") for number in lengths])
    with library.transaction() as connection:
        assert fulltext.lengths(connection).tolist() == [0, *(number + 1 for number in lengths)]
