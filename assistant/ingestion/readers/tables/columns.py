"""Columns of a table: which field of a paper each holds, told from its name, and the papers that its rows are."""

from __future__ import annotations

import ast
import itertools
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from assistant.ingestion.readers import exported, fields, names
from assistant.ingestion.readers.fields import (
    NO_COLUMNS,
    find_arxiv_id,
    find_date,
    find_doi,
    find_pmid,
    find_url,
    first_of,
)
from assistant.ingestion.readers.objects import named_fields
from assistant.ingestion.readers.tex.latex import to_text
from assistant.text import shortened
from assistant.types import Notice, Paper, Problem, ReaderItem, Record

ROWS_BEFORE_HEADER = 20  # some exports begin with lines about themselves
MOST_JOINED = 50  # cells beyond the columns of a row that is put right
MOST_COLUMNS = 500  # of a table whose rows are put right
LONGEST_CELL = 131_072  # characters, of what a paper takes; a cell of Excel has 32,767 at most

# What each field's column is called, the likeliest first: letters only, in lower case, without accents.
COLUMN_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "title": "title articletitle documenttitle papertitle itemtitle primarytitle titleprimary maintitle "
        "displayname titles papername studytitle ti titulo titre titel titolo titeldesbeitrags aufsatztitel "
        "titredelarticle titulodelarticulo titulodoartigo titolodellarticolo название заглавие "
        "题名 题目 篇名 标题 標題 文献标题 论文标题 论文题目 文章标题 題名 書名 論文名 論文タイトル タイトル 제목",
        "abstract": "abstract abstractnote abstracttext paperabstract abstracts summary summaries "
        "abstractinvertedindex ab resumen resumo resume zusammenfassung kurzfassung abstrakt kurzbeschreibung "
        "riassunto sommario samenvatting sammendrag аннотация реферат 摘要 中文摘要 文摘 抄録 要旨 초록",
        "authors": "authorfullnames authors authorshipsrawauthorname authorshipsauthordisplayname author authorlist "
        "authorsprimary authornames authorsname authorname creators creator bookauthors af au autores autor auteurs "
        "auteur autoren autorin autorinnen autoria verfasser verfasserin verfasserinnen autori autore forfatter "
        "forfattere авторы автор 作者 全部作者 作者姓名 著者 著者名 저자",
        "date": "publicationdate publisheddate datepublished date dateofpublication publishtime published coverdate "
        "prismcoverdate pubdate publishedat createdate onlinedate issued pubtime erscheinungsdatum publikationsdatum "
        "veroffentlichungsdatum datum datedepublication fechadepublicacion fecha datadepublicacao "
        "发表时间 发表日期 出版日期 出版日",
        "year": "publicationyear year pubyear publishedyear yearpublished yearofpublication paperyear py ano anio "
        "annee jahr erscheinungsjahr publikationsjahr veroffentlichungsjahr anneedepublication anneedeparution "
        "anodepublicacion anodepublicacao anno annodipubblicazione jaar год годпубликации "
        "年 年份 年度 出版年 出版年份 发表年份 发表年度 発行年 연도",
        "month": "month publishedmonth publicationmonth pubmonthday pubmonth pd",
        "day": "day",
        "venue": "venue journal sourcetitle primarylocationsourcedisplayname hostvenuedisplayname publicationtitle "
        "journaltitle journalname journalref fulljournalname sourcetitleanthologytitle periodicalfull journalbook "
        "source conferencetitle conferencename booktitle bookseriestitle itempublication publication publicationname "
        "secondarytitle so revista fuente zeitschrift zeitschriftentitel journaltitel publikationstitel quelle revue "
        "titredelarevue nomdelarevue titredelapublication periodique titulodelarevista nombredelarevista "
        "titulodelapublicacion periodico titulodoperiodico nomedoperiodico rivista tijdschrift tidsskrift журнал "
        "источник 来源 刊名 期刊 期刊名 期刊名称 期刊名稱 来源期刊 文献来源 来源出版物名称 來源出版物名稱 出版物名 "
        "雑誌名 掲載誌 학술지",
        "doi": "doi doilink doiurl articledoi itemdoi prismdoi idsdoi digitalobjectidentifier externalidsdoi di "
        "identifier",
        "arxiv_id": "arxivid arxiv eprint archiveid externalidsarxiv",
        "pmid": "pmid pubmedid pubmed idspmid externalidspubmed pm",
        "url": "url link articleurl primarylocationlandingpageurl fulltexturl pdfurl pdflink primarylocationpdfurl "
        "landingpage landingpageurl urls plink openaccessurl dimensionsurl externalurl sourceurls",
        "categories": "categories category primarycategory arxivcategories terms fieldsofstudy",
        "has_code": "hascode code codeurl",
        "keywords": "keywords authorkeywords de keyword indexkeywords keywordsplus manualtags automatictags tags tag "
        "labels meshterms meshheadings subjectheadings subjects subject subjectterms ieeeterms inspeccontrolledterms "
        "inspecnoncontrolledterms collections collection folders groups keywordsdisplayname keywordskeyword "
        "schlagworter schlagwoerter schlagworte stichworter stichwoerter stichworte schlusselworter schluesselwoerter "
        "palabrasclave palabrasclaves palavraschave motscles parolechiave trefwoorden ключевыеслова "
        "关键词 关键字 關鍵字 關鍵詞 作者关键字 作者關鍵字 索引关键字 索引關鍵字 キーワード 著者キーワード",
        "included": "included labelincluded asreviewlabel finalincluded",
        "notes": "notes extra note",
        "archive": "number archive archivelocation locinarchive reportnumber",
        "id": "citationkey citekey bibtexkey ut utuniquewosid uniquewosid eid lensid key id paperid publicationid "
        "corduid aclid centralid referenceid accessionnumber recordid",
    }
)
# Columns of authors that count where none holds all of them: their names in halves, only the first, the others.
SINGLE_AUTHOR = frozenset("author authorname auteur autor autore creator".split())
GIVEN_NAMES = frozenset("firstname givenname givennames forename forenames vorname prenom primeironome".split())
FAMILY_NAMES = frozenset("lastname surname familyname nachname nomdefamille apellido apellidos sobrenome".split())
FIRST_AUTHORS = frozenset(
    "firstauthor firstauthorname firstauthors leadauthor erstautor erstautorin premierauteur primerautor "
    "primeiroautor primoautore 第一作者".split()
)
OTHER_AUTHORS = frozenset(
    "coauthor coauthors otherauthors additionalauthors secondaryauthors koautoren coauteurs coautores 其他作者".split()
)
AUTHOR = re.compile(
    r"^(?:first|lead)?authors?(?:s?name)?|authors?$|^(?:autor|auteur)(?:e[ns]|s)?|(?:del?)?(?:autor|auteur)$"
)

