"""Cells of a table: what spreadsheets, programs and services print into them."""

from __future__ import annotations

import ast
import datetime
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress

from assistant.ingestion.readers import names
from assistant.ingestion.readers.fields import find_date, find_url
from assistant.ingestion.readers.objects import named_fields
from assistant.ingestion.readers.tables.columns import names_in

ADDRESS = r"\w+:|www\.|10\."
FORMULA_OF_LINK = re.compile(  # HYPERLINK, or what that is called in some language
    rf'=(?:(?i:HYPERLINK)|[\w.]+(?=\(\s*"(?:{ADDRESS})))\(\s*"([^"]*)"\s*[,;]\s*"([^"]*)"\s*\)'
)
FORMULA_OF_TEXT = re.compile(r'="([^"]*)"')  # by which some exports keep spreadsheets from changing a number
DAYS_SINCE_1900 = re.compile(r"([1-7]\d{4})(?:\.\d+)?")  # how a spreadsheet keeps a day
DAY_ZERO = datetime.date(1899, 12, 30)
YEAR_AS_DAY = re.compile(r"1905-(?:0[3-9]|10)-\d\d")  # a year such as 2019 in a cell that is to show a day
INSIDE_NAMES = re.compile(r"[^\W\d_](?=[^\W\d_])|[a-z]\.(?=[^\W\d_]{2})")
BEFORE_CAPITALS = re.compile(r"\b(?:Mc|Mac|De|Di|Le|La|Van|Fitz)\Z")  # which are joined to the rest of a name
TURNED_DATE = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2([12]\d{3})")
RAYYAN = re.compile(r"RAYYAN-(INCLUSION|LABELS|EXCLUSION-REASONS):\s*([^|\n]*)")
RAYYAN_DECISION = re.compile(r"=>\s*\"(Included|Excluded|Maybe)\"")
YES_OR_NO = {"true": True, "yes": True, "y": True, "1": True, "false": False, "no": False, "n": False, "0": False}
DECISIONS = {**YES_OR_NO, "i": True, "include": True, "included": True, "e": False, "exclude": False, "excluded": False}
SPACED_CODES = re.compile(r"[A-Za-z-]+(?:\.[A-Za-z-]+)?(?: +[A-Za-z-]+(?:\.[A-Za-z-]+)?)*")


def glued_names(cell: str) -> list[str]:
    """Return the names that stand one behind the other with nothing between them: "Greta FalkOmar T. Hadad"."""
    names_found: list[str] = []
    for part in _parts(cell):
        if names_found and (" " not in part.strip() or " " not in names_found[-1].strip()):
            names_found[-1] += part  # "Mc" and "Donald"
        else:
            names_found.append(part)
    return [name for part in names_found for name in names_in(part)]


def spelled_abstract(cell: str) -> str:
    """Return the text that an inverted index of OpenAlex spells; "" for anything else."""
    try:
        index = json.loads(cell)
    except (ValueError, RecursionError):
        index = next(iter(names.printed_list(f"[{cell}]") or ()), None)
    return named_fields.spelled_abstract(index)


def shown_of_formula(cell: str, field: str) -> str:
    """Return what a spreadsheet shows of a formula that holds a text or, where an address is asked for, a link."""
    if link := FORMULA_OF_LINK.fullmatch(cell):
        return link[1 if field in ("doi", "url") and re.match(ADDRESS, link[1]) else 2]
    text = FORMULA_OF_TEXT.fullmatch(cell)
    return text[1] if text else cell


def categories_of(cell: str) -> tuple[str, ...]:
    """Return the categories of a cell; arXiv's codes may stand with spaces between them."""
    if cell[:1] == "[" and cell[-1:] == "]":
        return tuple(labels_of(cell))
    parts = re.split(r"\s*[,;|]\s*", cell) if cell else []
    if len(parts) == 1 and SPACED_CODES.fullmatch(cell) and re.search(r"[a-z]\.[A-Za-z]|^[a-z-]+$", cell):
        parts = cell.split()
    return tuple(parts)


def has_code(cell: str) -> bool | None:
    """Tell whether a paper has code: an address of it or a yes, or a no; None where nothing is said."""
    if not cell:
        return None
    return True if find_url(cell) else YES_OR_NO.get(cell.lower())


def date_of(value: Callable[[str, str], str]) -> str:
    """Return the date that the `value` of fields says, in the year of publication where that has its own column."""
    stated, year_text = date_in_order(value("date", "")), value("year", "")
    if days := DAYS_SINCE_1900.fullmatch(stated):
        stated = (DAY_ZERO + datetime.timedelta(int(days[1]))).isoformat()
    date = find_date(stated)
    year = find_date(year_text, month=value("month", "") or ("" if date else stated), day=value("day", ""))
    return date if date and (not year or date[:4] == year[:4]) and len(date) >= len(year) else year or date


def year_of_day(cell: str) -> str:
    """Return the year that a sheet shows as a day; the cell where it holds none."""
    if not YEAR_AS_DAY.fullmatch(cell):
        return cell
    with suppress(ValueError):
        return str((datetime.date.fromisoformat(cell) - DAY_ZERO).days)
    return cell


def date_in_order(cell: str) -> str:
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


def decisions_of(included: str, notes: str) -> list[str]:
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


def labels_of(cell: str) -> Iterable[str]:
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


def printed_object(cell: str) -> Mapping[str, str]:
    """Return the texts of an object that a program printed into a cell, by their names in small letters."""
    found = names.printed_list(f"[{cell}]") if cell[:1] == "{" else None
    stated = found[0] if found and isinstance(found[0], dict) else {}
    return {str(name).lower(): str(text) for name, text in stated.items() if text is not None}


def printed_name(cell: str) -> str:
    """Return the name of what stands in a cell as an object, as a program prints it; else the cell."""
    if cell[:1] != "{" or ":" not in cell:
        return cell
    found = names.printed_list(f"[{cell}]")
    return named_fields.text_of(found) if found else cell


def _parts(cell: str) -> Iterator[str]:
    """Yield what stands between a small letter, or a full stop behind one, and a capital."""
    begin = 0
    for found in INSIDE_NAMES.finditer(cell):
        end = found.end()
        is_joined = (
            found[0].isupper() or not cell[end].isupper() or BEFORE_CAPITALS.search(cell[max(begin, end - 5) : end])
        )
        if not is_joined:
            yield cell[begin:end]
            begin = end
    yield cell[begin:]
