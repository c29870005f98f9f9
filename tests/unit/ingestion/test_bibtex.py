import datetime
from pathlib import Path

import pytest

from assistant.ingestion.readers import read
from assistant.types import Authorship, Notice, Paper, Problem, ReaderItem, Record

DATA = Path(__file__).parents[2] / "data"
FIXTURES = Path(__file__).parents[3].parent / "shared" / "fixtures" / "bibtexparser" / "tests" / "resources"
AS_OF = datetime.date(2026, 11, 23)


def records() -> dict[str, Record]:
    items = read(DATA / "references.bib", as_of=AS_OF)
    return {item.source_key: item for item in items if isinstance(item, Record)}


def items_of(tmp_path: Path, text: str) -> list[ReaderItem]:
    path = tmp_path / "references.bib"
    path.write_text(text)
    return list(read(path, as_of=AS_OF))


def paper_with(tmp_path: Path, fields: str) -> Paper:
    (item,) = items_of(tmp_path, f"@misc{{key, title={{Title}}, abstract={{Wet.}}, {fields}}}")
    assert isinstance(item, Record)
    return item.paper


def test_an_entry_of_a_reference_manager_is_read_whole() -> None:
    record = records()["berg_tides_2019"]
    assert record.line == 6
    assert record.paper == Paper(
        title="TIDE: Tables that Inform Decoders -- 50% fewer errors",
        abstract="Tides move. TIDE lowers errors by 1.3% at cost $O(n^2)$.",
        authorships=(
            Authorship("Lena Berg", 1),
            Authorship("Jan Willem van der Meer, Jr", 2),
            Authorship("Harbour Research Group", 3),
            Authorship("Jörg Müller", 4),
        ),
        date="2019-01-24",
        categories=("cs.CL",),
        doi="10.48550/arXiv.1901.00001",
        arxiv_id="1901.00001",
        url="http://arxiv.org/abs/1901.00001v2",
    )


def test_an_entry_of_an_anthology_is_read_whole() -> None:
    record = records()["okafor-2020-gulls"]
    assert record.line == 25
    assert record.paper == Paper(
        title="Counting “Gulls” at Night",
        abstract="We count gulls & ducks.",
        authorships=(Authorship("Mina Okafor", 1), Authorship("José Nuñez", 2)),
        authors_complete=False,
        date="2020-07-05",
        venue="Proceedings of the Night Workshop",
        url="https://example.org/2020.gulls-1",
    )


def test_broken_entries_are_reported_with_their_lines_and_lose_no_other() -> None:
    items = list(read(DATA / "references.bib", as_of=AS_OF))
    problems = [item for item in items if isinstance(item, Problem)]
    assert [problem.line for problem in problems] == [20, 36]
    assert "“broken2020” is not valid BibTeX: a brace or a quotation mark is not closed" in problems[0].reason
    assert "“Without an Abstract” has a title and nothing else" in problems[1].reason
    assert set(records()) == {
        *("berg_tides_2019", "okafor-2020-gulls", "scholar2017", "second", "", "nocomma", "last"),
        "broken2020",
    }


def test_entries_on_one_line_are_both_read() -> None:
    assert records()["scholar2017"].line == records()["second"].line == 35


def test_abbreviations_are_filled_in_and_unknown_ones_do_no_harm() -> None:
    paper = records()["second"].paper
    assert (paper.venue, paper.date) == ("Journal of Lighthouse Work", "1999")
    assert paper.authors == ("A. Turner", "K. Göbel")


def test_names_parted_by_commas_alone_are_people_of_their_own() -> None:
    assert records()[""].paper.authors == ("John Carter", "Jane Dover", "Max Ernst")
    assert records()[""].paper.date == "2001-09"