OWN_COLUMNS = ("authors_complete", "author_positions", "labels", "exporter")  # which only this program writes
NAMEABLE = tuple(name for name in COLUMN_NAMES if name not in ("archive", "day", "included", "month", "notes"))
"""The fields whose columns a person may name."""

TELLING = ("abstract", "authors", "date", "year", "doi", "arxiv_id", "pmid")  # with one of these a title is a paper
KEYWORDS_PLUS = "id"  # what Web of Science calls them where its columns have names of two letters
FORMULA_OF_TEXT = re.compile(r'="([^"]*)"')  # by which some exports keep spreadsheets from changing a number
TURNED_DATE = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2([12]\d{3})")
CITATION_KEY = re.compile(r"(?m)^\s*Citation Key:\s*(\S+)\s*$")
EXTRA_ARXIV = re.compile(r"(?m)^\s*(?:tex\.)?(?:arxiv(?:id)?|eprint):\s*(\S+)", re.IGNORECASE)
RAYYAN = re.compile(r"RAYYAN-(INCLUSION|LABELS|EXCLUSION-REASONS):\s*([^|\n]*)")
RAYYAN_DECISION = re.compile(r"=>\s*\"(Included|Excluded|Maybe)\"")
OBJECTS = re.compile(r"\[\s*\{\s*[\"']")
BETWEEN_OBJECTS = re.compile(r"\}\s+\{")  # as NumPy prints lists
YES_OR_NO = {"true": True, "yes": True, "y": True, "1": True, "false": False, "no": False, "n": False, "0": False}
NUMBERS = ("year", "date", "doi", "pmid", "url")  # fields whose cells are told from text
DECISIONS = {**YES_OR_NO, "i": True, "include": True, "included": True, "e": False, "exclude": False, "excluded": False}
SPACED_CODES = re.compile(r"[A-Za-z-]+(?:\.[A-Za-z-]+)?(?: +[A-Za-z-]+(?:\.[A-Za-z-]+)?)*")
SHAPES: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "title": re.compile(r"[^\W\d_]"),
        "authors": re.compile(r"[^\W\d_]"),
        "year": re.compile(r"\s*(?:\D{0,12}\b)?[12]\d{3}\b.{0,12}"),
        "date": re.compile(r".{0,40}\d.{0,40}"),
        "doi": re.compile(r".*\b10\.\d{4}"),
        "pmid": re.compile(r"\s*\D{0,8}\d{1,9}(?:\.0)?\s*"),
        "url": re.compile(r"\s*(?:https?:|www\.|10\.)", re.IGNORECASE),
    }
)
"""What a cell of these fields holds, if it holds anything: by this a row whose cells are shifted is told."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its cells, and the line or the row in which it begins."""

    line: int
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class _People:
    """The places of the columns that hold one author each, or a half of a name, or the first author and the others."""

    numbered: tuple[int, ...] = ()
    halves: tuple[tuple[int | None, int], ...] = ()  # of a given name, of the family name
    firsts: tuple[int, ...] = ()
    others: tuple[int, ...] = ()
    is_first_half: bool = False  # the halves are those of the first author

    @property
    def are_numbered(self) -> bool:
        """Tell whether each column holds one of the authors."""
        return bool(self.numbered)

    @property
    def first(self) -> int | None:
        """Return the place of the first of these columns."""
        return next(iter((*self.numbered, *(family for _, family in self.halves), *self.firsts)), None)

    def names(self, cells: Sequence[str]) -> list[str]:
        """Return the names that these columns hold in a row, and CUT if there may be more."""

        def cell(place: int | None) -> str:
            return cells[place].strip() if place is not None and place < len(cells) else ""

        if self.numbered:
            return [name for text in dict.fromkeys(map(cell, self.numbered)) if text for name in _names(text)]
        found: list[str] = []
        for given, family in self.halves:
            givens, families = cell(given).split(";"), cell(family).split(";")
            if len(givens) != len(families):
                givens = [*givens, *[""] * len(families)][: len(families)]
            found += [fields.spoken_name(*map(str.strip, pair)) for pair in zip(givens, families, strict=True)]
        if not any(found):
            found = [name for place in self.firsts for name in _names(cell(place))][:1]
        elif not self.is_first_half:
            return list(filter(None, found))
        others = [name for place in self.others for name in _names(cell(place))]
        found = list(filter(None, found))
        return [*found, *(other for other in others if other not in found)] if self.others else [*found, names.CUT]


