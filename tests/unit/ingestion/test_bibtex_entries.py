"""Careless BibTeX: the small faulty inputs of the shared folder, and others of their kinds."""

import io
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.export.writers import bibtex as writer
from assistant.ingestion.readers.formats import ENDINGS, find_format
from assistant.ingestion.readers.tex import bibtex
from assistant.ingestion.readers.tex.bibtex_entries import LONGEST_MACRO
from assistant.types import Paper, Problem, Record
from tests.conftest import make_paper
from tests.unit.ingestion.conftest import Import

ABSTRACT = "abstract = {We measure the tide.}"


def items_of(text: str) -> list[Record | Problem]:
    return list(bibtex.parse(io.StringIO(text), "file.bib"))


def papers_of(text: str) -> list[Paper]:
    items = items_of(text)
    assert all(isinstance(item, Record) for item in items), items
    return [item.paper for item in items if isinstance(item, Record)]


def titles(text: str) -> list[str]:
    return [paper.title for paper in papers_of(text)]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("01", ["Lamps drift", "Wells fill"]),
        ("02", ["Wells fill", "Lamps drift", "Ropes fray"]),
        ("08", ["Lamps drift", "Wells fill"]),
        ("09", ["Lamps drift"]),
        ("10", ["Lamps drift"]),
        ("11", ["Lamps drift", "Wells fill"]),
        ("12", ["Lamps drift"]),
        ("14", ["Lamps drift"]),
        ("44", ["Lamps drift", "Wells fill"]),
    ],
)
def test_entries_of_other_programs_are_all_papers(
    shared_import: Callable[[str], Import], number: str, expected: list[str]
) -> None:
    found = shared_import(number)
    assert [paper.title for paper in found.papers] == expected
    assert found.problems == []
    assert all(paper.abstract for paper in found.papers)


def test_names_in_parts_and_without_effect_are_names(shared_import: Callable[[str], Import]) -> None:
    assert shared_import("22").authors == [("Anna van der Oak", "Yuri Roe", "Rick Elm")]
    assert shared_import("23").authors == [("Yu. A. Oak", "Philip Elm", "Rick de Roe")]
    assert shared_import("48").authors[0] == ("Hendrik van der Roost", "Mia Adler")
    assert shared_import("48").authors[4] == ("World Gauge Consortium", "Robert L. Stone, Jr.", "Juan de la Fuente")
    assert not shared_import("48").papers[4].authors_complete


