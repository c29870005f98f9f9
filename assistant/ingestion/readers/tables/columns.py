"""Columns of a table: which field of a paper each holds, told from its name."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

from assistant.ingestion.readers import fields, names
from assistant.ingestion.readers.fields import NO_COLUMNS
from assistant.ingestion.readers.objects import named_fields
from assistant.ingestion.readers.tex.latex import to_text
from assistant.text import shortened
from assistant.types import Problem

T = TypeVar("T")

ROWS_BEFORE_HEADER = 20  # some exports begin with lines about themselves
LONGEST_CELL = 131_072  # characters, of what a paper takes; a cell of Excel has 32,767 at most

# What each field's column is called, the likeliest first: letters only, in lower case, without accents.
COLUMN_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "title": "title articletitle documenttitle papertitle itemtitle primarytitle titleprimary maintitle "
        "titleofarticle titleofthearticle titleofpaper titleofthepaper titleofstudy titleofthestudy "
        "titleofpublication displayname titles papername studytitle ti titulo titre titel titolo titeldesbeitrags "
        "aufsatztitel titredelarticle titulodelarticulo titulodoartigo titolodellarticolo nmproducao titul titol "
        "tytul nazev otsikko tittel judul baslik makalebasligi tieude название заглавие назва заголовок τίτλος عنوان "
        "عنوانمقاله 题名 题目 篇名 标题 標題 文献标题 论文标题 论文题目 文章标题 題名 書名 論文名 論文タイトル "
        "タイトル 제목 논문제목 논문명 서명",
        "abstract": "abstract abstractnote abstracttext paperabstract abstracts summary summaries "
        "abstractinvertedindex ab resumen resumo resume zusammenfassung kurzfassung abstrakt kurzbeschreibung "
        "riassunto sommario samenvatting sammendrag sammanfattning sammenfatning tiivistelma streszczenie abstrakty "
        "abstrak souhrn absztrakt osszefoglalo rezumat ozet tomtat dsresumo dsabstract аннотация реферат анотація "
        "περίληψη چکیده ملخص 摘要 中文摘要 文摘 抄録 要旨 초록 국문초록 요약",
        "authors": "authorfullnames authors authorshipsrawauthorname authorshipsauthordisplayname author authorlist "
        "authorsprimary authornames authorsname listofauthors authorname creators "
        "creator bookauthors af au autores autor auteurs "
        "auteur autoren autorin autorinnen autoria verfasser verfasserin verfasserinnen autori autore forfatter "
        "forfattere forfattare autorzy szerzo szerzok tekijat penulis yazar yazarlar tacgia auteurnamen authorships "
        "nmdiscente авторы автор автори συγγραφείς نویسنده نویسندگان المؤلف المؤلفون 作者 全部作者 作者姓名 著者 "
        "著者名 저자 저자명",
        "date": "publicationdate publisheddate datepublished date dateofpublication publishtime published coverdate "
        "prismcoverdate pubdate publishedat createdate onlinedate issued pubtime erscheinungsdatum publikationsdatum "
        "veroffentlichungsdatum datum datedepublication fechadepublicacion fecha datadepublicacao 发表时间 发表日期 "
        "出版日期 出版日",
        "year": "publicationyear year pubyear publishedyear yearpublished yearofpublication paperyear py ano anio "
        "annee anbase rok rokwydania rokpublikacji utgivningsar publiceringsar vuosi tahun tahunterbit yil yayinyili "
        "namxuatban jaartal jahr erscheinungsjahr publikationsjahr veroffentlichungsjahr anneedepublication "
        "anneedeparution anodepublicacion anodepublicacao anno annodipubblicazione jaar год годпубликации έτος سال "
        "السنة рік 年 年份 年度 出版年 出版年份 发表年份 发表年度 発行年 연도 년도 발행연도 발행년도 발행년 출판연도 "
        "출판년도",
        "month": "month publishedmonth publicationmonth pubmonthday pubmonth pd",
        "day": "day",
        "venue": "venue journal sourcetitle primarylocationsourcedisplayname hostvenuedisplayname publicationtitle "
        "journaltitle journalname journalref fulljournalname sourcetitleanthologytitle nameofjournal nameofthejournal "
        "periodicalfull journalbook "
        "source proceedingstitle conferencetitle conferencename booktitle bookseriestitle itempublication publication "
        "publicationname secondarytitle so revista fuente zeitschrift zeitschriftentitel journaltitel "
        "publikationstitel quelle revue titredelarevue nomdelarevue titredelapublication periodique titulodelarevista "
        "nombredelarevista titulodelapublicacion journalorconference journalconference conferenceorjournal "
        "parenttitle outlet nmentidadeensino czasopismo casopis folyoirat lehti jurnal dergi tapchi periodico "
        "titulodoperiodico nomedoperiodico rivista tijdschrift tidsskrift tidskrift журнал источник 来源 刊名 期刊 "
        "期刊名 期刊名称 期刊名稱 来源期刊 文献来源 来源出版物名称 來源出版物名稱 出版物名 雑誌名 掲載誌 학술지 "
        "학술지명 저널명 مجله المجلة περιοδικό",
        "doi": "doi doilink doiurl articledoi itemdoi prismdoi idsdoi digitalobjectidentifier doinumber externalidsdoi "
        "di identifier",
        "arxiv_id": "arxivid arxiv eprint archiveid externalidsarxiv",
        "pmid": "pmid pubmedid pubmed idspmid externalidspubmed pm",
        "url": "url link articleurl primarylocationlandingpageurl fulltexturl pdfurl pdflink primarylocationpdfurl "
        "landingpage landingpageurl urls ee plink openaccessurl dimensionsurl externalurl sourceurls",
        "categories": "categories category primarycategory arxivcategories terms fieldsofstudy",
        "has_code": "hascode code codeurl",
        "keywords": "keywords authorkeywords de keyword indexkeywords keywordsplus manualtags automatictags tags tag "
        "labels meshterms meshheadings subjectheadings subjects subject subjectterms ieeeterms inspeccontrolledterms "
        "inspecnoncontrolledterms collections collection folders groups keywordsdisplayname keywordskeyword "
        "schlagworter schlagwoerter schlagworte stichworter stichwoerter stichworte schlusselworter schluesselwoerter "
        "palabrasclave palabrasclaves palavraschave motscles parolechiave trefwoorden ключевыеслова 关键词 关键字 "
        "關鍵字 關鍵詞 作者关键字 作者關鍵字 索引关键字 索引關鍵字 キーワード 著者キーワード",
        "included": "included labelincluded asreviewlabel finalincluded",
        "notes": "notes extra note",
        "groups": "groupauthors ca corporateauthors collectiveauthors",
        "identifiers": "externalids",
        "archive": "number archive archivelocation locinarchive reportnumber",
        "id": "citationkey citekey bibtexkey ut utuniquewosid uniquewosid eid lensid key id paperid publicationid "
        "corduid aclid centralid referenceid accessionnumber recordid",
    }
)
NAMES = frozenset(name for names in COLUMN_NAMES.values() for name in names.split())
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
NAMEABLE = tuple(
    name
    for name in COLUMN_NAMES
    if name not in ("archive", "day", "groups", "identifiers", "included", "month", "notes")
)
"""The fields whose columns a person may name."""

TELLING = ("abstract", "authors", "date", "year", "doi", "arxiv_id", "pmid")  # with one of these a title is a paper
KEYWORDS_PLUS = "id"  # what Web of Science calls them where its columns have names of two letters
OBJECTS = re.compile(r"\[\s*\{\s*[\"']")
BETWEEN_OBJECTS = re.compile(r"\}\s+\{")  # as NumPy prints lists
WITH_REMARKS = ("title", "abstract", "authors", "year", "date", "venue", "doi")
DIGIT = re.compile(r"\d")
LONGEST_NAME = 40  # characters of a column's name where another table may begin
ENDS_OF_SENTENCES = (".", "!", "。")
LONGEST_REMARK = 100  # characters of a column's name that may hold a remark
WITHOUT_ACCENT = str.maketrans({"ı": "i", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ß": "ss"})
"""Letters that are Latin ones with a stroke or without a dot, for which Unicode knows no letter below."""

REMARKS = (
    r"e?s|copied|original|(?:in )?full(?: names?)?|complete|abbr\w*\.?|en|eng|english|translated|published|"
    r"(?:as |of )?print(?:ed)?|(?:of )?publication|journal|journal name|(?:plain )?text|link|url|"
    r"required|optional|mandatory|pflichtfeld|erforderlich|obligatoire|facultatif|obligatorio|obrigatório|"
    r"obbligatorio|facoltativo|opcional|必須|必填|任意|可选|"
    r"if (?:any|available|known)|(?:falls|wenn) vorhanden|si disponible|se disponível|se disponibile|如有|あれば|"
    r"(?:max\.? ?)?\d+[ -]?(?:digits?|words|characters|ziffern|stellig|wörter|zeichen|chiffres|mots|caractères|cifras|"
    r"dígitos|palabras|palavras|caracteres|cifre|parole|位|字|桁|文字)"
)
"""What says that a cell is filled, from where and how far, and not what else it holds."""

REMARK = re.compile(rf"[(\[]\s*(?:{REMARKS})\s*[)\]]|[?*:]+$", re.IGNORECASE)  # "Abstract (copied)", "Year*"
ANY_REMARK = re.compile(
    r"[(\[{（［【〔「〈][^)\]}）］】〕」〉]*[)\]}）］】〕」〉]"  # "Autoren (mit ; getrennt)", "摘要【英文】"
    rf"|\s[-–—|/]\s.*|:\s*(?:{REMARKS})$",  # "Year - 4 digits", "Titel / Title", "Title: required"
    re.IGNORECASE | re.DOTALL,
)
AROUND_REMARKS = " \n\t()[]{}（）［］【】〔〕「」〈〉-–—|/:"
SAID_HOW = re.compile(REMARKS, re.IGNORECASE)
HOW_YEARS_ARE_WRITTEN = re.compile(
    r"(?:format\W+)?(?:\W?([^\W\d_])\1{1,3}+)++|iso(?:.8601)?|西暦|公元",  # "YYYY-MM-DD"
    re.IGNORECASE,
)
HOW_NAMES_ARE_PARTED = re.compile(
    r"(?<![^\W\d_\u3040-\u9fff])[,;|，；、](?![^\W\d_\u3040-\u9fff])"  # a sign that stands alone
    r"|\b(?:comma|komma|virgule|vírgula|virgola|semi[ck]olon|strichpunkt|punto y coma)s?\b|\bpor comas?\b"
    r"|カンマ|コンマ|セミコロン|逗号|分号|顿号",
    re.IGNORECASE,
)
LANGUAGES = ("en", "zh", "ja", "ko", *fields.LANGUAGES_OF_MONTHS)
IN_LANGUAGE = re.compile(r"(?:in|auf|en|em)\s", re.IGNORECASE)
SCALE = re.compile(r"\W\d\s*[-–/]\s*\d\W")  # "Abstract (0/1)"
AUTHOR_AND_YEAR = frozenset("authoryear authorsyear authoranddate authordate authorandyear authorsandyear".split())
NUMBERS = ("year", "date", "doi", "pmid", "url")  # fields whose cells are told from text
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
    is_of_sheet: bool = False
    above: Mapping[int, str] = dataclasses.field(default_factory=dict)
    """By their places, what empty cells of a sheet are merged with."""
    links: Mapping[int, str] = dataclasses.field(default_factory=dict)
    """By their places, where cells of a sheet link to."""


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

    @property
    def all(self) -> set[int | None]:
        """Return the places of all these columns."""
        return {*self.numbered, *itertools.chain(*self.halves), *self.firsts, *self.others}

    def names(self, cells: Sequence[str]) -> list[str]:
        """Return the names that these columns hold in a row, and CUT if there may be more."""

        def cell(place: int | None) -> str:
            return cells[place].strip() if place is not None and place < len(cells) else ""

        if self.numbered:
            return [name for text in dict.fromkeys(map(cell, self.numbered)) if text for name in names_in(text)]
        found: list[str] = []
        for given, family in self.halves:
            givens, families = cell(given).split(";"), cell(family).split(";")
            if len(givens) != len(families):
                givens = [*givens, *[""] * len(families)][: len(families)]
            found += [fields.spoken_name(*map(str.strip, pair)) for pair in zip(givens, families, strict=True)]
        if not any(found):
            found = [name for place in self.firsts for name in names_in(cell(place))][:1]
        elif not self.is_first_half:
            return list(filter(None, found))
        others = [name for place in self.others for name in names_in(cell(place))]
        found = list(filter(None, found))
        return [*found, *(other for other in others if other not in found)] if self.others else [*found, names.CUT]


class Columns:
    """The columns of a table, and the field of a paper that each holds."""

    def __init__(self, names: Iterable[str], named: Mapping[str, Sequence[str]] = NO_COLUMNS) -> None:
        self.names = tuple(name.strip().lstrip("\ufeff") for name in names)
        """What the columns are called."""
        found = {
            field: (self.names.index(name),)
            for field, all_names in named.items()
            for name in reversed(fields.names_of(all_names))
            if name in self.names
        }
        self.places = _guessed(self.names) | found
        """The places of the columns that may hold each field, the likeliest first."""
        self.people = _people(self.names) if "authors" not in found else _People()
        """Where authors stand, if in several columns or only in part."""
        if self.people.first is not None and (self.people.are_numbered or "authors" not in self.places):
            self.places["authors"] = (self.people.first,)
        plain = set(map(_said, self.names))
        self.are_of_springer = {"itemtitle", "itemdoi"} <= plain
        """Whether these are Springer's, which writes names one behind the other with nothing between them."""
        self.are_of_pubmed = {"pmid", "journalbook"} <= plain
        """Whether these are PubMed's, whose titles end with a full stop."""
        self.unmet = {field: fields.names_of(name) for field, name in named.items() if field not in found}
        """The names that a person gave, and no column has."""
        self.are_named = bool(found)
        """Whether a person named any of them."""

    @property
    def held(self) -> set[int | None]:
        """Return the places of the columns that hold a field."""
        return {*itertools.chain(*self.places.values()), *self.people.all}

    @property
    def are_of_papers(self) -> bool:
        """Tell whether these name papers beyond doubt: every column that a person named, or title and abstract ...."""
        if self.are_all_named:
            return True
        return "title" in self.places and (self.are_named or "abstract" in self.places or len(self.places) > 2)

    @property
    def are_all_named(self) -> bool:
        """Tell whether every column is here that a person named, and one was."""
        return self.are_named and not self.unmet

    @property
    def may_be_of_papers(self) -> bool:
        """Tell whether a row of these can be a paper: by its title and one thing more."""
        return self.are_of_papers or ("title" in self.places and any(field in self.places for field in TELLING))

    def another(self, cells: Sequence[str]) -> Columns | None:
        """Return the columns that these cells name, if with them another table begins below this one.

        A paper may be called “Title” and its abstract “Abstract.”: more is named here, and no sentence.
        """
        place = self.places["title"][0] if "title" in self.places else 0
        text = cells[place] if place < len(cells) else ""
        if len(text) > LONGEST_NAME or (text and _plain(text) not in NAMES) or DIGIT.search("".join(cells)):
            return None
        columns = Columns(cells)
        names = [name for name in columns.names if name]
        is_own = any(cells[place].strip() for place in self.places.get("exporter", ()) if place < len(cells))
        if is_own or any(len(name) > LONGEST_REMARK or name.endswith(ENDS_OF_SENTENCES) for name in names):
            return None
        have_people_or_days = any(field in columns.places for field in ("authors", "year", "date"))
        is_sure = columns.are_of_papers and have_people_or_days
        return columns if is_sure and names != [name for name in self.names if name] else None

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


