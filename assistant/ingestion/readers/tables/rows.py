"""Rows of a table: the papers that they are, with cells put where their columns are."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from assistant.ingestion.readers import exported, fields, names
from assistant.ingestion.readers.fields import find_arxiv_id, find_date, find_doi, find_pmid, find_url, first_of
from assistant.ingestion.readers.tables.cells import (
    categories_of,
    date_in_order,
    date_of,
    decisions_of,
    glued_names,
    has_code,
    labels_of,
    printed_name,
    printed_object,
    shown_of_formula,
    spelled_abstract,
    year_of_day,
)
from assistant.ingestion.readers.tables.columns import LONGEST_CELL, NUMBERS, Columns, Row, listed, names_in
from assistant.text import shortened
from assistant.types import Notice, Paper, Problem, ReaderItem, Record

OF_THE_PAPER = ("title", "doi", "url", "arxiv_id", "pmid")  # fields whose cells link to it
SHARED = ("keywords", "categories", "venue", "year", "date")  # fields of which one cell may hold for several papers
MOST_JOINED = 50  # cells beyond the columns of a row that is put right
MOST_COLUMNS = 500  # of a table whose rows are put right
NO_VALUE = frozenset(("#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "<NA>", "\\N"))
"""What spreadsheets, pandas and databases write into a cell that holds nothing."""

YEAR_BESIDE = re.compile(r"(?<![\s,;_])[\s,;_]*(?:\([^()]*\b[12]\d{3}[a-z]?\)|(?<!\d)[12]\d{3}[a-z]?\b)\.?")
DATE_OF_EMBASE = "Date of Publication: "
LONGEST_SOURCE = 2000  # characters, of Embase
SOURCE_OF_EMBASE = re.compile(r"(.+?) \([12]\d{3}\) .*?Date of Publication: (.+)", re.DOTALL)
KIND_OF_COPY = re.compile(r"(?:\[(?:PDF|HTML|BOOK|CITATION|DOC|B|C)\])+\s*")  # before a title of Google Scholar
CITATION_KEY = re.compile(r"(?m)^\s*Citation Key:\s*(\S+)\s*$")
EXTRA_ARXIV = re.compile(r"(?m)^\s*(?:tex\.)?(?:arxiv(?:id)?|eprint):\s*(\S+)", re.IGNORECASE)


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
        if row.is_of_sheet:
            cells = _of_sheet(row, columns)
        if not columns.are_named and (other := columns.another(cells)):
            columns, width, read = other, len(other.names), _reader(other)
            yield from _missing(columns, file)
            continue
        if len(cells) != width:
            found = _put_right(cells, columns, separator)
            if found is None:
                reason = _shifted(cells, columns)
                yield Problem(file, row.line, reason + where)
                continue
            cells = found
            if any(map(str.strip, cells[width:])):
                beyond, first_beyond = beyond + 1, first_beyond or row.line
        item = read(cells, file, row.line, row.links)
        if item is None:
            continue
        if isinstance(item, Problem) and (where or len(row.cells) != width):
            count = f" This row has {_count(len(row.cells))}, the header {width}." if len(row.cells) != width else ""
            item = Problem(file, row.line, f"{item.reason}{count}{where}")
        yield item
    if beyond:
        told = f"{beyond} row(s) have more cells than there are columns, the first in line {first_beyond}. What stands "
        yield Notice(file, f"{told}beyond the last column was left out.{where}")


def _of_sheet(row: Row, columns: Columns) -> Sequence[str]:
    """Return the cells of a row of a sheet, with what is merged over several papers, and with years for days."""
    cells = list(row.cells)
    for place in {place for field in SHARED for place in columns.places.get(field, ())}.intersection(row.above):
        cells[place] = cells[place] or row.above[place]
    for place in columns.places.get("year", ()):
        if place < len(cells):
            cells[place] = year_of_day(cells[place])
    return cells


def _missing(columns: Columns, file: str) -> Iterator[Notice]:
    """Yield which of the fields that papers mostly have no column is told to hold, though one of them may."""
    if columns.unmet:
        field, unmet = next(iter(columns.unmet)), [name for every in columns.unmet.values() for name in every]
        told = f"There is no column {listed(unmet)} here, so it was told from the names of the columns what they hold: "
        yield Notice(file, f"{told}{listed(columns.names)}. If one is meant, name it too: --column {field}=NAME.")
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


def _reader(columns: Columns) -> Callable[[Sequence[str], str, int, Mapping[int, str]], Record | Problem | None]:
    """Return the function that reads one row as a paper, and gives None for a row of no content."""
    places = columns.places
    linking = [place for field in OF_THE_PAPER for place in places.get(field, ())]
    single = {field: found[0] for field, found in places.items() if len(found) == 1 and field != "keywords"}
    several = {field: found for field, found in places.items() if len(found) > 1 and field != "keywords"}
    keywords = places.get("keywords", ())
    header = [name.strip() for name in columns.names]
    title = header[places["title"][0]] if "title" in places else ""
    people = columns.people if columns.people.first is not None else None
    have_years = "authors" in places and places["authors"] == places.get("year")

    def read(cells: Sequence[str], file: str, line: int, links: Mapping[int, str]) -> Record | Problem | None:
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
        if not NO_VALUE.isdisjoint(values.values()):
            values = {field: "" if text in NO_VALUE else text for field, text in values.items()}
        labels = [label for place in keywords if place < size for label in labels_of(cells[place])]
        authors = values.get("authors", "")
        authors = YEAR_BESIDE.sub("", authors) if have_years else authors
        everybody = (
            people.names(cells) if people else glued_names(authors) if columns.are_of_springer else names_in(authors)
        )
        if groups := values.get("groups"):
            everybody = list(dict.fromkeys([*everybody, *filter(None, map(str.strip, groups.split(";")))]))
        if columns.are_of_pubmed:
            values["title"] = fields.title_of(values.get("title", ""))
        if links:
            values["links"] = "\n".join(links[place] for place in linking if place in links)
        return _paper(values, everybody, labels, file, line)

    return read


def _has_letters(cell: str) -> bool:
    return any(map(str.isalnum, cell))


def _paper(
    values: Mapping[str, str], people: Sequence[str], labels: Sequence[str], file: str, line: int
) -> Record | Problem:
    value = {field: text for field, text in values.items() if text}.get
    if any(text[:1] == "=" for text in values.values()):
        value = {field: shown_of_formula(text, field) for field, text in values.items() if text}.get
    notes, archive, url, links = value("notes", ""), value("archive", ""), value("url", ""), value("links", "")
    doi, key = value("doi", ""), value("id", "")
    abstract, title = value("abstract", ""), value("title", "")
    if title[:1] == "[":
        title = KIND_OF_COPY.sub("", title, count=1)
    if abstract[:1] == "{":
        abstract = spelled_abstract(abstract) or abstract
    extra_arxiv = EXTRA_ARXIV.search(notes) if notes else None
    arxiv = value("arxiv_id", "") or (extra_arxiv[1] if extra_arxiv else "")
    pmid, venue, date = value("pmid", ""), printed_name(value("venue", "")), date_of(value)
    if stated := printed_object(value("identifiers", "")):
        doi, arxiv, pmid = (
            doi or stated.get("doi", ""),
            arxiv or stated.get("arxiv", ""),
            pmid or stated.get("pubmed", ""),
        )
    if links and not find_url(url):
        own = find_doi(doi, notes).lower()
        addresses = map(find_url, links.split("\n"))  # of which none contradicts the row's DOI
        url = first_of(*(each for each in addresses if not own or find_doi(each).lower() in ("", own)))
    may_be_embase = DATE_OF_EMBASE in venue and len(venue) < LONGEST_SOURCE
    if may_be_embase and (embase := SOURCE_OF_EMBASE.fullmatch(venue)):
        venue, date = embase[1], date or find_date(embase[2])
    places = f"{doi}\n{archive}\n{notes}\n{url}\n{links}"
    in_small = places.lower()
    listed_authors, complete = names.authorships(people)
    paper = Paper(
        title=title,
        abstract=abstract,
        authorships=listed_authors,
        authors_complete=complete,
        date=date,
        categories=categories_of(value("categories", "")),
        venue=venue,
        doi=find_doi(doi, notes, *([url, *links.split("\n")] if "doi.org/" in in_small else ())),
        arxiv_id=(find_arxiv_id(arxiv, key, bare=True) if arxiv or key else "")
        or (find_arxiv_id(places) if "arxiv" in in_small else ""),
        pmid=(find_pmid(pmid, bare=True) if pmid else "")
        or (find_pmid(notes, url, *links.split("\n")) if "pmid" in in_small or "pubmed" in in_small else ""),
        url=find_url(url),
        has_code=has_code(value("has_code", "")),
        labels=(*labels, *decisions_of(value("included", ""), notes)),
    )
    citation_key = CITATION_KEY.search(notes) if notes else None
    if citation_key:
        key = citation_key[1]
        paper = replace(paper, citation_keys=(key,))
    elif key.startswith("https://openalex.org/"):
        key = key.rpartition("/")[2]
    return fields.record(paper, file=file, line=line, source_key=key)


def _own_fields(values: Mapping[str, str]) -> dict[str, object]:
    """Return what a row that this program wrote states."""
    texts = {field: exported.unguarded(value) for field, value in values.items()}
    return {
        **texts,
        "date": date_in_order(texts.get("date", "")),
        "authors": exported.listed(texts.get("authors", "")),
        "author_positions": exported.positions_of(texts.get("author_positions", "")),
        "categories": exported.listed(texts.get("categories", "")),
        "labels": exported.listed(texts.get("labels", "")),
    }
