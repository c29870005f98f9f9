"""Two filters as one: what is said again takes its place, what is said besides holds too."""

from dataclasses import fields

import pytest

from assistant.types import PaperFilter


@pytest.mark.parametrize(
    ("inherited", "said", "expected"),
    [
        (PaperFilter(author="A", position="first"), PaperFilter(since=2020), None),
        (PaperFilter(author="A", position="first"), PaperFilter(author="B"), PaperFilter(author="B", position="first")),
        (
            PaperFilter(author="A", position="first"),
            PaperFilter(any_authors=("B", "C")),
            PaperFilter(any_authors=("B", "C")),
        ),
        (PaperFilter(any_authors=("A", "B")), PaperFilter(author="C"), PaperFilter(author="C")),
        (PaperFilter(any_authors=("A", "B")), PaperFilter(without_words=("x",)), None),
        (PaperFilter(venue="ACL"), PaperFilter(venues=("ICML", "ICLR")), PaperFilter(venues=("ICML", "ICLR"))),
        (PaperFilter(venues=("ACL",), without_venues=("x",)), PaperFilter(venue="ICML"), PaperFilter(venue="ICML")),
        (PaperFilter(venue="ACL"), PaperFilter(without_venues=("Findings",)), None),
        (PaperFilter(without_categories=("CL",)), PaperFilter(category="CL"), PaperFilter(category="CL")),
        (PaperFilter(without_years=(2020,)), PaperFilter(since=2020), PaperFilter(since=2020)),
        (PaperFilter(since=2020), PaperFilter(without_years=(2021,)), None),
        (PaperFilter(fewest_authors=2), PaperFilter(most_authors=5), PaperFilter(most_authors=5)),
        (PaperFilter(words=("x",)), PaperFilter(words=("y", "x")), PaperFilter(words=("x", "y"))),
        (PaperFilter(has_abstract=True), PaperFilter(has_abstract=False), PaperFilter(has_abstract=False)),
        (PaperFilter(has_abstract=False), PaperFilter(author="A"), None),
        (PaperFilter(title_words=("x",)), PaperFilter(title_words=("y",)), PaperFilter(title_words=("x", "y"))),
        (PaperFilter(label="a"), PaperFilter(label="b"), PaperFilter(label="a", with_labels=("b",))),
        (
            PaperFilter(label="a", with_labels=("b",)),
            PaperFilter(with_labels=("a",)),
            PaperFilter(label="a", with_labels=("b",)),
        ),
        (PaperFilter(any_labels=("a", "b")), PaperFilter(any_labels=("c", "d")), PaperFilter(any_labels=("c", "d"))),
        (
            PaperFilter(any_labels=("a", "b")),
            PaperFilter(any_labels=("c",)),
            PaperFilter(label="c", any_labels=("a", "b")),
        ),
        (PaperFilter(label="a"), PaperFilter(without_labels=("b",)), None),
        (
            PaperFilter(without_labels=("a",)),
            PaperFilter(without_labels=("b",)),
            PaperFilter(without_labels=("a", "b")),
        ),
        (PaperFilter(without_years=(1,)), PaperFilter(without_years=(2,)), PaperFilter(without_years=(1, 2))),
    ],
)
def test_what_is_said_again_takes_its_place(
    inherited: PaperFilter, said: PaperFilter, expected: PaperFilter | None
) -> None:
    """None stands for both as they are."""
    found = inherited.merged(said)
    if expected is not None:
        assert found == expected
        return
    for field in fields(PaperFilter):
        one, other = getattr(inherited, field.name), getattr(said, field.name)
        assert getattr(found, field.name) == (other or one)
    assert PaperFilter().merged(found) == found.merged(PaperFilter()) == found