def test_keys_are_kept(shared_import: Callable[[str], Import]) -> None:
    assert [record.source_key for record in shared_import("50").records] == ["nilsen2011gauges", "okoro2012clocks"]
    assert shared_import("09").records[0].source_key == "De Oak202012"
    assert shared_import("14").records[0].source_key == "oak(2020)lamps"


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        ("@web_page{k, title = {T}, FIELDS}", "k"),
        ("@conference-paper{k, title = {T}, FIELDS}", "k"),
        ("@journal article{k,\n title = {T}, FIELDS}", "k"),
        ("@3d.model{k, title = {T}, FIELDS}", "k"),
        ("@ARTICLE (k, title = {T}, FIELDS)", "k"),
        ("@article\n{k, title = {T}, FIELDS}", "k"),
        ("@article{ van Oak (2020) a,\n title = {T}, FIELDS}", "van Oak (2020) a"),
        ("@article{Oak, 2020,\n title = {T}, FIELDS}", "Oak, 2020"),
        ("@article{k\n, title = {T}\n, FIELDS\n}", "k"),
        ("@article{k\n title = {T},\n FIELDS}", "k"),
        ("@article{, title = {T}, FIELDS}", ""),
        ("@article{ title = {T}, FIELDS}", ""),
        ("@article{10.1000/a:b+c_d&e, title = {T}, FIELDS}", "10.1000/a:b+c_d&e"),
        ("@article{k, title = {T} FIELDS}", "k"),
        ("@article{k, title = {T}\n FIELDS\n year = 2020\n}", "k"),
        ('@article{k, title = "T"\n FIELDS}', "k"),
        ("@article{k,, title = {T},,\n, FIELDS,\n}", "k"),
        ("@article{k, title {T}, FIELDS}", "k"),
        ("@article{k, title = {T}}, FIELDS}", "k"),
        ("@article{k, title = {T},\n % not yet, year = {1999},\n FIELDS}", "k"),
        ("@article{k, title = {T}, FIELDS,\n", "k"),
        ("@article{k, title = T, FIELDS}", "k"),
        ("@article{k, FIELDS,\n title = T\n}", "k"),
        ("@article{k, title = {T}, key words = {a}, funding_text\u00a01 = {b}, Early Access Date = {c}, FIELDS}", "k"),
        ("\ufeff@article{k, title = {T}, FIELDS}", "k"),
        ("article{k,\n title = {T}, FIELDS}", "k"),
        ("<pre>@article{k, title = {T}, FIELDS}</pre>", "k"),
        ("%@article{k,\n title = {T}, FIELDS}", "k"),
    ],
)
def test_what_is_meant_is_read(entry: str, key: str) -> None:
    text = entry.replace("FIELDS", ABSTRACT)
    for read in (
        text,
        f"@misc{{before, title = {{B}}, {ABSTRACT}}}\n{text}\n@misc{{after, title = {{A}}, {ABSTRACT}}}",
    ):
        found = {item.source_key: item.paper for item in items_of(read) if isinstance(item, Record)}
        assert (found[key].title, found[key].abstract) == ("T", "We measure the tide.")
        assert found.keys() >= {key} if read is text else {"before", key, "after"}
        assert not [item for item in items_of(read) if isinstance(item, Problem)]


@pytest.mark.parametrize(
    ("value", "title"),
    [
        ("{A} # { and } # {B}", "A and B"),
        ('"A" # " and " # "B"', "A and B"),
        ("tide # { in } # jan", "The Tide in January"),
        ("TIDE", "The Tide"),
        ('"The "high" tide"', 'The "high" tide'),
        ('"The {"}high{"} tide"', 'The "high" tide'),
        ('"G\\"odel, rising"', "Gödel, rising"),
        ("The high tide", "The high tide"),
        ("{A {b {c {d {e {f}}}}}}", "A b c d e f"),
        ("{A\n   b\r\n c}", "A b c"),
    ],
)
def test_a_value_is_read_however_it_is_written(value: str, title: str) -> None:
    text = f"@string{{tide = {{The Tide}}}}\n@misc{{k, title = {value}, {ABSTRACT}}}\n"
    assert titles(text) == [title]


def test_abbreviations_keep_their_names_and_may_be_made_of_others() -> None:
    text = '@STRING( a_b-c = "Lamp" )\n@string{d = a_b-c # { Letters}}\n@misc{k, title={T}, journal=D, year=2020}\n'
    assert papers_of(text)[0].venue == "Lamp Letters"


def test_entries_behind_one_another_on_a_line_are_all_read() -> None:
    entry = "@misc{k, title={T}, year=2020}"
    assert titles(f"{entry}{entry} {entry}\n{entry} text {entry}, {entry}") == ["T"] * 6


def test_comments_are_no_problems_and_hide_nothing() -> None:
    text = (
        "Papers of the group, by me@oak.example\n\n@Comment by Anna\n"
        "@comment{jabref-meta: grouping:\n0 AllEntriesGroup:;\n"
        "1 StaticGroup:a\\;2\\;1\\;\\;\\;\\;;\n}\n@Preamble{ {\\newcommand{\\x}{y}} }\n@misc{a, title={A}, year=2020}\n"
        "% @misc{hidden,\n%  title={Hidden}, year=2020}\n@misc{b, title={B}, year=2020}\nnothing = here"
    )
    assert titles(text) == ["A", "B"]


