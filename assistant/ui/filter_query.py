"""Filters of papers in addresses: their query parameters, and the chips by which they are taken away."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from assistant.errors import UsageError
from assistant.queries import DATE, DAY, LARGEST
from assistant.text import filter_in_words
from assistant.types import PaperFilter, json_adapter

_NAMES = tuple(field.name for field in fields(PaperFilter))
_DATES = {"first_day": DATE, "last_day": DATE, "added_since": DAY, "added_until": DAY}

_SEVERAL = frozenset(name for name, value in asdict(PaperFilter()).items() if isinstance(value, tuple)) | {"among"}


@dataclass(frozen=True, slots=True)
class Chip:
    """One condition of a filter in words, and the filter without it."""

    words: str
    without: PaperFilter


def parameters(filter: PaperFilter) -> list[tuple[str, str]]:
    """Return a filter as query parameters, each named after its field; `read` gives it back."""
    pairs: list[tuple[str, str]] = []
    for name in _NAMES:
        value = getattr(filter, name)
        if value == getattr(PaperFilter(), name):
            continue
        if isinstance(value, tuple):
            pairs += [(name, str(each)) for each in value] or [(name, "")]
        else:
            pairs.append((name, ("yes" if value else "no") if isinstance(value, bool) else str(value)))
    return pairs


def read(pairs: Iterable[tuple[str, str]]) -> PaperFilter:
    """Return the filter that query parameters say; others among them are passed over.

    Raises UsageError for a value that its field cannot have.
    """
    said: dict[str, Any] = {}
    for name, value in pairs:
        value = value.strip()
        if name in _SEVERAL and (value or name == "among"):
            said.setdefault(name, []).extend([value] if value else [])
        elif name in _NAMES and value:
            said[name] = value
    try:
        found = json_adapter(PaperFilter).validate_python(said)
    except ValueError as error:
        raise _refused(said, _wrong_fields(error)) from error
    if beyond := [name for name in said if _is_beyond(name, getattr(found, name))]:
        raise _refused(said, beyond)
    return found


def number(value: str) -> int:
    """Return the whole number, 1 or more, that an address says, however long; 1 where it says none."""
    value = value.strip()
    if not value.isdecimal():
        return 1
    return max(int(value), 1) if len(value) < len(str(LARGEST)) else LARGEST


def chips(filter: PaperFilter, names: Callable[[str], str]) -> list[Chip]:
    """Return a filter's conditions one by one. `names` gives a person's name for what stands in the filter."""
    called: Mapping[str, str] = {person: names(person) for person in filter.people}
    shown: list[Chip] = []
    for group in _groups(filter):
        alone = replace(PaperFilter(), **{name: getattr(filter, name) for name in group})
        without = replace(filter, **{name: getattr(PaperFilter(), name) for name in group})
        words = filter_in_words(alone, called) if alone.among is None else f"{len(alone.among):,} picked"
        shown.append(Chip(words, without))
    return shown


def _groups(filter: PaperFilter) -> list[tuple[str, ...]]:
    """Return the fields that are set, those that are said in one phrase together."""
    together = (
        ("author", "position"),
        ("since", "until", "first_day", "last_day"),
        ("fewest_authors", "most_authors"),
        ("added_since", "added_until"),
    )
    joined = {name: group for group in together for name in group}
    groups = [joined.get(name, (name,)) for name in _NAMES if getattr(filter, name) != getattr(PaperFilter(), name)]
    return list(dict.fromkeys(groups))


def _refused(said: Mapping[str, Any], names: Iterable[str]) -> UsageError:
    wrong = ", ".join(f"{name} “{_shown(said[name])}”" for name in names if name in said)
    return UsageError(f"This address asks for papers that cannot be: {wrong}. Take that out of it.")


def _is_beyond(name: str, value: Any) -> bool:
    """Tell whether a value has its field's type and cannot be of it: a number beyond counting, a date that is none."""
    if pattern := _DATES.get(name):
        return not re.fullmatch(pattern, value)
    numbers = value if isinstance(value, tuple) else (value,)
    return any(isinstance(each, int) and abs(each) > LARGEST for each in numbers)


def _wrong_fields(error: ValueError) -> list[str]:
    errors: Callable[[], list[dict[str, Any]]] = getattr(error, "errors", list)
    return list(dict.fromkeys(str(each["loc"][0]) for each in errors() if each.get("loc")))


def _shown(value: Any) -> str:
    return ", ".join(value)[:60] if isinstance(value, list) else str(value)[:60]