class Columns:
    """The columns of a table, and the field of a paper that each holds."""

    def __init__(self, names: Iterable[str], named: Mapping[str, str] = NO_COLUMNS) -> None:
        self.names = tuple(name.strip().lstrip("\ufeff") for name in names)
        """What the columns are called."""
        self.places = _guessed(self.names) | {
            field: (self.names.index(name),) for field, name in named.items() if name in self.names
        }
        """The places of the columns that may hold each field, the likeliest first."""
        self.people = _people(self.names) if "authors" not in named else _People()
        """Where authors stand, if in several columns or only in part."""
        if self.people.first is not None and (self.people.are_numbered or "authors" not in self.places):
            self.places["authors"] = (self.people.first,)
        self._has_all_named = all(name in self.names for name in named.values())
        self._named = bool(named)

    @property
    def are_of_papers(self) -> bool:
        """Tell whether these name papers beyond doubt: every column that a person named, or title and abstract ...."""
        if self._named:
            return self._has_all_named
        return "title" in self.places and ("abstract" in self.places or len(self.places) > 2)

    @property
    def may_be_of_papers(self) -> bool:
        """Tell whether a row of these can be a paper: by its title and one thing more."""
        return self.are_of_papers or (
            not self._named and "title" in self.places and any(field in self.places for field in TELLING)
        )

    def fit(self, cells: Sequence[str]) -> bool:
        """Tell whether these cells stand where their columns are: each has the shape of its field."""
        firsts = [(field, self.places[field][0]) for field in SHAPES if field in self.places]
        shaped = [field for field, place in firsts if place < len(cells) and cells[place].strip()]
        return "title" in shaped and len(shaped) > 1 and not any(self.misplaced(cells))

    def hold_numbers(self, cells: Sequence[str]) -> bool:
        """Tell whether a year, an identifier or an address is among these cells, in its place."""
        firsts = (self.places[field][0] for field in NUMBERS if field in self.places)
        return any(place < len(cells) and cells[place].strip() for place in firsts) and self.fit(cells)

    def misplaced(self, cells: Sequence[str]) -> Iterator[int]:
        """Yield the places of cells that have not the shape of their column's field."""
        for field, pattern in SHAPES.items():
            for place in self.places.get(field, ())[:1]:
                if place < len(cells) and cells[place].strip() and not pattern.match(cells[place]):
                    yield place