def test_fields_outside_of_any_entry_are_reported() -> None:
    first, problem, last = items_of(
        "@misc{a, title={A}, year=2020}\n\ngone,\n  title = {Gone},\n  year = {2020}\n}\n"
        "@misc{b, title={B}, year=2020}\n"
    )
    assert isinstance(problem, Problem)
    assert (problem.line, "outside of any entry" in problem.reason) == (4, True)
    assert isinstance(first, Record)
    assert isinstance(last, Record)


@pytest.mark.parametrize(
    "broken",
    [
        "@misc{x, title = {Open, year = {2020},\n}\n",
        '@misc{x, title = "Open, year = {2020},\n}\n',
        "@misc{x, title = {T}, !? }\n",
        "@misc{x, title = {T}, !? {, year = {2020}}\n",
        "@misc{x\n",
    ],
)
def test_a_broken_entry_costs_only_itself(broken: str) -> None:
    items = items_of(f"@misc{{a, title={{A}}, year=2020}}\n{broken}@misc{{b, title={{B}}, year=2020}}\n")
    assert [type(item) for item in items] == [Record, Problem, Record]
    assert isinstance(items[1], Problem)
    assert items[1].line == 2
    assert "“x”" in items[1].reason


@pytest.mark.parametrize(
    ("broken", "is_said"),
    [
        ("title = {Lamps {at night},\n year = {2020},\n note = {N}", True),
        ("title = {Lamps at night},\n year = {2020},\n publisher = {Oak {{\\&} Elm},\n note = {N}", True),
        ("year = {2020},\n title = {Lamps at night,\n note = {N}", True),
        ('year = {2020},\n title = "Lamps at {night",\n note = {N}', True),
        ("title = {Lamps at night}, !? , year = {2020}", True),
        ("title = {Lamps at night},\n what is this\n year = {2020}", True),
        ("title = {Lamps at night}, note = {T} = {U}, year = {2020}", True),
        ("title = {Lamps at night},\n //doi = {10.1000/x},\n year = {2020}", False),
        ("title = {Lamps at night},\n #note = {x},\n *url = {y},\n 2nd = {x},\n ?note = {z}, year = {2020}", False),
    ],
)
def test_a_broken_field_costs_only_itself_and_is_said(broken: str, is_said: bool) -> None:
    items = items_of(f"@misc{{x, {broken}\n}}\n@misc{{b, title={{B}}, year=2020}}\n")
    records = [item for item in items if isinstance(item, Record)]
    assert [(each.paper.title, each.paper.date) for each in records] == [("Lamps at night", "2020"), ("B", "2020")]
    assert ["“x”" in item.reason for item in items if isinstance(item, Problem)] == [True] * is_said
    assert records[0].paper.doi == ""


@pytest.mark.parametrize(
    ("value", "journal"),
    [
        ("jan # { Letters,", "January Letters"),
        ('"Lamp " # jan # {~{Letters},', "Lamp January Letters"),
        ('jan # " {Letters",', "January Letters"),
        ("{Lamp } # {Letters,", "Lamp Letters"),
        ("x # {Letters,", "xLetters"),
    ],
)
def test_a_joined_value_that_lacks_its_end_keeps_what_is_before(value: str, journal: str) -> None:
    record, problem = items_of(f"@misc{{k, title = {{T}},\n journal = {value}\n year = {{2020}}\n}}\n")
    assert isinstance(record, Record)
    assert (record.paper.venue, record.paper.date) == (journal, "2020")
    assert isinstance(problem, Problem)


def test_people_and_keywords_named_twice_are_joined_and_of_other_fields_the_first_counts() -> None:
    (paper,) = papers_of(
        "@misc{k, title={T}, title={U}, author={Oak, Anna}, author={Elm, Rick}, "
        "keywords={a}, keywords={b}, year=, year=2020}"
    )
    assert (paper.title, paper.authors, paper.labels) == ("T", ("Anna Oak", "Rick Elm"), ("a", "b"))
    assert paper.date == "2020"