def likeliest(candidates: Sequence[tuple[T, Columns]]) -> tuple[T, Columns] | None:
    """Return what most likely names the columns: what a person named, else papers beyond doubt, or at all."""
    tests: tuple[Callable[[Columns], bool], ...] = (
        lambda columns: columns.are_all_named,
        lambda columns: columns.are_named and columns.are_of_papers,
        lambda columns: columns.are_of_papers,
        lambda columns: columns.may_be_of_papers,
    )
    return next((one for is_it in tests for one in candidates if is_it(one[1])), None)


def no_header(first_rows: Sequence[Row], named: Mapping[str, Sequence[str]], file: str, where: str = "") -> Problem:
    """Return the problem that no row names the columns, with what the likeliest row holds and what to do."""
    filled = [row for row in first_rows if sum(bool(cell.strip()) for cell in row.cells) > 1]
    first = next((row for row in first_rows if Columns(row.cells).may_be_of_papers), None)
    first = first or next(iter(filled or first_rows), Row(1, ()))
    columns = Columns(first.cells, named)
    names = columns.names
    if columns.unmet:
        field, missing = next(iter(columns.unmet.items()))
        reason = f"There is no column {listed(missing)}. The columns are: {listed(names)}. If this table calls it "
        reason += f"otherwise, name that too: --column {field}=NAME may be given again for another table."
    elif "title" in _guessed(names):
        fewest = "abstract, authors, year, DOI, arXiv id, PMID"
        reason = (
            f"The columns name a title, and nothing that makes a paper of it: {fewest}. They are: {listed(names)}. "
        )
        reason += "If one of them holds such, name it, such as --column authors=NAME."
    else:
        reason = f"No row names a column “title”. The first row holds: {listed(names)}. "
        reason += "Name the columns, such as --column title=NAME."
    return Problem(file, first.line, reason + where)


