import pytest

from assistant.text.arxiv_categories import categories, find, forms, in_words


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("cs.CV", ["cs.CV"]),
        ("cv", ["cs.CV"]),
        ("CO", ["astro-ph.CO", "math.CO", "stat.CO"]),
        ("ML", ["stat.ML"]),
        ("machine learning", ["cs.LG", "stat.ML"]),
        ("NLP", ["cs.CL"]),
        ("Human computer interaction", ["cs.HC"]),
        ("quant-ph", ["quant-ph"]),
        ("computer science", ["cs"]),
        ("beekeeping", []),
        ("", []),
    ],
)
def test_codes_names_and_aliases_find_categories(words: str, codes: list[str]) -> None:
    assert [category.code for category in find(words)] == codes


def test_a_category_is_written_with_or_without_its_archive() -> None:
    assert {"cv", "cs cv", "computer vision"} <= forms("CV") == forms("cs.CV")
    assert "math cv" not in forms("CV")
    assert "cv" not in forms("math.CV")
    assert {"cs cv", "cl", "cs"} <= forms("cs")
    assert "cs" not in forms("cs.CV")
    assert forms("Beekeeping!") == {"beekeeping"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("CV", "computer vision (CV)"),
        ("cl", "computational linguistics (CL)"),
        ("stat.ML", "machine learning (stat.ML)"),
        ("machine learning", "machine learning (LG, ML)"),
        ("bees", "bees"),
    ],
)
def test_a_category_is_said_by_its_name_and_code(words: str, expected: str) -> None:
    assert in_words(words) == expected


def test_every_category_of_the_taxonomy_is_found_by_each_of_its_names() -> None:
    known = categories()
    assert len(known) > 150
    for category in known.values():
        assert category in find(category.code)
        assert category.name
        for alias in (category.name, *category.aliases):
            assert find(alias), alias