@pytest.mark.parametrize(
    ("fields", "arxiv_id"),
    [
        ("eprint={1706.03762v5}, archivePrefix={arXiv}", "1706.03762"),
        ("eprint={hep-th/9901001}, archivePrefix={arXiv}", "hep-th/9901001"),
        ("eprint={12345}, archivePrefix={hal}", ""),
        ("journal={arXiv preprint arXiv:1706.03762}", "1706.03762"),
        ("journal={CoRR}, volume={abs/1706.03762}", "1706.03762"),
        ("url={https://arxiv.org/pdf/1706.03762v1.pdf}", "1706.03762"),
        ("doi={10.48550/ARXIV.1706.03762}", "1706.03762"),
        ("number={{arXiv}:1706.03762}", "1706.03762"),
        ("doi={10.1000/182}, url={https://example.org/1706.03762}", ""),
    ],
)
def test_an_arxiv_id_is_found_wherever_exporters_put_it(tmp_path: Path, fields: str, arxiv_id: str) -> None:
    assert paper_with(tmp_path, fields).arxiv_id == arxiv_id


@pytest.mark.parametrize(
    ("fields", "date"),
    [
        ("year=2021", "2021"),
        ("year={2021}, month=jan", "2021-01"),
        ("year={2021}, month={December}", "2021-12"),
        ("year={2021}, month={3}, day={9}", "2021-03-09"),
        ("year={2021}, month={May 5}", "2021-05-05"),
        ("year={2021}, month={13}", "2021"),
        ("date={2021-05/2021-06}", "2021-05"),
        ("year={in press}", ""),
        ("month=jan", ""),
    ],
)
def test_a_date_has_the_precision_that_the_entry_gives(tmp_path: Path, fields: str, date: str) -> None:
    assert paper_with(tmp_path, fields).date == date


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ("{{The ALPHA Collaboration}}", ("The ALPHA Collaboration",)),
        ("{{Smith and Sons} and Ludwig van Beethoven}", ("Smith and Sons", "Ludwig van Beethoven")),
        ("{Costa-juss{\\`a}, Marta R.}", ("Marta R. Costa-jussà",)),
        ("{A, B, C, D, E}", ("A, B, C, D, E",)),
        ("{Ott, Cy; Ray, Ed}", ("Cy Ott", "Ed Ray")),
        ("{}", ()),
    ],
)
def test_names_are_given_as_they_are_spoken(tmp_path: Path, author: str, names: tuple[str, ...]) -> None:
    assert paper_with(tmp_path, f"author={author}").authors == names


def test_only_web_addresses_are_let_through(tmp_path: Path) -> None:
    assert paper_with(tmp_path, "url={javascript:alert(1)}").url == ""
    assert paper_with(tmp_path, r"howpublished={\url{https://example.org/a\_b}}").url == "https://example.org/a_b"


def test_a_file_without_entries_is_reported(tmp_path: Path) -> None:
    (item,) = items_of(tmp_path, "% nothing here yet\n")
    assert isinstance(item, Problem)
    assert "no entry" in item.reason


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="the shared data folder is absent")
def test_a_chinese_encoding_is_recognised_and_said_aloud() -> None:
    path = FIXTURES / "gbk_test.bib"
    notice, record = read(path, as_of=AS_OF)
    assert notice == Notice(str(path), "not UTF-8; read as gb18030")
    assert isinstance(record, Record)
    assert (record.paper.title, record.paper.abstract) == ("Test Title", "")


def test_a_volume_is_no_paper_and_a_paper_of_it_is_one_without_an_abstract_too(tmp_path: Path) -> None:
    items = items_of(tmp_path, PARENT + CHILD.replace("abstract={Wet.}, ", "") + "@book{b, title={A}, year=1999}\n")
    problem, child, book = items
    assert isinstance(problem, Problem)
    assert problem.reason.startswith("“Night Workshop” is a volume (@proceedings), not a paper")
    assert isinstance(child, Record)
    assert (child.paper.title, child.paper.venue, child.paper.abstract) == ("Child", "Night Workshop", "")
    assert isinstance(book, Record)


CHILD = "@inproceedings{child, title={Child}, abstract={Wet.}, crossref={Parent}}\n"
PARENT = "@proceedings{parent, title={Night Workshop}, year={2020}, month=may}\n"


