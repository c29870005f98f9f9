"""Names: many in one text taken apart, and one brought into the order in which it is spoken.

Databases, reference managers and people write lists of names in dozens of ways. What parts the names is looked for from
the strongest sign to the weakest: a list as a programming language prints it, semicolons and their like, "and", commas.
Commas also part family from given names; which they do is told from the initials and the number of words between them.
What cannot be told is left whole or as it stands: a corporate author with "and" beside nothing else is one name.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from assistant.types import Authorship

SUFFIX = re.compile(
    r"(?:jr|sr|ph\.? ?d|(?-i:M\.?D|m\.?d)|inc|ltd|ii|iii|iv|2nd|3rd|4th|m\.?sc|mph|dphil|pharmd)\.?", re.IGNORECASE
)
"""What may stand behind a name, after a comma; "Md" is Mohammed."""

CUT = "et al."
"""What `split_names` puts in the place of names that a list leaves out."""

_PLAIN_SUFFIX = re.compile(r"(?:[Jj]r|[Ss]r|Ph\.?D|M\.?Sc|DPhil|PharmD)\.?|III|Iii|2nd|3rd|4th")  # never initials
_INITIALS_OR_SUFFIX = re.compile(r"M\.D\.?|(?!III)[A-Z]{2,3}")
_TITLES = re.compile(r"(?:(?:Dr|Prof|Mr|Mrs|Ms|Ing|Dipl\.-Ing)\. ?)+(?=[^\W\d_])")
_TITLE_BEHIND = re.compile(r"(?:Dr|Prof|Mr|Mrs|Ms|Miss)\.?")
_ROLE_BEHIND = re.compile(r",? \((?:[Ee]ds?\.?|[A-Za-z][a-z]{1,5}\.)\)$")  # "(ed.)", "(Hrsg.)"
_STOPPED = re.compile(
    r"(?:(?:[^\W\d_]|Ch|Dz|Gy|Ja|Je|Ju|Kh|Ll|Ph|Sh|Sz|Th|Ts|Ya|Ye|Yu|Zh|Я|Ю)\.[-‐’']?)+[^\W\d_]?", re.UNICODE
)
_UNSTOPPED = re.compile(r"[^\W\d_]{1,3}|[^\W\d_][-‐][^\W\d_]")
_SEVERAL_CAPITALS = re.compile(r"(?=\w{2,6}$)(?:[A-Z][a-z]?){2,6}")  # initials, of a name whose neighbours have some
_FULL_STOP = re.compile(r"(?<=[^\W\d_]{3})(?<!Inc)(?<!Ltd)\.$")
# What most records have, "Family, Given" or "Family, G. H.": nothing is before, behind or within it to be told apart.
_FAMILY_AND_GIVEN = re.compile(
    r"([^\W\d_]{1,60}(?:[-'’][^\W\d_]{1,60}){0,3}), "
    r"((?:[^\W\d_]{1,60}\.? ){0,3}(?:[^\W\d_]{1,60}[-'’])?([^\W\d_]{2,60}|[^\W\d_]\.?))"
)
_BEHIND_NAMES = frozenset("dphil dr ii iii iv inc jr ltd md miss mph mr mrs ms msc phd pharmd prof sr".split())
_LONGEST_NAME = 200  # characters; nothing is turned round in a longer one
_MOST_WORDS_OF_A_FAMILY = 4
_PARTICLES = frozenset("abou bin da das de del della den der di dos du el ibn la le ten ter van von".split())
_LONGEST_PARTICLE = 3  # letters of a capitalised one ("De", "Van")

_OTHERS = re.compile(r"(?:\(|\[)?(?:et\.? ?al(?:ii)?\.?|(?:and |& )?\d* ?(?:more|others?))(?:\)|\])?\.?", re.IGNORECASE)
_TRAILING_OTHERS = re.compile(
    r"(?:[\s,;&]|\band\b)*[\s,;(\[]+(?:et\.? ?al\b(?:ii\b)?\.?|(?:and|&) (?:\d+ )?(?:more|others)\b)[\s.,;)\]]*$",
    re.IGNORECASE,
)
_MAY_BE_CUT = re.compile(r"et|more|other|…|\.\s?\.", re.IGNORECASE)  # in what the patterns above and below match
_TAIL = 60  # characters, in which the sign of a cut list is looked for
_ELLIPSIS = re.compile(r"\s*(?:\[…\]|\(…\)|…|\[\.\.\.\]|\.{3,}|\. \. \.)")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'", re.DOTALL)
_LIST_START = re.compile(r"(?:\[|\(|c\()\s*(?=[\"'{]|[\[(]\s*[\"'])|\{\s*(?=(?:\"[^\"]*\"|'[^']*')\s*[,}])")
_WHOLE, _GIVEN, _FAMILY = (
    ("name", "displayname", "fullname", "literal"),
    ("given", "firstname", "givenname", "first"),
    ("family", "lastname", "familyname", "last", "surname"),
)
_LIST_OF_LISTS = re.compile(r"[\[(]\s*[\[(]")
_PRINTED = re.compile(r"[\[\]{}():,\s\d.-]*(?:(?:None|True|False|null|true|false|nan)[\[\]{}():,\s\d.-]*)*")
_DEEPEST_LIST = 6
_LONGEST_LIST = 1_000_000  # characters

_IN_BRACKETS = re.compile(r" ?(?:\([^()]*\)|\[[^\[\]]*\]|<[^<>]*>)")
_MARKS = r"(?:[\d*†‡§¶#]{1,3}|[¹²³⁰⁴-⁹⁎∗*†‡§¶#]+)"
_NUMBERS = re.compile(rf"(?<=[^\W\d_]|[.*†‡]) ?(?:0\d{{3}}|{_MARKS}(?: ?, ?{_MARKS})*)(?= ?(?:[,;|&•]|$|and\b|[/·] ))")
_ADDRESS = re.compile(r"\bhttps?://[^\s,;|]+")
_YEARS = re.compile(  # of a life, as catalogues have them behind a name
    r"(?:, ?| \()(?:(?:approximately |active |ca\.? )?(?:1\d|20)\d\d\?? ?[-–] ?(?:\d{4}\??)?"
    r"|(?:b\.|d\.|born|died|active|fl\.|ca\.) ?(?:1\d|20)\d\d\??)\)?\.?(?= ?(?:;|\||$))"
)
_STRONG = re.compile(r"[;|•]+| [/·] ")
_AND = re.compile(r",? (?:and|AND|&) |, ?(?:and|AND|&) ?(?=\w)")
_WIDE = str.maketrans({"；": ";", "，": ",", "、": ";", "｜": "|", "＆": "&", "\u2028": " ", "\u2029": " "})
_HAN = re.compile(r"[\u3400-\u9fff\uac00-\ud7a3\u3040-\u30ff]{2,}")

_NO_NAME = frozenset({"na", "n/a", "null", "none", "nan", "undefined", "nil"})
_NO_NAME_AT_ALL = re.compile(r"NA|na|N/A|n/a|[Nn]ull|NULL|[Nn]one|NONE|NaN|nan|NAN|undefined|nil")
_ANONYMOUS = frozenset({"anonymous", "anonym", "anon", "unknown", "undefined", "author", "authors", "name", "names"})
_MAY_BE_ANONYMOUS = re.compile("anon|unknown|undefined|author|name", re.IGNORECASE)  # each of these holds one
_BESIDE_ANONYMOUS = _ANONYMOUS | _NO_NAME | frozenset("a no not available listed given found missing is are".split())


def split_names(text: str) -> list[str]:
    """Return the names that one text lists, as they are spoken; `CUT` stands where the list leaves names out.

    "Gödel, Kurt and Turing, Alan" are two people, and so are "Kurt Gödel, Alan Turing" and "Gödel K, Turing A". The
    text must be readable already: an entity or a brace of LaTeX is not undone.
    """
    listed = printed_list(text)
    if listed is not None:
        return [name for item in listed if (name := _one(item) if isinstance(item, str) else _of_parts(item))]
    if "\n" in text.strip() and not re.search(r"[,;|&]|\band\b", text):
        text = text.strip().replace("\n", ";")
    text = " ".join(text.translate(_WIDE).split())
    if "(" in text or "[" in text or "<" in text:
        text = _without_brackets(text)
    text = _YEARS.sub("", _NUMBERS.sub("", text))
    names: list[str] = []
    if "://" in text:
        text = _ADDRESS.sub("", text)
    segments = _ELLIPSIS.split(text)
    for place, segment in enumerate(segments):
        head, tail = segment[:-_TAIL], segment[-_TAIL:]
        kept = head + _TRAILING_OTHERS.sub("", tail)
        names += _spoken_list(_units(kept))
        if place < len(segments) - 1 or kept != segment:
            names.append(CUT)
    return [name for name, before in zip(names, ["", *names], strict=False) if name != CUT or name != before]


def printed_list(text: str) -> list[Any] | None:
    """Return the items of a list as Python, R, NumPy, PostgreSQL or JSON prints it; None where `text` is none.

    Of a list that is cut off, what is whole is returned, and `CUT`.
    """
    text = text.strip()
    if len(text) > _LONGEST_LIST or not _LIST_START.match(text):
        return None
    around = _QUOTED.sub("", text)
    is_nested = _LIST_OF_LISTS.match(text) and text[-1] in ")]"
    if not (is_nested or re.search(r"[{:]", around[1:])) or text.startswith("{"):
        quoted = [_unquoted(part) for part in _QUOTED.findall(text)]
        return quoted if text[-1] in ")]}" else [*quoted, CUT]
    if _depth(around) > _DEEPEST_LIST or not _PRINTED.fullmatch(around):
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            items = read(text)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            continue
        if isinstance(items, list | tuple):
            return [list(item) if isinstance(item, tuple) else item for item in items]
    return [_unquoted(part) for part in _QUOTED.findall(text)] if is_nested else None


def in_order(parts: Sequence[str]) -> tuple[str, str, str]:
    """Return given name, family name and suffix of the parts of a name: three stand as family, given name, suffix.

    Of two the family name is the first where the second has initials, and else the second.
    """
    first, second, suffix = ([*parts, "", "", ""])[:3]
    is_spoken = len(parts) == 2 and second and not _are_initials(second)
    return (first, second, "") if is_spoken else (second, first, suffix)


def _of_parts(item: Any) -> str:
    """Return the name of an item of a printed list that is a list of the name's parts, or has them by their names."""
    if isinstance(item, dict):
        called = {str(key).casefold().replace("_", ""): part for key, part in item.items() if isinstance(part, str)}
        if whole := next((called[key] for key in _WHOLE if called.get(key)), ""):
            return given_name_first(whole)
        given, family = (next((called[key] for key in keys if called.get(key)), "") for keys in (_GIVEN, _FAMILY))
        return f"{given} {family}".strip()
    if not isinstance(item, list) or not all(isinstance(part, str) for part in item):
        return ""
    given, family, suffix = in_order(item)
    return ", ".join(filter(None, [f"{given} {family}".strip(), suffix]))


