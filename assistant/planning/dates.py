"""Dates in requests: years, ranges, months, "the last two years"."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from assistant.planning import number_words

_YEAR = r"(?:19|20)\d\d"
_MONTHS = {
    name.casefold(): number
    for names in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(names)
    if name
} | {"sept": 9}
_MONTH = rf"(?:{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\.?"
_NUMBER = r"(?:\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|couple of|few)"
_DECADES = (*"01234", "fif", "six", "sev", "eig", "nin")


@dataclass(frozen=True, slots=True)
class Period:
    """A time, inclusive: by years, or by days of any ISO precision where months are named; `start` and `end` say where
    in the text it stands.
    """

    start: int
    end: int
    since: int | None = None
    until: int | None = None
    first_day: str = ""
    last_day: str = ""


_Reading = Callable[[re.Match[str], date], dict[str, int | str] | None]


def find_period(text: str, today: date) -> Period | None:
    """Return the time named in a text, the most precise reading of it; None where there is none, or one to come."""
    for pattern, read in _PATTERNS:
        for match in pattern.finditer(text):
            found = read(match, today)
            if found and all(year <= today.year + 1 for year in found.values() if isinstance(year, int)):
                return Period(match.start(), match.end(), **found)  # type: ignore[arg-type]
    return None


def _between(match: re.Match[str], _today: date) -> dict[str, int | str] | None:
    first, last = sorted((int(match["a"]), int(match["b"])))
    is_list = " and " in match.group() and not match.group().casefold().startswith("between")
    if is_list and last - first > 1:
        return None  # "in 2012 and 2015" is no range
    return {"since": first, "until": last}


def _short_range(match: re.Match[str], _today: date) -> dict[str, int | str] | None:
    first = int(match["a"])
    last = first // 100 * 100 + int(match["b"])
    return {"since": first, "until": last} if last >= first else None


def _months(match: re.Match[str], _today: date) -> dict[str, int | str]:
    first = f"{int(match['y'] or match['z']):04}-{_MONTHS[match['a'].rstrip('.').casefold()]:02}"
    last = f"{int(match['z']):04}-{_MONTHS[match['b'].rstrip('.').casefold()]:02}"
    return {"first_day": min(first, last), "last_day": max(first, last)}


def _month(match: re.Match[str], _today: date) -> dict[str, int | str]:
    month = f"{int(match['y']):04}-{_MONTHS[match['a'].rstrip('.').casefold()]:02}"
    return _bounded(match["how"], month)


def _iso(match: re.Match[str], _today: date) -> dict[str, int | str] | None:
    day = match["day"]
    if not 1 <= int(day[5:7]) <= 12:
        return None
    try:
        date.fromisoformat(f"{day}-01"[:10])
    except ValueError:  # the month has no such day
        day = day[:7]
    return _bounded(match["how"], day)


def _bounded(how: str | None, day: str) -> dict[str, int | str]:
    match (how or "").casefold().split()[:1]:
        case ["since"]:
            return {"first_day": day}
        case ["after"]:
            return {"first_day": _just_after(day)}
        case ["until"] | ["till"] | ["through"]:
            return {"last_day": day}
        case ["before"]:
            return {"last_day": _just_before(day)}
    return {"first_day": day, "last_day": day}


def _just_before(day: str) -> str:
    """Return the month before a month, the day before a day."""
    if len(day) > 7:
        return date.fromordinal(max(date.fromisoformat(day).toordinal() - 1, 1)).isoformat()
    year, month = int(day[:4]), int(day[5:7])
    return f"{year - 1:04}-12" if month == 1 else f"{year:04}-{month - 1:02}"


def _just_after(day: str) -> str:
    """Return the month after a month, the day after a day."""
    if len(day) > 7:
        return date.fromordinal(date.fromisoformat(day).toordinal() + 1).isoformat()
    year, month = int(day[:4]), int(day[5:7])
    return f"{year + 1:04}-01" if month == 12 else f"{year:04}-{month + 1:02}"


def _decade(match: re.Match[str], _today: date) -> dict[str, int | str]:
    first = int(match["a"])
    return {"since": first, "until": first + 9}


def _named_decade(match: re.Match[str], _today: date) -> dict[str, int | str]:
    first = 1900 + 10 * _DECADES.index(match["a"].casefold()[:3])
    return {"since": first, "until": first + 9}


def _since(match: re.Match[str], _today: date) -> dict[str, int | str]:
    return {"since": int(match["a"] or match["b"])}


def _bound(name: str, later: int = 0) -> _Reading:
    """Return what reads the one year that a pattern names as a bound, or the year that is so many `later`."""
    return lambda match, _today: {name: int(match["a"]) + later}


def _year(match: re.Match[str], _today: date) -> dict[str, int | str]:
    return {"since": int(match["a"]), "until": int(match["a"])}


def _last_years(match: re.Match[str], today: date) -> dict[str, int | str]:
    count = number_words.number(match["n"]) or 0
    if match["unit"].casefold().startswith("month"):
        months = today.year * 12 + today.month - 1 - count
        return {"first_day": f"{months // 12:04}-{months % 12 + 1:02}"}
    return {"since": today.year - count + 1}


def _named_year(match: re.Match[str], today: date) -> dict[str, int | str]:
    year = today.year - (match["which"].casefold() in ("last", "previous", "past"))
    return {"since": year} if match["how"] else {"since": year, "until": year}


def _named_month(match: re.Match[str], today: date) -> dict[str, int | str]:
    this = f"{today.year:04}-{today.month:02}"
    month = this if match["which"].casefold() in ("this", "current") else _just_before(this)
    return {"first_day": month, "last_day": month}


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_HOW = r"(?:\b(?P<how>since|from|after|before|until|till|through|in|during|on)\s+)?"
_PATTERNS: tuple[tuple[re.Pattern[str], _Reading], ...] = (
    (
        _compile(
            rf"\b(?:from|between)?\s*(?P<a>{_MONTH})\s*(?P<y>{_YEAR})?\s*(?:-|–|to|and|until|through)\s*"
            rf"(?P<b>{_MONTH})\s*(?P<z>{_YEAR})(?!\d)"
        ),
        _months,
    ),
    (
        _compile(
            rf"\b(?:from|between|in|since)?\s*(?<!\d)(?P<a>{_YEAR})\s*(?:-|–|to|and|until|till|through|到|至)\s*"
            rf"(?P<b>{_YEAR})(?!\d)年?"
        ),
        _between,
    ),
    (_compile(rf"{_HOW}(?P<day>{_YEAR}-\d\d(?:-\d\d)?)(?!\d)"), _iso),
    (_compile(rf"(?<!\d)(?P<a>{_YEAR})\s*[-–]\s*(?P<b>\d\d)(?!\d)"), _short_range),
    (_compile(rf"{_HOW}\b(?P<a>{_MONTH})\s+(?:of\s+)?(?P<y>{_YEAR})(?!\d)"), _month),
    (_compile(r"\b(?:in|during|from)?\s*(?:the\s+)?(?P<a>(?:19|20)\d0)s\b"), _decade),
    (_compile(r"\b(?P<a>fifties|sixties|seventies|eighties|nineties)\b"), _named_decade),
    (
        _compile(
            rf"\b(?:(?:since|starting in|as of)\s+(?P<a>{_YEAR})\b|from\s+(?P<b>{_YEAR})\s+(?:onwards?|and later|on)\b)"
        ),
        _since,
    ),
    (_compile(rf"\b(?P<a>{_YEAR})\s+(?:onwards?|or later|and later|and after)\b"), _bound("since")),
    (_compile(rf"(?<!\d)(?P<a>{_YEAR})年?(?:以来|之后|以后|起)"), _bound("since")),
    (_compile(rf"\b(?:after|later than|newer than|more recent than)\s+(?P<a>{_YEAR})\b"), _bound("since", 1)),
    (_compile(rf"\b(?:until|till|up to|through|by the end of|no later than)\s+(?P<a>{_YEAR})\b"), _bound("until")),
    (_compile(rf"\b(?P<a>{_YEAR})\s+(?:or|and) (?:earlier|before)\b"), _bound("until")),
    (_compile(rf"\b(?:before|prior to|earlier than|older than)\s+(?P<a>{_YEAR})\b"), _bound("until", -1)),
    (_compile(rf"(?<!\d)(?P<a>{_YEAR})年?(?:之前|以前)"), _bound("until", -1)),
    (
        _compile(
            rf"\b(?:in|over|during|within|from)?\s*(?:the\s+)?(?:last|past|previous|recent)\s+(?P<n>{_NUMBER})\s+"
            r"(?P<unit>years?|months?)\b"
        ),
        _last_years,
    ),
    (
        _compile(
            r"\b(?:(?P<how>since)\s+|(?:in|during|from)\s+)?(?:the\s+)?"
            r"(?P<which>this|current|last|previous|past)\s+year\b"
        ),
        _named_year,
    ),
    (_compile(r"\b(?P<which>this|current|last|previous|past)\s+month\b"), _named_month),
    (
        _compile(
            rf"\b(?:(?:in|during|for|from|of)\s+)?(?:the\s+)?(?:year\s+)?(?<![\d.])(?P<a>{_YEAR})(?![\d%])(?!\.\d)年?"
        ),
        _year,
    ),
)


_BEFORE = re.compile(
    r"(?:\b(?:before|prior to|earlier than|older than|predat\w*|preced\w*|vor|avant|antes|anterior\w*|antérieur\w*)\b"
    r"\W+(?:[^\W\d]+\W+){0,3})$",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"(?:\b(?:after|later than|newer than|more recent than|nach|après|después|posterior\w*|postérieur\w*)\b"
    r"\W+(?:[^\W\d]+\W+){0,3})$",
    re.IGNORECASE,
)
_BEFORE_HAN = re.compile(r"\s*年?\s*(?:之前|以前|前)")
_RECENT_YEARS = 3
"""Years that "recently" means."""


def bounds(text: str, named: Sequence[tuple[str, int, int]], today: date) -> tuple[int | None, int | None]:
    """Return the first and the last year of a time of which it is known where a text names it, in any language.

    `named` are its parts: "year", "year_from" or "year_to", and the characters. What is no year is so many years back.
    """
    since: list[int] = []
    until: list[int] = []
    for role, start, end in named:
        said = text[start:end]
        years = [int(year) for year in re.findall(rf"(?<!\d){_YEAR}(?!\d)", said)]
        if not years:
            found = find_period(said, today)
            back = number_words.number(said) or _RECENT_YEARS
            since.append(found.since if found and found.since else today.year - back + 1)
            continue
        if _BEFORE.search(text[:start]) or _BEFORE_HAN.match(text[end:]):
            until.append(max(years) - 1)
            continue
        if role in ("year", "year_from"):
            since.append(min(years) + (role == "year_from" and _AFTER.search(text[:start]) is not None))
        if role in ("year", "year_to") or len(years) > 1:
            until.append(max(years))
    return min(since, default=None), max(until, default=None)