@pytest.mark.parametrize("text", [CHILD + PARENT, PARENT + CHILD])
def test_an_entry_inherits_from_the_one_it_refers_to(tmp_path: Path, text: str) -> None:
    (paper,) = [item.paper for item in items_of(tmp_path, text) if isinstance(item, Record)]
    assert (paper.title, paper.venue, paper.date) == ("Child", "Night Workshop", "2020-05")


def test_an_entry_keeps_what_it_says_itself(tmp_path: Path) -> None:
    child = CHILD.replace("crossref", "booktitle={Own}, year={2021}, crossref")
    (paper,) = [item.paper for item in items_of(tmp_path, child + PARENT) if isinstance(item, Record)]
    assert (paper.venue, paper.date) == ("Own", "2021")


def test_an_entry_that_refers_to_nothing_is_read_all_the_same(tmp_path: Path) -> None:
    items = items_of(tmp_path, CHILD + "@misc{other, title={Other}, abstract={Wet.}, crossref={other}}\n")
    assert {item.paper.title for item in items if isinstance(item, Record)} == {"Child", "Other"}


def test_an_endless_entry_costs_only_itself(tmp_path: Path) -> None:
    endless = "@misc{endless, title={Endless}, abstract={" + "word\n" * 1_000_000
    items = items_of(tmp_path, endless + "@misc{last, title={Last}, abstract={The end.}}\n")
    assert [type(item) for item in items] == [Problem, Record]


def test_a_number_in_pubmed_is_kept(tmp_path: Path) -> None:
    assert paper_with(tmp_path, "pmid={30000001}").pmid == "30000001"
    assert paper_with(tmp_path, "eprint={30000001}, eprinttype={pubmed}").pmid == "30000001"


def test_a_file_that_has_families_first_parts_no_name_at_its_comma(tmp_path: Path) -> None:
    alone = "@article{{k{n}, title={{Title {n}}}, year=2020, author={{{author}}}}}\n"
    spanish, listed = "García Márquez, Gabriel José", "Berg, Anna and Roe, Rick"
    usual = "".join(alone.format(n=n, author=listed) for n in range(3)) + alone.format(n=9, author=spanish)
    last = items_of(tmp_path, usual)[-1]
    assert isinstance(last, Record)
    assert last.paper.authors == ("Gabriel José García Márquez",)
    careless = alone.format(n=1, author="Yara Benn, Aron Cole")
    (only,) = items_of(tmp_path, careless)
    assert isinstance(only, Record)
    assert only.paper.authors == ("Yara Benn", "Aron Cole")


LIST = ("Yara Benn", "Aron Cole", "Ida Dunn")
SHORT = ("Y. Benn", "A. Cole", "I. Dunn")


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ("Yara Benn, Aron Cole, and Ida Dunn", LIST),
        ("Yara Benn, Aron Cole, Ida Dunn and Max Ott", (*LIST, "Max Ott")),
        ("Y. Benn, A. Cole, and I. Dunn", SHORT),
        ("Y. Benn, A. Cole and I. Dunn", SHORT),
        ("Benn Y., Cole A. and Dunn I.", SHORT),
        ("Benn Y, Cole A and Dunn I", ("Y Benn", "A Cole", "I Dunn")),
        ("Benn, Yara; Cole, Aron and Dunn, Ida", LIST),
        ("Benn, Yara; Cole, Aron; and Dunn, Ida", LIST),
        (r"Yara Benn \& Aron Cole", LIST[:2]),
        ("Yara Benn & Aron Cole", LIST[:2]),
        (r"Benn, Yara \& Cole, Aron and Dunn, Ida", LIST),
        ("Yara Benn, Aron Cole and Ida Dunn", LIST),
        ("Benn, Yara, Cole, Aron and Dunn, Ida", LIST),
        ("Benn, Yara and and Cole, Aron and", LIST[:2]),
        ("Yara Benn, Aron Cole, Ida Dunn, Max Ott and Jo Oak, Jr", (*LIST, "Max Ott", "Jo Oak, Jr")),
        ("and and Benn, Yara and Cole, Aron", LIST[:2]),
        ("Yara Benn, PhD and Aron Cole", ("Yara Benn, PhD", "Aron Cole")),
        # What BibTeX has
        ("Benn, Yara and Cole, Aron and Dunn, Ida", LIST),
        ("Benn, Yara and Aron Cole", LIST[:2]),
        ("Benn, Yara, and Cole, Aron", LIST[:2]),
        ("van der Benn, Yara and Aron Cole", ("Yara van der Benn", "Aron Cole")),
        ("de la Benn, Y. A. and A. Cole", ("Y. A. de la Benn", "A. Cole")),
        ("Benn, Jr, Yara and Aron Cole", ("Yara Benn, Jr", "Aron Cole")),
        ("B&eacute;nn, Yara and Cole, Aron", ("Yara Bénn", "Aron Cole")),
        (r"Johnson \& Johnson", ("Johnson & Johnson",)),
        ("{Yara Benn, Aron Cole, and Sons}", ("Yara Benn, Aron Cole, and Sons",)),
    ],
)
def test_lists_that_are_not_as_bibtex_has_them_are_parted_all_the_same(
    tmp_path: Path, author: str, names: tuple[str, ...]
) -> None:
    paper = paper_with(tmp_path, f"author={{{author}}}")
    assert (paper.authors, paper.authors_complete) == (names, True)