def given_name_first(name: str) -> str:
    """Turn "Family, Given", "Family, Given, Suffix", "Family, Suffix, Given" and "Family AB" round, and no others."""
    if (simple := _FAMILY_AND_GIVEN.fullmatch(name)) and simple[3].casefold() not in _BEHIND_NAMES:
        return f"{simple[2]} {simple[1]}"
    name = _FULL_STOP.sub("", " ".join(name.split()).strip(' ,;"“”'))
    if len(name) > _LONGEST_NAME:
        return name
    if name.endswith(")"):
        name = _ROLE_BEHIND.sub("", name)
    if "1" in name or "2" in name:
        name = _YEARS.sub("", name)
    if "." in name:
        name = _TITLES.sub("", name) if _TITLES.match(name) else name
    parts = [part for part in map(str.strip, name.split(",")) if part]
    if len(parts) <= 1:
        return _initials_first(name)
    suffixes = [part for part in parts[1:] if SUFFIX.fullmatch(part)]
    if len(parts) == 2 and suffixes and _INITIALS_OR_SUFFIX.fullmatch(parts[1]) and _is_family(parts[0]):
        suffixes = []  # "Petrov, II", "de Oak, JR" and "Berg, M.D." are initials
    rest = [parts[0], *(part for part in parts[1:] if part not in suffixes)]
    if len(rest) == 3 and _are_initials(rest[0]) and not _are_initials(rest[1]):
        rest = rest[1:]  # "A. B., Family, Anna B."
    if len(rest) > 2:
        return name
    family, inside = _without_suffix(rest[0]) if len(rest) == 2 else (_initials_first(rest[0]), "")
    given, behind = _without_suffix(rest[1]) if len(rest) == 2 else ("", "")
    return ", ".join([f"{given} {family}".strip(), *filter(None, [inside, behind]), *suffixes])