def test_a_key_that_is_there_twice_is_two_papers() -> None:
    assert titles("@misc{k, title={T}, year=2020}\n@misc{k, title={U}, year=2020}\n") == ["T", "U"]


@pytest.mark.parametrize(
    "field",
    [
        "keywords = {tides, wave height; moon}",
        "Key Words = {tides; wave height; moon}",
        "author_keywords = {tides; wave height; moon}",
        "keywords = {tides}, mendeley-groups = {wave height,moon}",
        "groups = {tides, wave height}, mendeley-tags = {moon}",
        "keywords = {{tides}, {wave height}, moon}",
    ],
)
def test_keywords_and_groups_of_all_programs_are_labels(field: str) -> None:
    assert papers_of(f"@misc{{k, title={{T}}, year=2020, {field}}}")[0].labels == ("tides", "wave height", "moon")


def test_a_comma_in_braces_parts_no_label() -> None:
    (paper,) = papers_of("@misc{k, title={T}, year=2020, keywords={{lamps, electric}, R\\&D}}")
    assert paper.labels == ("lamps, electric", "R&D")


def test_groups_that_another_program_put_our_papers_into_are_labels_too() -> None:
    written = "".join(writer.write([make_paper("T", labels=("mine", "to, read"))]))
    (paper,) = papers_of(written.replace("  exporter", "  groups = {thesis, lamps},\n  exporter"))
    assert paper.labels == ("mine", "to, read", "thesis", "lamps")


@pytest.mark.parametrize(
    ("fields", "name", "value"),
    [
        ("note = {PMID: 12345}", "pmid", "12345"),
        ("url = {https://pubmed.ncbi.nlm.nih.gov/12345/}", "pmid", "12345"),
        ("annote = {doi: 10.1000/x.y}", "doi", "10.1000/x.y"),
        ("note = {https://doi.org/10.1000/x\\_y.}", "doi", "10.1000/x_y"),
        ("url = {http://dx.doi.org/10.1000/x}", "doi", "10.1000/x"),
        ("ee = {https://doi.org/10.1000/x}", "doi", "10.1000/x"),
        ("eprint = {10.1000/x}, eprinttype = {doi}", "doi", "10.1000/x"),
        ("note = {Erratum: doi 10.1000/x}", "doi", ""),
        ("note = {see 10.1000/x}", "doi", ""),
        ("note = {arXiv:2001.00001 [cs]}", "arxiv_id", "2001.00001"),
        ("eprint = {{2001.00001}}, archiveprefix = {{arXiv}}", "arxiv_id", "2001.00001"),
        ("date = {2020-05~}", "date", "2020-05"),
        ("date = {2020-05-03/2021}", "date", "2020-05-03"),
        ("date = {/2020-05}", "date", "2020-05"),
        ('year = 2020, month = "5~" # may', "date", "2020-05-05"),
        ("year = 2020, month = jun # {/} # jul", "date", "2020-06"),
        ("Early Access Date = {MAR 2021}", "date", "2021-03"),
        ("date = {Mar 3}, year = 2020", "date", "2020-03-03"),
        ("year = 2020, month = {août}", "date", "2020-08"),
        ("year = 2020, month = {{Dez.}}, day = 3", "date", "2020-12-03"),
        ("date = {12 de enero de 2020}", "date", "2020-01-12"),
        ("eventtitle = {Lamps 2020}", "venue", "Lamps 2020"),
        (r"journal = {\mnras}", "venue", "Monthly Notices of the Royal Astronomical Society"),
        (r"journal = \prd", "venue", "Physical Review D"),
        (r"journal = {Lamps \& Wells}", "venue", "Lamps & Wells"),
        (r"doi = {10.1000/1{\textless}2::AID-3{\textgreater}3.0.CO;2-2}", "doi", "10.1000/1<2::AID-3>3.0.CO;2-2"),
        (r"doi = {10.1000/\detokenize{a_b}}", "doi", "10.1000/a_b"),
        (r"doi = {10.1000/a$\_$b\_{}c}", "doi", "10.1000/a_b_c"),
        ("doi = {10/ab3cd}", "url", "https://doi.org/10/ab3cd"),
        (r"url = {https://oak.example/{\textasciitilde}me/a\_b}", "url", "https://oak.example/~me/a_b"),
        (r"url = {https://oak.example/$\sim$me/\~{}you}", "url", "https://oak.example/~me/~you"),
        (r"howpublished = {\href{https://oak.example/a}{the page}}", "url", "https://oak.example/a"),
        (r"url = {\url{https://oak.example/a\%20b}}", "url", "https://oak.example/a%20b"),
    ],
)
def test_identifiers_dates_and_venues_are_found_where_programs_put_them(fields: str, name: str, value: str) -> None:
    (paper,) = papers_of(f"@misc{{k, title={{T}}, {ABSTRACT}, {fields}}}")
    assert getattr(paper, name) == value