@pytest.mark.parametrize(
    "others", [" et al.", ", et al", " et. al.", " and et al.", " {et al.}", r" {\it et al.}", "~et~al."]
)
@pytest.mark.parametrize(
    ("author", "names"),
    [
        ("Benn, Yara", LIST[:1]),
        ("Yara Benn", LIST[:1]),
        ("Benn, Yara and Cole, Aron", LIST[:2]),
        ("Y. Benn, A. Cole", SHORT[:2]),
    ],
)
def test_names_that_a_list_leaves_out_are_no_part_of_a_name(
    tmp_path: Path, author: str, names: tuple[str, ...], others: str
) -> None:
    paper = paper_with(tmp_path, f"author={{{author}{others}}}")
    assert (paper.authors, paper.authors_complete) == (names, False)


def test_a_name_that_ends_in_al_is_whole(tmp_path: Path) -> None:
    assert paper_with(tmp_path, "author={Pascal, Al and Perret Al}").authors == ("Al Pascal", "Perret Al")


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ("{family=de la Oak, given=Iris}", ("Iris de la Oak",)),
        ("{family=Oak, given=Iris, prefix=de la} and {given=Rick, family=Elm}", ("Iris de la Oak", "Rick Elm")),
        ("family=Oak, given=Iris and {Rick Elm}", ("Iris Oak", "Rick Elm")),
        ("family={Harbour Group}", ("Harbour Group",)),
        ("family={Oak, Elm and Sons}", ("Oak, Elm and Sons",)),
        ("given-i=I, family-i=O, family=", ("given-i=I, family-i=O, family=",)),
    ],
)
def test_names_in_named_parts_lose_nobody(tmp_path: Path, author: str, names: tuple[str, ...]) -> None:
    assert paper_with(tmp_path, f"author={{{author}}}").authors == names


@pytest.mark.parametrize("year", ["{20}11", "20{11}", "{{2011}}", "{\\bf 2011}"])
def test_braces_in_a_year_part_nothing(tmp_path: Path, year: str) -> None:
    assert paper_with(tmp_path, f"year={{{year}}}").date == "2011"


def test_a_list_of_names_with_two_words_each_is_as_the_lists_before_it(tmp_path: Path) -> None:
    alone = "@misc{{k{n}, title={{Title {n}}}, year=2020, author={{{author}}}}}\n"
    usual = "".join(alone.format(n=n, author="Benn, Yara and Cole, Aron") for n in range(3))
    last = items_of(tmp_path, usual + alone.format(n=9, author="García Márquez, Gabriel José and Ida Dunn"))[-1]
    assert isinstance(last, Record)
    assert last.paper.authors == ("Gabriel José García Márquez", "Ida Dunn")