def read_rows(
    rows: Iterable[Row | Problem | Notice], columns: Columns, file: str, where: str = "", separator: str = ","
) -> Iterator[ReaderItem]:
    """Yield one item for each row below the header; `where` says in problems which sheet of several it is,
    `separator` what parts cells.

    Rows whose cells are more or fewer than the columns are put right where there is one way to do it.
    """
    width = len(columns.names)
    beyond, first_beyond = 0, 0
    read = _reader(columns)
    is_first = True
    for row in rows:
        if not isinstance(row, Row):
            yield row
            continue
        if is_first:
            is_first = False
            yield from _missing(columns, file)
        cells = row.cells
        if len(cells) != width:
            found = _put_right(cells, columns, separator)
            if found is None:
                reason = _shifted(cells, columns)
                yield Problem(file, row.line, reason + where)
                continue
            cells = found
            if any(map(str.strip, cells[width:])):
                beyond, first_beyond = beyond + 1, first_beyond or row.line
        item = read(cells, file, row.line)
        if item is None:
            continue
        if isinstance(item, Problem) and (where or len(row.cells) != width):
            count = f" This row has {_count(len(row.cells))}, the header {width}." if len(row.cells) != width else ""
            item = Problem(file, row.line, f"{item.reason}{count}{where}")
        yield item
    if beyond:
        told = f"{beyond} row(s) have more cells than there are columns, the first in line {first_beyond}. What stands "
        yield Notice(file, f"{told}beyond the last column was left out.{where}")


def _missing(columns: Columns, file: str) -> Iterator[Notice]:
    """Yield which of the fields that papers mostly have no column is told to hold, though one of them may."""
    held = {"year" if field == "date" else field for field in columns.places}
    missing = [field for field in ("abstract", "authors", "year") if field not in held]
    are_all_known = len({place for places in columns.places.values() for place in places}) >= len(columns.names)
    if "abstract" in missing or (missing and not are_all_known):
        called = " or ".join(f"“{field}”" for field in missing)
        told = f"No column is called {called}, so the papers have none. The columns are: {listed(columns.names)}. "
        what = f"such, add the file again with --column {missing[0]}=NAME."
        yield Notice(file, f"{told}If one of them holds {what}")