def test_data_of_other_entries_is_inherited_whatever_the_order() -> None:
    child = "@inproceedings{c, title={Child}, author={Oak, Anna}, xdata={x, y}, crossref={p}}\n"
    others = (
        "@xdata{x, eventtitle={Lamps 2020}}\n@xdata{y, keywords={lamps}}\n"
        "@proceedings{p, title={Proceedings of Lamps}, crossref={s}, abstract={All of them.}}\n"
        "@misc{s, title={S}, year=2020}\n"
    )
    for text in (child + others, others + child):
        (paper,) = [paper for paper in papers_of(text) if paper.title == "Child"]
        assert (paper.venue, paper.date, paper.labels) == ("Proceedings of Lamps", "2020", ("lamps",))


def test_entries_that_refer_to_one_another_in_a_ring_are_read() -> None:
    ring = "@misc{a, title={A}, year=2020, crossref={b}}\n@misc{b, title={B}, year=2020, crossref={a}}\n"
    assert sorted(titles(ring)) == ["A", "B"]


@pytest.mark.parametrize("ending", [".bib", ".biblatex", ".bibtex"])
def test_endings_of_bibtex_are_known(ending: str) -> None:
    assert ENDINGS[ending] is bibtex


@pytest.mark.parametrize(
    "head",
    ["@online{oak(2020)lamps,\n title = {T}}", "@web_page{,\n title = {T}}", "Text.\n@book(k,", "@misc{De Oak2020,\n"],
)
def test_a_text_is_known_as_bibtex_whatever_its_file_is_called(head: str) -> None:
    assert find_format(head, "papers.txt", {}) is bibtex


@pytest.mark.parametrize(
    "text", ["Write to me @oak (or call), soon.", "@Test(timeout = 5)\nvoid run() {", "@media (a, b) {"]
)
def test_other_texts_with_that_sign_are_not_bibtex(text: str) -> None:
    assert find_format(text, "notes", {}) is not bibtex


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "hostile",
    [
        "@a{b,c={" * 100_000,
        "@a{b,\n" * 100_000,
        "@misc{k, title = " + "{" * 500_000,
        "@misc{k, title = " + '"' * 500_000,
        "@misc{k, " + "a b " * 200_000,
        "@misc{k, title = {T}, " + "x = {y}, " * 100_000,
        "@misc{k, title = x" + " # x" * 200_000 + "}",
        "@misc{k, author = {" + "a and " * 150_000 + "}, title={T}}",
        "@misc{k, author = {" + "{a} and " * 100_000 + "}, title={T}}",
        "@misc{k, keywords = {" + "a,;" * 200_000 + "}, title={T}, year=2020}",
        "@misc{k, author = {" + "and " * 150_000 + "}, title={T}}",
        "@misc{k, author = {A" + " et al" * 80_000 + "}, title={T}}",
        "@misc{k, author = {" + "A. B, " * 80_000 + " and C. D}, title={T}}",
        "@misc{k, title = " + '", a = ' * 70_000,
        "% @misc{k, title = {T}} " * 20_000,
        "@misc{" + "k " * 400_000,
        "\n" * 500_000 + "=",
        " " * 500_000 + "@",
        "@" * 500_000,
        "@misc{k, title={T}}" + " " * 500_000 + "x = {" * 50_000,
        "@comment{" * 100_000,
        "@misc{k, " + "!\n a = {b}," * 50_000,
        "@misc{k, " + "a = {b {,\n" * 50_000,
        "@misc{k, title = {T}, !!!" + "\n" * 50_000 + "x}",
        "@misc{k, title = {T" + "\n" * 50_000 + "x",
    ],
)
def test_nothing_hostile_keeps_the_reader(hostile: str) -> None:
    assert len(items_of(hostile + "\n@misc{z, title={Z}, year=2020}\n")) < 200_000