def authorships(names: Iterable[str]) -> tuple[tuple[Authorship, ...], bool]:
    """Return the names with their positions from 1, and whether they are all: "others" and "et al." deny it.

    Names that only say that there is none ("[Anonymous]", "NA") are left out. Behind a gap no position is known.
    """
    kept: list[Authorship] = []
    complete, is_gap = True, False
    for name in names:
        shown = name.strip()
        if _MAY_BE_CUT.search(shown, max(0, len(shown) - _TAIL)):
            head, tail = shown[:-_TAIL], shown[-_TAIL:]
            marked = _ELLIPSIS.sub("", tail)
            bare = "" if _OTHERS.fullmatch(marked.strip(" ,;")) else _TRAILING_OTHERS.sub("", marked).strip(" ,;")
            uncut = head + (bare if bare != tail.strip(" ,;") else tail)
            if uncut != shown:
                complete = False
                shown = uncut.strip()
            is_gap = is_gap or not shown
        if any(map(str.isalpha, shown)) and not is_no_name(shown):
            kept.append(Authorship(shown, None if is_gap else len(kept) + 1))
    return tuple(kept), complete


def is_no_name(name: str) -> bool:
    """Tell whether the text stands for an author who is not known ("[Anonymous]", "No author name available")."""
    if len(name) > _LONGEST_NAME:
        return False
    bare = name.strip(" []().,;-")
    if not bare or _NO_NAME_AT_ALL.fullmatch(bare):
        return True
    if not _MAY_BE_ANONYMOUS.search(bare):
        return False
    words = set(re.findall(r"[^\W_]+(?:/[^\W_]+)?", bare.casefold()))
    return words <= _BESIDE_ANONYMOUS and not words.isdisjoint(_ANONYMOUS)