def _count(cells: int) -> str:
    return f"{cells} cell" if cells == 1 else f"{cells} cells"


def no_header(first_rows: Sequence[Row], named: Mapping[str, str], file: str, where: str = "") -> Problem:
    """Return the problem that no row names the columns, with what the likeliest row holds and what to do."""
    filled = [row for row in first_rows if sum(bool(cell.strip()) for cell in row.cells) > 1]
    likeliest = next((row for row in first_rows if Columns(row.cells).may_be_of_papers), None)
    likeliest = likeliest or next(iter(filled or first_rows), Row(1, ()))
    names = Columns(likeliest.cells).names
    missing = next((name for name in named.values() if name not in names), "")
    if missing:
        reason = f"There is no column “{missing}”. The columns are: {listed(names)}."
    elif "title" in _guessed(names):
        fewest = "abstract, authors, year, DOI, arXiv id, PMID"
        reason = (
            f"The columns name a title, and nothing that makes a paper of it: {fewest}. They are: {listed(names)}. "
        )
        reason += "If one of them holds such, name it, such as --column authors=NAME."
    else:
        reason = f"No row names a column “title”. The first row holds: {listed(names)}. "
        reason += "Name the columns, such as --column title=NAME."
    return Problem(file, likeliest.line, reason + where)


def unknown_field(named: Mapping[str, str], file: str) -> Problem | None:
    """Return the problem that a person named the column of a field that no paper has."""
    unknown = next((name for name in named if name not in NAMEABLE), "")
    known = ", ".join(NAMEABLE)
    return Problem(file, 0, f"“{unknown}” is not a field of a paper. The fields are: {known}.") if unknown else None


def listed(names: Iterable[str]) -> str:
    """Return names of columns as a person reads them."""
    return shortened(", ".join(f"“{shortened(' '.join(name.split()), 40)}”" for name in names if name.strip()), 1000)


def _plain(name: str) -> str:
    """Return the letters of a column's name: Latin ones without accents or, where there are none, its own."""
    name = unicodedata.normalize("NFKD", name) if not name.isascii() else name
    return re.sub(r"[^a-z]", "", name.lower()) or "".join(
        filter(str.isalpha, unicodedata.normalize("NFKC", name).lower())
    )


