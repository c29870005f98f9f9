from assistant.analysis.themes.phrases import Term
from assistant.analysis.trends import trend_terms
from assistant.analysis.trends.timeline import Timeline, lay_out
from tests.conftest import make_paper


def years(**papers: int) -> Timeline:
    """Return a timeline with so many papers a year, called "2024-0", "2024-1" ...; keywords are like y2024."""
    return lay_out(
        [
            make_paper(f"{year} {number}", date=year[1:], id=f"{year[1:]}-{number}")
            for year, count in papers.items()
            for number in range(count)
        ],
        "year",
    )


def ids(*spans: tuple[int, int, int]) -> tuple[str, ...]:
    return tuple(f"{year}-{number}" for year, first, last in spans for number in range(first, last))


def phrases(told: trend_terms.TrendTerms) -> list[str]:
    return [each.phrase for each in told.terms]


def test_a_term_of_the_newest_papers_only_is_told_and_one_of_all_papers_is_not() -> None:
    timeline = years(y2024=3, y2025=9, y2026=10)
    told = trend_terms.select(
        [
            Term("language models", ids((2024, 0, 3), (2025, 0, 9), (2026, 0, 10))),
            Term("verifiable rewards", ids((2026, 0, 4))),
            Term("early pruning", ids((2024, 0, 2))),
            Term("knowledge editing", ids((2024, 0, 1), (2025, 0, 1), (2026, 0, 1))),
        ],
        timeline,
    )
    assert phrases(told) == ["verifiable rewards", "early pruning"]
    assert (told.looked_at, told.confined) == (4, 2)
    assert 0 < told.expected < 2


def test_terms_of_the_same_papers_are_told_as_one() -> None:
    timeline = years(y2025=12, y2026=10)
    held = ids((2026, 0, 4))
    terms = [Term("process", held), Term("verifiable rewards", held), Term("RLVR", held[::-1]), Term("useful", held)]
    told = trend_terms.select(terms, timeline)  # by what names a subject
    assert [(each.phrase, each.also) for each in told.terms] == [("verifiable rewards", ("RLVR",))]
    assert told.looked_at == 1


def test_nearly_the_same_papers_are_not_told_twice_nor_those_of_a_theme_again() -> None:
    timeline = years(y2025=12, y2026=10)
    terms = [Term("verifiable rewards", ids((2026, 0, 4))), Term("group advantages", ids((2026, 0, 5)))]
    assert len(trend_terms.select(terms, timeline).terms) == 1
    assert trend_terms.select(terms, timeline, [frozenset(ids((2026, 0, 4)))]).terms == ()


def test_with_many_papers_rising_terms_come_before_falling_ones() -> None:
    timeline = years(y2020=400, y2021=400)
    told = trend_terms.select(
        [
            Term("kernel machines", ids((2020, 0, 90), (2021, 0, 10))),
            Term("diffusion models", ids((2020, 0, 5), (2021, 0, 100))),
            Term("steady topics", ids((2020, 0, 100), (2021, 0, 100))),
        ],
        timeline,
    )
    assert phrases(told) == ["diffusion models", "kernel machines"]


def test_a_common_word_that_a_few_papers_lack_is_not_told() -> None:
    timeline = years(y2025=12, y2026=10)
    told = trend_terms.select([Term("process", ids((2026, 0, 4))), Term("maintain", ids((2026, 4, 8)))], timeline)
    assert told.terms == ()


def test_what_only_a_few_papers_of_long_ago_lack_is_not_new() -> None:
    timeline = years(y1990=3, y2024=400, y2025=400)
    told = trend_terms.select([Term("neural networks", ids((2024, 0, 350), (2025, 0, 350)))], timeline)
    assert told.terms == ()


def test_papers_of_one_year_tell_no_change() -> None:
    told = trend_terms.select([Term("verifiable rewards", ids((2026, 0, 4)))], years(y2026=10))
    assert (told.terms, told.looked_at) == ((), 1)
    assert trend_terms.select([], years(y2025=1, y2026=1)).terms == ()


def test_terms_of_a_single_or_of_undated_papers_are_not_looked_at() -> None:
    timeline = years(y2025=12, y2026=10)
    terms = [Term("lonely term", ids((2026, 0, 1))), Term("undated term", ("none-1", "none-2"))]
    assert trend_terms.select(terms, timeline).looked_at == 0
