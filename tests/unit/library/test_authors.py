import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from assistant.errors import UsageError
from assistant.library import Library, curation, upsert
from assistant.library.authors import Person, lookup, resolution
from assistant.library.authors import curation as author_curation
from assistant.library.authors.names import match, parse, usual_order
from assistant.library.schema import author_decisions
from assistant.text import fold
from assistant.types import Paper, PaperFilter, Record
from tests.conftest import make_paper

BEAMS = "Low-rank adapters as beams prune the search over fine-tuning parameters of language models."
CELLS = "Perovskite solar cells degrade under moisture; a passivation layer of oxide slows halide migration."


def add(library: Library, *papers: Paper, origin: str = "file") -> None:
    upsert.store(library, [Record(paper, line, paper.title) for line, paper in enumerate(papers, 1)], origin)


def wrote(*names: str, title: str = "", abstract: str = "", **fields: object) -> Paper:
    title = title or f"{' and '.join(names)} {abstract[:20]}"
    return make_paper(title, abstract or f"About {title}.", authors=names, **fields)


def find(library: Library, words: str) -> list[Person]:
    with library.transaction() as connection:
        return lookup.find(connection, words)


def ids(persons: Iterable[Person]) -> list[str]:
    return [person.id for person in persons]


def spellings(person: Person) -> set[str]:
    return {variant.name for variant in person.variants}