def _one(text: str) -> str:
    return CUT if _OTHERS.fullmatch(text.strip()) or text.strip() in {"…", "...", CUT} else given_name_first(text)


def _unquoted(token: str) -> str:
    try:
        value = ast.literal_eval(token)
    except (ValueError, SyntaxError):
        return token[1:-1]
    return value if isinstance(value, str) else token[1:-1]


def _depth(text: str) -> int:
    depth = deepest = 0
    for character in re.findall(r"[\[\](){}]", text):
        depth += 1 if character in "[({" else -1
        deepest = max(deepest, depth)
    return deepest


def _without_brackets(text: str) -> str:
    """Return the text without what stands in brackets (numbers, affiliations), unless all of it stands in them."""
    bare = _IN_BRACKETS.sub(lambda found: f" {CUT}" if _OTHERS.fullmatch(found.group().strip()) else "", text)
    if any(map(str.isalpha, bare)):
        return bare.strip("[]() ")
    return "; ".join(group.strip("[]() ") for group in _IN_BRACKETS.findall(text)) or text.strip("[]() ")


def _units(text: str) -> list[str]:
    """Return the names of a list, each as the list writes it."""
    text = text.strip(" ,;|&")
    parts = [part for part in (part.strip(" ,") for part in _STRONG.split(text)) if part]
    if len(parts) > 1:
        return [unit for part in parts for unit in _beside_semicolons(part, parts)]
    text = parts[0] if parts else ""
    pieces = [piece for piece in (piece.strip(" ,") for piece in _AND.split(text)) if piece]
    if len(pieces) <= 1:
        return _at_commas(_parts_of(text))
    if "," not in text:
        return pieces if len(pieces) > 2 or _are_people(pieces) else [text]
    lengths = [len(_parts_of(piece)) for piece in pieces]
    if len(pieces) > 2 or all(length == 2 for length in lengths):
        in_turn = [unit for piece in pieces for unit in _beside_semicolons(piece, pieces)]
        return (
            in_turn
            if max(lengths) <= 3 or min(lengths) > 1
            else _at_commas([p for piece in pieces for p in _parts_of(piece)])
        )
    return _at_commas([part for piece in pieces for part in _parts_of(piece)])