def unknown_field(named: Mapping[str, Sequence[str]], file: str) -> Problem | None:
    """Return the problem that a person named the column of a field that no paper has."""
    unknown = next((name for name in named if name not in NAMEABLE), "")
    known = ", ".join(NAMEABLE)
    return Problem(file, 0, f"“{unknown}” is not a field of a paper. The fields are: {known}.") if unknown else None


def listed(names: Iterable[str]) -> str:
    """Return names of columns as a person reads them."""
    return shortened(", ".join(f"“{shortened(' '.join(name.split()), 40)}”" for name in names if name.strip()), 1000)


def _plain(name: str) -> str:
    """Return the letters of a column's name: Latin ones without accents or, where there are none, its own.

    "" if a scale stands beside it: the column holds what is thought of the field.
    """
    if SCALE.search(name):
        return ""
    name = unicodedata.normalize("NFKD", name.translate(WITHOUT_ACCENT)) if not name.isascii() else name
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
    if not {"au", "ti", "so"} <= places.keys():
        places.pop("ca", None)  # elsewhere than in Web of Science it may be anything
    known = {**COLUMN_NAMES, **{name: name.replace("_", "") for name in OWN_COLUMNS}}
    found = {
        field: tuple(place for name in names.split() for place in places.get(name, ()))
        for field, names in known.items()
    }
    for name in AUTHOR_AND_YEAR.intersection(places):  # "Falk et al. (2019)"
        found["authors"] = found["authors"] or tuple(places[name])
        found["year"] = found["year"] or (tuple(places[name]) if not found["date"] else ())
    taken = {place for columns in found.values() for place in columns}
    for field in WITH_REMARKS:
        if not found[field]:
            names = known[field].split()
            for said in (_said, functools.partial(_before_remarks, field=field)):
                places_said = (place for place, name in enumerate(header) if place not in taken and said(name) in names)
                found[field] = found[field] or tuple(itertools.islice(places_said, 1))
    if not found["abstract"] and found["title"] and (found["authors"] or found["doi"]):
        found["abstract"] = tuple(places.get("description", ()))  # of goods without authors, it is none
    return {field: columns for field, columns in found.items() if columns}