SAME = [
    ("Naibin Gu", "Gu, Naibin"),
    ("Naibin Gu", "NAIBIN GU"),
    ("Naibin Gu", "N. Gu"),
    ("Naibin Gu", "Gu, N."),
    ("Naibin Gu", "Gu N"),
    ("Jian-Yun Nie", "Jianyun Nie"),
    ("Jian-Yun Nie", "Jian Yun Nie"),
    ("Jian-Yun Nie", "J.-Y. Nie"),
    ("Jian-Yun Nie", "JY Nie"),
    ("Hinrich Schütze", "Hinrich Schuetze"),
    ("Hinrich Schütze", "Hinrich Schutze"),
    ("Anders Søgaard", "Anders Soegaard"),
    ("Anders Søgaard", "Anders Sogaard"),
    ("Łukasz Kaiser", "Lukasz Kaiser"),
    ("Jan van der Berg", "van der Berg, J."),
    ("Jan van der Berg", "Berg, Jan van der"),
    ("Jan van der Berg", "Jan Berg"),
    ("Luis de Souza Jr.", "de Souza, Luis, Jr."),
    ("Aminette D’Souza", "Aminette D'Souza"),
    ("Noah A. Smith", "Noah Smith"),
    ("Noah A. Smith", "N. A. Smith"),
    ("José García Márquez", "García Márquez, José"),
    ("José García-Márquez", "José García"),
]
OTHERS = [
    ("Naibin Gu", "Naibin Guo"),
    ("Naibin Gu", "M. Gu"),
    ("Yang Liu", "Yan Liu"),
    ("Jian Nie", "Jian-Yun Nie"),
    ("Xue Wang", "Xu Wang"),
    ("John A. Smith", "John B. Smith"),
    ("Sam Smith Jr.", "Sam Smith III"),
    ("Jan van Berg", "Jan von Berg"),
    ("Zhangyang Wang", "Z. Jane Wang"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_spellings_of_one_name_fit_and_say_why(one: str, other: str) -> None:
    found = match(parse(one), parse(other))
    assert found is not None
    assert found.reason
    assert 0.5 < found.confidence < 1
    assert match(parse(other), parse(one)) == found


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_names_of_different_people_do_not_fit(one: str, other: str) -> None:
    assert match(parse(one), parse(other)) is None


@given(st.text(max_size=30))
def test_any_text_can_be_parsed_as_a_name(text: str) -> None:
    form = parse(text)
    assert bool(form.family) == bool(form.words)
    usual_order(text)


@pytest.mark.parametrize(("one", "other"), [pair for pair in SAME if "García" not in pair[1] or "," in pair[1]])
def test_spellings_of_one_name_are_one_person_who_can_be_asked_for_by_each(
    library: Library, one: str, other: str
) -> None:
    add(library, wrote(one, "Ada Lovelace"), wrote(other, "Alan Turing", abstract="Other words."))
    [person] = find(library, one)
    assert find(library, other) == [person]
    assert spellings(person) == {one, other}
    assert len(person.paper_ids) == 2
    assert find(library, person.id) == [person]
    assert [variant.reason for variant in person.variants if variant.name != person.variants[0].name] != [""]


def test_the_name_of_a_person_is_the_fullest_form_in_the_usual_order(library: Library) -> None:
    add(library, wrote("Gu, N."), wrote("Gu, Naibin", abstract="Other."))
    [person] = find(library, "gu")
    assert (person.id, person.name) == ("naibin-gu", "Naibin Gu")


def test_the_family_name_may_stand_first(library: Library) -> None:
    add(library, wrote("Naibin Gu"), wrote("Naibin Gu", abstract="Two."), wrote("Gu Naibin", abstract="Three."))
    assert ids(find(library, "Gu Naibin")) == ["naibin-gu"]
    assert ids(find(library, "gu nai bin")) == ["naibin-gu"]


def test_a_name_in_another_script_is_joined_only_where_a_source_writes_both(library: Library) -> None:
    add(library, wrote("顾乃斌"), wrote("顾小明", abstract="Two."), wrote("Naibin Gu", abstract="Three."))
    assert len(find(library, "Naibin Gu")[0].paper_ids) == 1
    add(library, wrote("Naibin Gu (顾乃斌)", abstract="Four."), origin="other")
    [person] = find(library, "顾乃斌")
    assert spellings(person) == {"顾乃斌", "Naibin Gu", "Naibin Gu (顾乃斌)"}
    assert "both scripts" in {variant.name: variant.reason for variant in person.variants}["顾乃斌"]


def test_initials_that_fit_two_people_are_nobody_s_until_co_authors_say_whose(library: Library) -> None:
    add(
        library,
        wrote("Naibin Gu", "Peng Fu"),
        wrote("Ning Gu", "Grace Hopper", abstract="Two."),
        wrote("N. Gu", "Barbara Liskov", abstract="Three."),
        wrote("N. Gu", "Peng Fu", abstract="Four."),
    )
    found = {person.id: person for person in find(library, "N. Gu")}
    assert found.keys() == {"naibin-gu", "ning-gu", "n-gu"}
    assert spellings(found["naibin-gu"]) == {"Naibin Gu", "N. Gu"}
    assert len(found["n-gu"].paper_ids) == 1
    reasons = {variant.name: variant.reason for variant in found["naibin-gu"].variants}
    assert "co-authors in common" in reasons["N. Gu"]


def test_a_shared_second_family_name_needs_co_authors(library: Library) -> None:
    add(library, wrote("José García Márquez", "Ana Ruiz"), wrote("José García", "Eva Sanz", abstract="Two."))
    assert len(find(library, "José García")) == 1
    assert len(find(library, "José García")[0].paper_ids) == 1
    add(library, wrote("José García", "Ana Ruiz", abstract="Three."), origin="other")
    assert "jose-garcia-marquez" in ids(find(library, "José García"))


def test_a_name_is_one_person_whatever_the_papers_are_about(library: Library) -> None:
    add(
        library,
        wrote("Mira Voss", "Peng Fu", title="Beams", abstract=BEAMS),
        wrote("Mira Voss", "Marie Curie", title="Cells", abstract=CELLS),
    )
    [person] = find(library, "Mira Voss")
    assert len(person.paper_ids) == 2


def test_initials_go_where_most_of_the_connected_co_authors_are(library: Library) -> None:
    add(
        library,
        wrote("Naibin Gu", "Peng Fu", title="One"),
        wrote("Ning Gu", "Grace Hopper", title="Two"),
        wrote("N. Gu", "Peng Fu", "Zheng Lin", title="Three"),
        wrote("N. Gu", "Zheng Lin", title="Four"),
        wrote("N. Gu", "Alan Turing", title="Five"),
    )
    found = {person.id: len(person.paper_ids) for person in find(library, "N. Gu")}
    assert found == {"naibin-gu": 3, "ning-gu": 1, "n-gu": 1}


def test_a_name_and_its_initials_on_one_paper_are_two_people(library: Library) -> None:
    add(library, wrote("Naibin Gu", "N. Gu"), wrote("Naibin Gu", abstract="Two."))
    assert {person.id: len(person.paper_ids) for person in find(library, "gu")} == {"naibin-gu": 2, "n-gu": 1}
    with library.transaction() as connection:
        [paper_id] = find(library, "n-gu")[0].paper_ids
        holders = [lookup.holder(connection, paper_id, name) for name in ("N. Gu", "Naibin Gu", "Nobody")]
    assert [holder and holder.id for holder in holders] == ["n-gu", "naibin-gu", None]


def test_people_are_worked_out_once_until_the_library_changes(library: Library) -> None:
    add(library, wrote("Naibin Gu"))
    [before] = find(library, "Naibin Gu")
    assert find(library, "gu, n.")[0] is before
    add(library, wrote("Naibin Gu", abstract="Two."), origin="other")
    assert len(find(library, "Naibin Gu")[0].paper_ids) == 2


def test_people_of_an_undone_transaction_are_forgotten(library: Library) -> None:
    add(library, wrote("Naibin Gu", title="One"), wrote("N. Gu", title="Two"))
    person = find(library, "naibin-gu")[0]
    with pytest.raises(KeyError), library.transaction() as connection:
        decision = author_curation.split(connection, person, ["N. Gu"])
        assert len(author_curation.holders(connection, decision)) == 2
        raise KeyError
    assert find(library, "naibin-gu") == [person]
    split(library, "naibin-gu", find(library, "naibin-gu")[0].paper_ids[0])
    assert ids(find(library, "gu")) == ["n-gu", "naibin-gu"]


def test_two_of_one_name_on_one_paper_are_two_people(library: Library) -> None:
    add(library, wrote("Wei Wang", "Ada Lovelace", "Wei Wang"))
    assert len(find(library, "Wei Wang")) == 2


def test_a_bare_family_name_means_everybody_who_has_it(library: Library) -> None:
    add(library, wrote("Naibin Gu"), wrote("M. Gu", abstract="Two."), wrote("Ning Guo", abstract="Three."))
    assert ids(find(library, "gu")) == ["m-gu", "naibin-gu"]
    assert library.count(PaperFilter(author="Gu")) == 2
    assert find(library, "N. G.") == []
    assert find(library, "") == find(library, "...") == []


def test_a_name_of_one_word_has_an_id_that_is_no_family_name(library: Library) -> None:
    add(library, wrote("Mausam"), wrote("Ali Mausam", abstract="Two."))
    assert library.count(PaperFilter(author="mausam")) == 2
    assert library.count(PaperFilter(author="mausam-1")) == 1


def test_ids_and_people_stay_when_papers_are_added_and_the_library_is_opened_again(tmp_path: Path) -> None:
    first = Library(tmp_path)
    add(first, wrote("Naibin Gu", "Peng Fu"))
    before = find(first, "Naibin Gu")
    first.close()
    again = Library(tmp_path)
    assert find(again, "Naibin Gu") == before
    add(again, wrote("N. Gu", "Peng Fu", abstract="Two."), origin="other")
    [person] = find(again, "naibin-gu")
    assert len(person.paper_ids) == 2
    again.close()


def test_everybody_among_some_papers_has_only_those_papers(library: Library) -> None:
    add(
        library,
        wrote("Naibin Gu", "Peng Fu", title="One", date="2023-01"),
        wrote("N. Gu", title="Two", date="2024-01"),
        wrote("Peng Fu", title="Three", date="2025-01"),
    )
    known = {paper.title: paper.id for paper in library.papers()}
    with library.transaction() as connection:
        found = lookup.among(connection, [known["One"], known["Two"]])
        assert lookup.among(connection, []) == []
    assert [(person.id, person.paper_ids) for person in found] == [
        ("naibin-gu", (known["Two"], known["One"])),
        ("peng-fu", (known["One"],)),
    ]


NAMES = st.sampled_from(["Hinrich Schütze", "Jian-Yun Nie", "Łukasz Kaiser", "Ada Lovelace", "Jan van der Berg"])


@pytest.fixture(scope="module")
def people_of_many_spellings(tmp_path_factory: pytest.TempPathFactory) -> Library:
    library = Library(tmp_path_factory.mktemp("authors"))
    names = ["Hinrich Schütze", "Jian-Yun Nie", "Łukasz Kaiser", "Ada Lovelace", "Jan van der Berg"]
    add(library, *(wrote(name) for name in names), *(wrote(fold(name), abstract="Other.") for name in names))
    return library


@settings(deadline=None)
@given(NAMES, st.sampled_from([str.upper, str.lower, fold, lambda name: f"  {name} "]))
def test_case_and_marks_do_not_change_who_is_meant(people_of_many_spellings: Library, name: str, spell: object) -> None:
    assert callable(spell)
    assert ids(find(people_of_many_spellings, spell(name))) == ids(find(people_of_many_spellings, name)) != []


def merge(library: Library, one: str, other: str) -> Person:
    with library.transaction() as connection:
        people = (author_curation.named(connection, one), author_curation.named(connection, other))
        return author_curation.holders(connection, author_curation.merge(connection, *people))[0]


def split(library: Library, person: str, *parts: str) -> list[Person]:
    with library.transaction() as connection:
        decision = author_curation.split(connection, author_curation.named(connection, person), parts)
        return author_curation.holders(connection, decision)


def everybody(library: Library) -> list[Person]:
    with library.transaction() as connection:
        return lookup.among(connection, sorted(library.ids(PaperFilter())))


@pytest.fixture
def renamed(library: Library) -> Library:
    """Mary Smith, who married, and somebody else."""
    add(
        library,
        wrote("Mary Smith", title="Before"),
        wrote("Mary Jones", title="After"),
        wrote("Peng Fu", title="Other"),
    )
    return library


def test_merging_joins_any_two_names_and_keeps_the_first_id(renamed: Library) -> None:
    person = merge(renamed, "Mary Smith", "Mary Jones")
    assert person.id == "mary-smith"
    assert find(renamed, "mary jones") == find(renamed, "mary-smith") == [person]
    assert {variant.name: variant.reason for variant in person.variants}["Mary Jones"] == "a person said so"
    assert renamed.count(PaperFilter(author="mary-smith")) == 2


def test_a_merged_person_has_the_name_that_was_added_first_and_the_id_that_was_named_first(renamed: Library) -> None:
    person = merge(renamed, "Mary Jones", "Mary Smith")
    assert (person.id, person.name) == ("mary-jones", "Mary Smith")
    assert [(variant.name, variant.reason) for variant in person.variants] == [
        ("Mary Smith", "the fullest spelling"),
        ("Mary Jones", "a person said so"),
    ]


@settings(deadline=None, max_examples=6)
@given(st.permutations(["mary-smith", "mary-jones", "peng-fu"]))
def test_merging_and_splitting_restores_what_was(people_of_many_spellings: Library, order: list[str]) -> None:
    library = people_of_many_spellings
    if not find(library, "Peng Fu"):
        add(library, wrote("Mary Smith"), wrote("Mary Jones"), wrote("Peng Fu"), origin="more")
    before = everybody(library)
    merge(library, order[0], order[1])
    merge(library, order[0], order[2])
    assert len(everybody(library)) == len(before) - 2
    split(library, order[0])
    split(library, order[0])
    assert everybody(library) == before


def test_any_decision_is_taken_back_by_its_number(renamed: Library) -> None:
    merge(renamed, "Mary Smith", "Mary Jones")
    split(renamed, "mary-smith", "Mary Jones")
    with renamed.transaction() as connection:
        merging, splitting = author_curation.decided(connection, author_curation.named(connection, "mary-smith"))
        assert (merging.kind, splitting.kind) == ("merge", "split")
        undone = author_curation.undo(connection, splitting.number)
        assert ids(author_curation.holders(connection, undone)) == ["mary-smith"]
        undone = author_curation.undo(connection, merging.number)
        assert ids(author_curation.holders(connection, undone)) == ["mary-smith", "mary-jones"]
        assert author_curation.decided(connection, author_curation.named(connection, "mary-smith")) == []
        with pytest.raises(UsageError, match="taken back already"):
            author_curation.undo(connection, merging.number)


def test_nobody_is_looked_for_while_a_decision_is_written(renamed: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    [smith], [jones] = find(renamed, "Mary Smith"), find(renamed, "Mary Jones")
    with monkeypatch.context() as patched, renamed.transaction() as connection:
        patched.delattr(lookup, "_directory")
        merging = author_curation.merge(connection, smith, jones)
    assert (merging.kind, merging.number) == ("merge", 1)
    [merged] = find(renamed, "Mary Smith")
    with monkeypatch.context() as patched, renamed.transaction() as connection:
        patched.delattr(lookup, "_directory")
        author_curation.split(connection, merged, ["Mary Jones"])
        author_curation.undo(connection, merging.number)
    assert set(ids(everybody(renamed))) == {"mary-smith", "mary-jones", "peng-fu"}


def test_names_are_not_read_again_after_a_decision(renamed: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everybody(renamed)
    monkeypatch.delattr(resolution, "NameIndex")
    merge(renamed, "Mary Smith", "Mary Jones")
    assert len(everybody(renamed)) == 2
    split(renamed, "mary-smith")
    assert everybody(renamed) == before


def test_a_decision_about_papers_that_are_gone_is_taken_back(renamed: Library) -> None:
    merge(renamed, "Mary Smith", "Mary Jones")
    curation.remove(renamed, [paper.id for paper in renamed.papers() if paper.title == "Before"])
    with renamed.transaction() as connection:
        assert ids(author_curation.holders(connection, author_curation.undo(connection, 1))) == ["mary-jones"]


def test_a_merge_holds_when_papers_come_go_and_come_back(renamed: Library, tmp_path: Path) -> None:
    merge(renamed, "Mary Smith", "Mary Jones")
    add(renamed, wrote("Mary Smith", title="Later"), origin="later")
    assert renamed.count(PaperFilter(author="mary-smith")) == 3
    [after] = [paper for paper in renamed.papers() if paper.title == "After"]
    curation.remove(renamed, [after.id])
    assert renamed.count(PaperFilter(author="mary-smith")) == 2
    add(renamed, wrote("Mary Jones", title="After"), origin="again")
    assert renamed.count(PaperFilter(author="mary-smith")) == 3
    renamed.close()
    again = Library(renamed.folder)
    assert again.count(PaperFilter(author="mary-smith")) == 3
    again.close()


def test_a_spelling_that_is_split_off_goes_off_on_later_papers_too(library: Library) -> None:
    add(library, wrote("Naibin Gu", "Peng Fu", title="One"), wrote("N. Gu", "Peng Fu", title="Two"))
    kept, off = split(library, "Naibin Gu", "N. Gu")
    assert (kept.id, off.id) == ("naibin-gu", "n-gu")
    add(library, wrote("N. Gu", "Peng Fu", title="Three"), origin="later")
    assert library.count(PaperFilter(author="naibin-gu")) == 1
    assert library.count(PaperFilter(author="n-gu")) == 2


def test_papers_that_are_split_off_are_another_person_of_the_name(library: Library) -> None:
    add(library, *(wrote("Yang Liu", "Peng Fu", title=f"Title {number}") for number in range(3)))
    paper_id = next(paper.id for paper in library.papers() if paper.title == "Title 1")
    kept, off = split(library, "Yang Liu", paper_id)
    assert (kept.id, off.id) == ("yang-liu", "yang-liu-2")
    assert off.paper_ids == (paper_id,)
    assert ids(find(library, "Yang Liu")) == ["yang-liu", "yang-liu-2"]
    assert merge(library, "yang-liu", "yang-liu-2").paper_ids
    assert ids(find(library, "Yang Liu")) == ["yang-liu"]


def test_later_papers_of_a_split_name_go_where_more_of_the_co_authors_are(library: Library) -> None:
    add(library, wrote("Yang Liu", "Peng Fu", title="One"), wrote("Yang Liu", "Ada Lovelace", title="Two"))
    paper_id = next(paper.id for paper in library.papers() if paper.title == "Two")
    split(library, "Yang Liu", paper_id)
    add(library, wrote("Yang Liu", "Ada Lovelace", title="Three"), wrote("Yang Liu", title="Four"), origin="later")
    assert library.count(PaperFilter(author="yang-liu")) == 2
    assert library.count(PaperFilter(author="yang-liu-2")) == 2


def test_of_decisions_about_the_same_people_the_last_one_holds(renamed: Library) -> None:
    merge(renamed, "Mary Smith", "Mary Jones")
    split(renamed, "mary-smith", "Mary Jones")
    assert ids(find(renamed, "mary")) == ["mary-jones", "mary-smith"]
    merge(renamed, "Mary Smith", "Mary Jones")
    assert ids(find(renamed, "mary")) == ["mary-smith"]


def test_what_cannot_be_split_or_merged_is_an_error_that_says_what_can(renamed: Library) -> None:
    with pytest.raises(UsageError, match="one person already"):
        merge(renamed, "Mary Smith", "mary-smith")
    with pytest.raises(UsageError, match="mary-jones"):
        merge(renamed, "Mary", "Peng Fu")
    with pytest.raises(UsageError, match="assistant authors"):
        merge(renamed, "Nobody Here", "Peng Fu")
    with pytest.raises(UsageError, match="has merged"):
        split(renamed, "Mary Smith")
    with pytest.raises(UsageError, match="Spellings: Mary Smith"):
        split(renamed, "Mary Smith", "M. Smythe")
    with pytest.raises(UsageError, match="Nothing would be left"):
        split(renamed, "Mary Smith", "Mary Smith")


def test_decisions_hold_in_another_library_with_the_same_papers(renamed: Library, tmp_path: Path) -> None:
    merge(renamed, "Mary Smith", "Mary Jones")
    with renamed.transaction() as connection:
        text = json.dumps(author_curation.export(connection))
    other = Library(tmp_path / "other")
    add(other, wrote("Ada Lovelace", title="Else"), wrote("Mary Jones", title="After"), origin="b")
    add(other, wrote("Mary Smith", title="Before"), origin="c")
    with other.transaction() as connection:
        assert author_curation.bring(connection, text) == (1, 0)
        assert author_curation.bring(connection, text) == (1, 0)
        assert connection.execute(select(func.count()).select_from(author_decisions)).scalar_one() == 1
    assert other.count(PaperFilter(author="mary-smith")) == 2
    empty = Library(tmp_path / "empty")
    with empty.transaction() as connection:
        assert author_curation.bring(connection, text) == (0, 1)
    other.close()
    empty.close()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "x"}', "[" * 100_000, '{"format": 1, "decisions": [1]}'])
def test_a_file_that_is_no_export_is_an_error(library: Library, text: str) -> None:
    with library.transaction() as connection, pytest.raises(UsageError, match="authors export"):
        author_curation.bring(connection, text)


def test_hostile_names_are_names(library: Library) -> None:
    hostile = [
        "'; DROP TABLE papers; --",
        "<script>alert(1)</script>",
        "Robert\u202eTables",
        "N\x00ull Byte",
        "(((",
        ",",
    ]
    add(library, *(wrote(name, "Ada Lovelace", title=f"Title {number}") for number, name in enumerate(hostile)))
    for name in hostile:
        find(library, name)
        library.count(PaperFilter(author=name))
    assert library.count(PaperFilter(author="ada-lovelace")) == len(hostile)