def _parts_of(text: str) -> list[str]:
    """Return what stands between commas, a suffix with what stands before it."""
    parts: list[str] = []
    for part in map(str.strip, text.split(",")):
        if not any(map(str.isalnum, part)) or _TITLE_BEHIND.fullmatch(part):
            continue
        is_suffix = SUFFIX.fullmatch(part) and (
            _PLAIN_SUFFIX.fullmatch(part) or not _INITIALS_OR_SUFFIX.fullmatch(part)
        )
        if parts and (is_suffix or (SUFFIX.fullmatch(part) and " " in parts[-1])):
            parts[-1] += f", {part}"
        else:
            parts.append(part)
    return parts


def _beside_semicolons(text: str, others: Sequence[str]) -> list[str]:
    """Return the names in one part of a list that has stronger signs than commas between its parts."""
    text = re.sub(r"^(?:and|AND|&) ", "", text)
    pieces = [piece.strip(" ,") for piece in _AND.split(text)]
    if len(pieces) == 2 and (all("," in piece for piece in pieces) or all(map(_has_initials, pieces))):
        return [unit for piece in pieces for unit in _beside_semicolons(piece, others)]
    parts = _parts_of(text)
    if all(map(_HAN.fullmatch, parts)) and any("," not in other for other in others):
        return parts
    if len(parts) > 2 and all(" " in part and _ends_in_initials(part) for part in parts):
        return parts
    if len(parts) >= 4 and len(parts) % 2 == 0 and len(pieces) == 1:
        return [f"{family}, {given}" for family, given in zip(parts[::2], parts[1::2], strict=True)]
    return [text]


def _at_commas(parts: list[str]) -> list[str]:
    """Return the names in a list that has nothing but commas (or "and") between its parts."""
    if len(parts) == 1:
        words = parts[0].split()
        return words if len(words) > 2 and all(map(_HAN.fullmatch, words)) else parts
    if len(parts) == 2:
        return parts if _are_two(*parts) else [", ".join(parts)]
    if all(map(_are_initials, parts)):
        return [", ".join(parts)]
    if len(parts) % 2 == 0 and _are_pairs(parts[::2], parts[1::2]):
        return [f"{family}, {given}" for family, given in zip(parts[::2], parts[1::2], strict=True)]
    if (
        " " not in parts[0]
        and (" " not in parts[1] or _ends_in_initials(parts[1]))
        and not _begins_with_initials(parts[1])
        and all(" " in part and not _ends_in_initials(part) for part in parts[2:])
    ):
        return [", ".join(parts[:2]), *parts[2:]]  # "Family, Given, Given Family, and Given Family"
    names: list[str] = []
    for part in parts:
        if names and _are_initials(part) and "," not in names[-1]:
            names[-1] += f", {part}"
        else:
            names.append(part)
    return names


def _are_two(first: str, second: str) -> bool:
    """Tell whether two parts at a comma are two people and not family and given name."""
    if _are_initials(second):
        return False
    if _HAN.fullmatch(first) and _HAN.fullmatch(second):
        return True
    if _has_initials(first) or _ends_in_capitals(first):
        return True
    is_given = " " not in second or (_ends_in_initials(second) and not _begins_with_initials(second))
    return " " in first.partition(",")[0] and not first[0].islower() and not is_given


def _are_pairs(families: Sequence[str], givens: Sequence[str]) -> bool:
    """Tell whether the parts at commas are family and given names by turns."""
    if all(map(_are_initials, givens)):
        return True
    if any(map(_has_initials, families)) or any(" " in given and _begins_with_initials(given) for given in givens):
        return False
    if any(map(_ends_in_initials, givens)):
        return True
    return sum(" " in given for given in givens) > 1 and not any(" " in family for family in families)


def _spoken_list(units: Sequence[str]) -> list[str]:
    """Return the names as they are spoken; initials at the end are turned round unless the list has them in front."""
    with_initials = sum("," not in unit and _ends_in_initials(unit) for unit in units)
    with_capitals = sum(map(_ends_in_capitals, units))
    if sum(map(_begins_with_initials, units)) > with_initials or 3 * with_capitals > len(units):
        return [given_name_first(unit) if "," in unit else unit for unit in units]
    if len(units) == 1 or 2 * with_initials <= len(units):
        return [name for unit in units if (name := given_name_first(unit))]
    if units[-1].endswith(".") and not any("." in unit for unit in units[:-1]):
        units = [*units[:-1], units[-1][:-1]]
    return [given_name_first(unit) if "," in unit else _initials_first(unit, is_like_others=True) for unit in units]