def _guessed(header: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Return the places of the columns that may hold each field, the likeliest first."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(header):
        if len(name) < LONGEST_CELL:
            places.setdefault(_plain(name), []).append(place)
    if "ti" in places and KEYWORDS_PLUS in places:
        plus = places.pop(KEYWORDS_PLUS)
        places["keywordsplus"] = [*places.get("keywordsplus", ()), *(plus if "so" in places else ())]
    known = {**COLUMN_NAMES, **{name: name.replace("_", "") for name in OWN_COLUMNS}}
    found = {
        field: tuple(place for name in names.split() for place in places.get(name, ()))
        for field, names in known.items()
    }
    return {field: columns for field, columns in found.items() if columns}


def _people(header: Sequence[str]) -> _People:
    """Return where authors stand if in several columns, or only in part."""
    known = COLUMN_NAMES["authors"].split()
    plain = [_plain(name) if len(name) < LONGEST_CELL else "" for name in header]
    of_authors = [place for place, name in enumerate(plain) if name in known]
    likeliest = min((known.index(plain[place]) for place in of_authors), default=-1)
    same = tuple(place for place in of_authors if known.index(plain[place]) == likeliest)
    is_single = likeliest >= 0 and known[likeliest] in SINGLE_AUTHOR
    if len(same) > 1 and (is_single or all(any(map(str.isdigit, header[place])) for place in same[1:])):
        return _People(numbered=same)
    if of_authors:
        return _People()
    halves: dict[str, list[int | None]] = {}
    is_first_half = False
    for place, name in enumerate(plain):
        half = AUTHOR.sub("", name)
        kind = 0 if half in GIVEN_NAMES else 1 if half in FAMILY_NAMES else None
        if half in ("first", "last", "given", "family") and half != name:
            kind = half in ("last", "family")
        if kind is not None:
            is_first_half = is_first_half or name.startswith(("firstauthor", "leadauthor"))
            number = "".join(filter(str.isdigit, header[place]))
            halves.setdefault(number, [None, None])[kind] = place
    return _People(
        halves=tuple((given, family) for given, family in halves.values() if family is not None),
        firsts=tuple(place for place, name in enumerate(plain) if name in FIRST_AUTHORS),
        others=tuple(place for place, name in enumerate(plain) if name in OTHER_AUTHORS),
        is_first_half=is_first_half,
    )


def _put_right(cells: Sequence[str], columns: Columns, separator: str) -> Sequence[str] | None:
    """Return the cells of a row with more or fewer of them than there are columns, each in its place; None if unknown.

    A row that is cut keeps its cells. Where a comma stands in a cell without quotation marks, a space follows it, and
    none follows where cells part; or there is one way to join cells, or to leave one empty, so that all have the shapes
    of their fields.
    """
    width = len(columns.names)
    size = len(cells)
    while size > width and not cells[size - 1].strip():
        size -= 1
    cells = cells[:size]
    if size == width or columns.fit(cells) or (size < width and not any(columns.misplaced(cells))):
        return cells
    ways: Iterable[Sequence[str]] = ()
    if size == width - 1:
        ways = ([*cells[:at], "", *cells[at:]] for at in range(width))
    elif width < size <= width + MOST_JOINED:
        joined: list[str] = []
        for cell in cells:
            if joined and cell[:1] == " " and cell.strip():
                joined[-1] += f"{separator}{cell}"
            else:
                joined.append(cell)
        if len(joined) == width:
            return joined
        more = size - width + 1
        ways = ([*cells[:at], separator.join(cells[at : at + more]), *cells[at + more :]] for at in range(width))
    fitting = list(itertools.islice(filter(columns.fit, ways), 2)) if width <= MOST_COLUMNS else []
    if len(fitting) == 1:
        return fitting[0]
    return cells if not any(field in columns.places for field in NUMBERS) else None


def _shifted(cells: Sequence[str], columns: Columns) -> str:
    first = shortened(next((cell.strip() for cell in cells if cell.strip()), ""), 60)
    wrong = [(columns.names[place], shortened(cells[place].strip(), 40)) for place in columns.misplaced(cells)]
    which = "".join(f" “{text}” stands in column “{name}”." for name, text in wrong[:1])
    return (
        f"This row (“{first}” ...) has {_count(len(cells))}, the header {len(columns.names)}, and it cannot be told "
        f"which belongs where.{which} Put quotation marks around cells that hold the separator, and add the file again."
    )


def _reader(columns: Columns) -> Callable[[Sequence[str], str, int], Record | Problem | None]:
    """Return the function that reads one row as a paper, and gives None for a row of no content."""
    places = columns.places
    single = {field: found[0] for field, found in places.items() if len(found) == 1 and field != "keywords"}
    several = {field: found for field, found in places.items() if len(found) > 1 and field != "keywords"}
    keywords = places.get("keywords", ())
    header = [name.strip() for name in columns.names]
    title = header[places["title"][0]] if "title" in places else ""
    people = columns.people if columns.people.first is not None else None

    def read(cells: Sequence[str], file: str, line: int) -> Record | Problem | None:
        size = len(cells)
        values = {field: cells[place].strip() for field, place in single.items() if place < size}
        for field, found in several.items():
            values[field] = first_of(*(cells[place].strip() for place in found if place < size))
        if not values.get("title", "")[:1].isalnum() and not any(
            map(_has_letters, cells)
        ):  # a blank line, or one that is drawn
            return None
        if title and title in values.get("title", "") and [cell.strip('\ufeff" ') for cell in cells] == header:
            return None  # files that were put together, each with its own header and, it may be, a mark before it
        longest = max(map(len, values.values()), default=0)
        if longest > LONGEST_CELL:
            field = next(field for field, value in values.items() if len(value) == longest)
            reason = f"The {field} has {longest:,} characters; the most is {LONGEST_CELL:,}."
            return Problem(
                file, line, f"This row cannot be read: {reason} Look for a quotation mark that is never closed."
            )
        if exported.is_own(values.get("exporter")):
            return exported.read(_own_fields(values), file, line)
        labels = [label for place in keywords if place < size for label in _labels(cells[place])]
        return _paper(values, people.names(cells) if people else _names(values.get("authors", "")), labels, file, line)

    return read


def _has_letters(cell: str) -> bool:
    return any(map(str.isalnum, cell))


def _paper(
    values: Mapping[str, str], people: Sequence[str], labels: Sequence[str], file: str, line: int
) -> Record | Problem:
    value = {field: text for field, text in values.items() if text}.get
    if any(text[:2] == '="' for text in values.values()):
        value = {field: FORMULA_OF_TEXT.sub(r"\1", text) for field, text in values.items() if text}.get
    notes, archive, url = value("notes", ""), value("archive", ""), value("url", "")
    doi, key = value("doi", ""), value("id", "")
    abstract = value("abstract", "")
    if abstract.startswith("{"):
        abstract = _spelled(abstract) or abstract
    extra_arxiv = EXTRA_ARXIV.search(notes) if notes else None
    arxiv = value("arxiv_id", "") or (extra_arxiv[1] if extra_arxiv else "")
    places = f"{doi}\n{archive}\n{notes}\n{url}"
    in_small = places.lower()
    listed_authors, complete = names.authorships(people)
    paper = Paper(
        title=value("title", ""),
        abstract=abstract,
        authorships=listed_authors,
        authors_complete=complete,
        date=_date(value),
        categories=_categories(value("categories", "")),
        venue=_printed_name(value("venue", "")),
        doi=find_doi(doi, notes, url if "doi.org/" in in_small else ""),
        arxiv_id=(find_arxiv_id(arxiv, key, bare=True) if arxiv or key else "")
        or (find_arxiv_id(places) if "arxiv" in in_small else ""),
        pmid=(find_pmid(value("pmid", ""), bare=True) if value("pmid", "") else "")
        or (find_pmid(notes, url) if "pmid" in in_small or "pubmed" in in_small else ""),
        url=find_url(url),
        has_code=_has_code(value("has_code", "")),
        labels=(*labels, *_decisions(value("included", ""), notes)),
    )
    citation_key = CITATION_KEY.search(notes) if notes else None
    if citation_key:
        key = citation_key[1]
        paper = replace(paper, citation_keys=(key,))
    elif key.startswith("https://openalex.org/"):
        key = key.rpartition("/")[2]
    return fields.record(paper, file=file, line=line, source_key=key)


def _spelled(cell: str) -> str:
    """Return the text that an inverted index of OpenAlex spells, every word with its places; "" for anything else."""
    try:
        index = json.loads(cell)
    except (ValueError, RecursionError):
        return ""
    words = {
        place: word
        for word, places in (index.items() if isinstance(index, dict) else ())
        for place in (places if isinstance(places, list) else ())
        if isinstance(place, int)
    }
    return " ".join(words[place] for place in sorted(words))


def _categories(cell: str) -> tuple[str, ...]:
    """Return the categories of a cell; arXiv's codes may stand with spaces between them."""
    if cell[:1] == "[" and cell[-1:] == "]":
        return tuple(_labels(cell))
    parts = re.split(r"\s*[,;|]\s*", cell) if cell else []
    if len(parts) == 1 and SPACED_CODES.fullmatch(cell) and re.search(r"[a-z]\.[A-Za-z]|^[a-z-]+$", cell):
        parts = cell.split()
    return tuple(parts)


def _has_code(cell: str) -> bool | None:
    if not cell:
        return None
    return True if find_url(cell) else YES_OR_NO.get(cell.lower())


def _date(value: Callable[[str, str], str]) -> str:
    """Return the date, in the year of publication where that has a column of its own."""
    stated, year_text = _in_order(value("date", "")), value("year", "")
    date = find_date(stated)
    year = find_date(year_text, month=value("month", "") or ("" if date else stated), day=value("day", ""))
    return date if date and (not year or date[:4] == year[:4]) and len(date) >= len(year) else year or date


def _in_order(cell: str) -> str:
    """Return a date with its year first where a spreadsheet has turned it round and it can be told how."""
    found = TURNED_DATE.fullmatch(cell)
    if not found:
        return cell
    first, second = int(found[1]), int(found[3])
    if found[2] == "." or first > 12:
        first, second = second, first
    elif second <= 12:
        return found[4]  # day or month: it cannot be told which
    return f"{found[4]}-{first:02d}-{second:02d}"


def _decisions(included: str, notes: str) -> list[str]:
    """Return what screening decided of a paper: in a column of its own, or in the notes that Rayyan writes."""
    found = []
    if included:
        decision = included.removesuffix(".0").lower()
        decided = DECISIONS.get(decision)
        found += ["included"] if decided else ["excluded"] if decided is False else []
    for kind, text in RAYYAN.findall(notes) if "RAYYAN-" in notes else ():
        if kind == "INCLUSION":
            found += [decision.lower() for decision in RAYYAN_DECISION.findall(text)]
        else:
            found += [label.strip() for label in text.split(",") if label.strip()]
    return found


def _labels(cell: str) -> Iterable[str]:
    """Return the keywords of a cell, parted by what parts them in most sources."""
    cell = cell.strip()
    if not cell:
        return ()
    if cell[0] == "[" and cell[-1] == "]":
        try:
            parts = ast.literal_eval(cell)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            parts = cell[1:-1].split(",")
        return [text.strip(" '\"") for text in parts if isinstance(text, str)] if isinstance(parts, list) else ()
    separator = next((mark for mark in (";", "|", "\n", ",") if mark in cell), ";")
    return filter(None, map(str.strip, cell.split(separator)))


def _printed_name(cell: str) -> str:
    """Return the name of what stands in a cell as an object, as a program prints it; else the cell."""
    if cell[:1] != "{" or ":" not in cell:
        return cell
    found = names.printed_list(f"[{cell}]")
    return named_fields.text_of(found) if found else cell


def _own_fields(values: Mapping[str, str]) -> dict[str, object]:
    """Return what a row that this program wrote states."""
    texts = {field: exported.unguarded(value) for field, value in values.items()}
    return {
        **texts,
        "date": _in_order(texts.get("date", "")),
        "authors": exported.listed(texts.get("authors", "")),
        "author_positions": exported.positions_of(texts.get("author_positions", "")),
        "categories": exported.listed(texts.get("categories", "")),
        "labels": exported.listed(texts.get("labels", "")),
    }


def _names(cell: str) -> list[str]:
    """Return the names that a cell lists, as they are spoken; people may be objects, as a program prints them."""
    if cell[:1] == "{" and ":" in cell:
        cell = f"[{cell}]"
    printed = names.printed_list(cell)
    if printed is None and OBJECTS.match(cell):
        printed = names.printed_list(BETWEEN_OBJECTS.sub("}, {", cell))
        return named_fields.people(printed) if printed is not None else [names.CUT]
    if printed is None:
        return names.split_names(cell if "\n" in cell else to_text(cell))
    if not all(isinstance(name, str) for name in printed):
        return named_fields.people(printed)
    return [names.given_name_first(to_text(name)) for name in printed]