@pytest.mark.parametrize(
    "open_field",
    [
        'abstract = "Tides are wet,',
        'abstract = "Tides are wet',
        'abstract = "Tides are {wet},',
        'abstract = "Tides are wet,\n',
    ],
)
@pytest.mark.parametrize("fields", ['year = "2010"', 'year = {2010},\n note = "N"', 'year = 2010,\n note = "N, O"'])
def test_a_quotation_mark_that_is_missing_ends_its_field_before_the_line_of_the_next(
    open_field: str, fields: str
) -> None:
    (paper,) = papers_of(f'@misc{{k,\n title = "Tides",\n {open_field}\n {fields},\n}}\n')
    assert (paper.title, paper.abstract, paper.date) == ("Tides", "Tides are wet", "2010")


def test_a_quotation_that_holds_fields_is_reported_where_its_end_is_not_plain() -> None:
    for text in (
        '@misc{k, title = "Tides, author = "Berg, Anna", year = "2010"}\n',
        '@misc{k, title = "{Tides,\n author = "Berg, Anna", year = "2010"}\n',
    ):
        items = items_of(text + "@misc{z, title={Z}, year=2020}\n")
        assert [type(item) for item in items if not isinstance(item, Record)] == [Problem]
        assert isinstance(items[-1], Record)


@pytest.mark.parametrize(
    "title", ['A "bright" lamp', 'The sign "=" in x = "y" lamps', 'Lamps {and, x = "y"} more', 'So, "lamps" = "light"']
)
def test_marks_inside_a_quotation_are_text(title: str) -> None:
    (paper,) = papers_of(f'@misc{{k, title = "{title}", year = "2010"}}\n')
    assert paper.date == "2010"
    assert paper.title.count("“") + paper.title.count('"') >= 1


def test_an_entry_of_which_every_line_is_commented_out_is_left_out_and_no_other() -> None:
    """BibTeX knows no comments within a file and would read all; biber and reference managers know the sign.

    Who puts it before each line wants the entry away. Where fields stand in lines without it, BibTeX and others take
    the entry all the same, and a paper that is wanted weighs more.
    """
    last = "@misc{z, title={Z}, year=2020}\n"
    one_line = "% @misc{a, title={Ropes}, year=2011}\n"
    lines = "%@misc{a,\n%  title={Ropes},\n %  year=2011\n%}\n"
    for commented in (one_line, "%" + one_line, "  " + one_line, lines):
        assert titles(last + commented) == ["Z"]
        assert titles(commented + last) == ["Z"]
    for wanted in ("% Ropes\n@misc{a, title={Ropes}, year=2011}\n", "% @misc{a,\n title={Ropes},\n year=2011\n}\n"):
        assert titles(wanted + last) == ["Ropes", "Z"]


def test_an_abbreviation_cannot_grow_without_end() -> None:
    doubling = "@string{a0 = {ha}}\n" + "".join(f"@string{{a{n + 1} = a{n} # a{n}}}\n" for n in range(60))
    (paper,) = papers_of(doubling + "@misc{k, title={T}, year=2020, journal=a60}\n")
    assert len(paper.venue) <= LONGEST_MACRO