def _are_people(pieces: Sequence[str]) -> bool:
    """Tell whether the two texts beside a single "and" are names: a word beside several is rather half of a group's."""
    lengths = [len(piece.split()) for piece in pieces]
    return len(set(lengths) - {1}) == len(set(lengths)) or set(lengths) == {1}


def _is_family(text: str) -> bool:
    """Tell whether this is a family name alone: one word, with no more than particles before it."""
    return all(word.islower() or word.casefold() in _PARTICLES for word in text.split()[:-1])


def _is_initials(word: str) -> bool:
    if _PLAIN_SUFFIX.fullmatch(word):
        return False
    if "." in word:
        return bool(_STOPPED.fullmatch(word)) or (word.isupper() and bool(_UNSTOPPED.fullmatch(word[:-1])))
    return word.isupper() and bool(_UNSTOPPED.fullmatch(word))


def _are_initials(text: str) -> bool:
    words = text.partition(",")[0].split()
    if len(words) > 1 and any(len(word) > 1 and word.isalpha() for word in words):
        return False  # "WU AB"
    return 0 < len(words) <= 4 and all(map(_is_initials, words))


def _has_initials(text: str) -> bool:
    words = text.partition(",")[0].split()
    return len(words) > 1 and any(map(_is_initials, words))


def _begins_with_initials(text: str) -> bool:
    words = text.partition(",")[0].split()
    return len(words) > 1 and _is_initials(words[0]) and not _is_initials(words[-1])


def _ends_in_initials(text: str) -> bool:
    words = text.partition(",")[0].split()
    return bool(words) and _is_initials(words[-1])


def _ends_in_capitals(text: str) -> bool:
    """Tell whether a family name stands behind in capitals ("Lena FJORD"), so that "Wei LI" has no initials."""
    last = text.rpartition(" ")[2]
    return (
        " " in text and "," not in text and len(last) > 3 and last.isalpha() and last.isupper() and not text.isupper()
    )


def _without_suffix(name: str) -> tuple[str, str]:
    """Return a part of a name, and the suffix that stands behind it without a comma; a title there is dropped."""
    words = name.split()
    while len(words) > 1 and _TITLE_BEHIND.fullmatch(words[-1]):
        words.pop()
    suffix = words.pop() if len(words) > 1 and _PLAIN_SUFFIX.fullmatch(words[-1]) else ""
    return " ".join(words), suffix


def _initials_first(name: str, is_like_others: bool = False) -> str:
    """Turn "van Oak J", "Berg A. B." and "Oak JE Jr" round; in a list of such names, also what is less clear."""
    bare, suffix = _without_suffix(name)
    words = bare.split()
    is_upper = bare.isupper()
    if is_upper and not is_like_others and len(words[-1].strip(".")) > 1 and "." not in words[-1]:
        return name  # "RICK ROE"
    family = len(words)
    while family > 0 and _is_initials(words[family - 1]) and not (is_upper and family < len(words)):
        family -= 1
    if family == len(words) and is_like_others and _SEVERAL_CAPITALS.fullmatch(words[-1]):
        family -= 1
    if not 0 < family < len(words) or family > _MOST_WORDS_OF_A_FAMILY:
        return name
    if any(_is_initials(word) for word in words[:family] if word != "Ó") and not (
        is_like_others and len(words[family - 1]) > 2
    ):
        return name
    are_long = family > 1 and all(len(word) > _LONGEST_PARTICLE and word[0].isupper() for word in words[:family])
    if are_long and not is_like_others and len(words[-1]) > 1 and words[-1].isalpha():
        return name  # "Open Science UK"
    if not all(re.sub("[-‐'’]", "", word).isalpha() or _PLAIN_SUFFIX.fullmatch(word) for word in words[:family]):
        return name
    called, inside = _without_suffix(" ".join(words[:family]))
    return ", ".join(filter(None, [" ".join([*words[family:], called]), inside, suffix]))