def _said(name: str) -> str:
    """Return the letters of a column's name without what a person remarks beside it; "" if it is too long for one."""
    return _plain(REMARK.sub("", name.strip())) if len(name) < LONGEST_REMARK else ""


def _before_remarks(name: str, field: str) -> str:
    """Return the letters of a column's name without any remark; "" if one may mean something else about the field."""
    remarks = ANY_REMARK.findall(name) if len(name) < LONGEST_REMARK else ()
    said = _plain(REMARK.sub("", ANY_REMARK.sub("", name).strip())) if remarks else ""
    is_sure = said in NAMES and all(_says_how(remark.strip(AROUND_REMARKS), field) for remark in remarks)
    return said if is_sure else ""


def _says_how(remark: str, field: str) -> bool:
    """Tell whether a remark says no more than how a field is written, in which language, or its name once more."""
    if field == "doi" or not any(map(str.isalnum, remark)) or SAID_HOW.fullmatch(remark):
        return True  # a DOI is found wherever it stands
    if field == "authors":
        halves = [f"{_plain(half).removesuffix('name')}name" for half in re.split("[,;]", remark)]
        is_of_halves = len(halves) == 2 and halves[0] in FAMILY_NAMES and halves[1] in GIVEN_NAMES  # "last, first"
        return is_of_halves or bool(HOW_NAMES_ARE_PARTED.search(remark)) or _names(remark, field)
    return _names(remark, field) or (field in ("year", "date") and bool(HOW_YEARS_ARE_WRITTEN.fullmatch(remark)))


def _names(remark: str, field: str) -> bool:
    """Tell whether a remark is a name of the field, or of a language."""
    if _plain(remark) in COLUMN_NAMES[field].split():
        return True
    language = IN_LANGUAGE.sub("", remark).casefold()
    begin = language[:-1] if len(language) > 3 and language[-1] == "." else language  # "engl."
    return any(name == language or (begin != language and name.startswith(begin)) for name in _languages())


@functools.cache
def _languages() -> frozenset[str]:
    """Return the codes and the names, in each other, of languages that papers are catalogued in."""
    from babel import Locale

    inside = [Locale.parse(code).languages for code in (*LANGUAGES, "zh_Hant")]
    return frozenset((*LANGUAGES, *(names[code].casefold() for names in inside for code in LANGUAGES if code in names)))


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


def names_in(cell: str) -> list[str]:
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