FILE = "".join(
    writer.write(
        make_paper(f"Tide {letter}: 5% of {{them}}", f"We measure the tide {letter}.", authors=("Anna Oak", "Rick Elm"))
        for letter in "ABCDEF"
    )
)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(FILE) - 1))
def test_a_character_that_is_missing_costs_two_entries_at_most_and_is_said(place: int) -> None:
    items = items_of(FILE[:place] + FILE[place + 1 :])
    whole = {item.paper for item in items if isinstance(item, Record)} & set(papers_of(FILE))
    read = [item for item in items if isinstance(item, Record)]
    assert len(whole) >= 4
    assert len(read) == 6 or any(isinstance(item, Problem) for item in items)


@pytest.mark.parametrize(
    ("title", "subtitle", "whole"),
    [
        ("Lamps", "A History", "Lamps: A History"),
        ("What is a Lamp?", "An Answer", "What is a Lamp? An Answer"),
        ("{Lamps:}", "A History", "Lamps: A History"),
        ("Lamps: A History", "A History", "Lamps: A History"),
        ("", "A History", "A History"),
    ],
)
def test_a_subtitle_stands_behind_the_title(title: str, subtitle: str, whole: str) -> None:
    assert titles(f"@book{{k, title={{{title}}}, subtitle={{{subtitle}}}, year=2020}}") == [whole]


@pytest.mark.parametrize(
    ("author", "names"),
    [
        (r"Oak, Anna\thanks{Lamp Lab} and Elm, Rick\footnote{Now elsewhere}", ("Anna Oak", "Rick Elm")),
        (
            r"Anna Oak$^{1,*}$ and Rick Elm\textsuperscript{2} and Mia Ash$^\dagger$",
            ("Anna Oak", "Rick Elm", "Mia Ash"),
        ),
        ("樫木, 花", ("花 樫木",)),
        ("樫木, 花 and 楡, 太郎", ("花 樫木", "太郎 楡")),
        (
            "Jos{\\'e} Oak, Anna M{\\\"u}ller, Rick Gro{\\ss} and Mia Ash",
            ("José Oak", "Anna Müller", "Rick Groß", "Mia Ash"),
        ),
        (r"Jos\'{\i} Oak, Anna {\v C}ern and Mia Ash", ("Josí Oak", "Anna Čern", "Mia Ash")),
        ('{Oak, Elm and Ash} and M{\\"u}ller, Anna', ("Oak, Elm and Ash", "Anna Müller")),
        ('Anna M{\\\\"u}ller and, Rick Elm', ("Anna Müller", "Rick Elm")),
        ("樫木花子, 楡太郎", ("樫木花子", "楡太郎")),
        ("林松, 柳梅", ("林松", "柳梅")),
        ("林松, 柳梅竹", ("林松", "柳梅竹")),
        ("林, 松竹", ("松竹 林",)),
        ("欧阳, 松竹", ("松竹 欧阳",)),
        ("남궁, 솔", ("솔 남궁",)),
        ("솔별, 달빛", ("솔별", "달빛")),
    ],
)
def test_marks_behind_names_are_dropped_and_a_comma_parts_the_family_name(author: str, names: tuple[str, ...]) -> None:
    (paper,) = papers_of(f"@misc{{k, title={{T}}, year=2020, author={{{author}}}}}")
    assert paper.authors == names


def test_the_end_of_a_line_that_a_program_wrote_is_no_text_of_an_abstract() -> None:
    text = r"We measure.{\textbackslash}n{\textbackslash}nRESULTS: Tides.\textbackslash{}n \textbackslash{}nu it is."
    (paper,) = papers_of(f"@misc{{k, title={{T}}, abstract={{{text}}}}}")
    assert paper.abstract == "We measure. RESULTS: Tides. \\nu it is."
