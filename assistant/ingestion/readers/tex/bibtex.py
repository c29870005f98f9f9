"""BibTeX and BibLaTeX, entry by entry, so that a broken entry costs only itself."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TextIO

from assistant.ingestion.readers import exported, fields
from assistant.ingestion.readers.fields import (
    find_arxiv_id,
    find_date,
    find_doi,
    find_pmid,
    find_url,
    first_of,
    joined,
)
from assistant.ingestion.readers.markup import visible
from assistant.ingestion.readers.names import CUT, SUFFIX, split_names
from assistant.ingestion.readers.tex import bibtex_entries
from assistant.ingestion.readers.tex.bibtex_entries import FIELD_SIGN, GROUP, TYPE, Entry, Fault
from assistant.ingestion.readers.tex.journal_macros import JOURNALS
from assistant.ingestion.readers.tex.latex import to_text
from assistant.text import shortened
from assistant.types import Paper, Problem, Record

NAME = "BibTeX"
NOTHING_FOUND = "There is no entry in this BibTeX file. Add entries with a title to it."

MOST_PARENTS = 20_000  # entries that others may refer to
LONGEST_LENT = 2_000  # characters of a field
LONGEST_WAITING = 50_000_000  # characters of entries that wait for the one they refer to
ENTRY_OR_COMMAND = re.compile(
    r"^[^\S\n]*+@\s*+(?:(?:string|preamble|comment)\s*+[{(]"
    rf"|{TYPE}\s*+\{{\s*+(?:[^,={{}}\n\"]{{0,200}}+,|(?:[^\s,={{}}\"]++\s++)?{FIELD_SIGN})"
    rf"|{TYPE}\s*+\(\s*+(?:[^\s,=(){{}}\"]*+,(?:\s*+$|{FIELD_SIGN})|\w+\s*+=\s*+[{{\"]))",
    re.MULTILINE | re.IGNORECASE,
)
LENT = ("title", "booktitle", "date", "year", "month", "day", "journal", "journaltitle", "eventtitle")
VOLUMES = {"proceedings", "mvproceedings", "collection", "mvcollection", "periodical"}  # what papers stand in
LENT_AS_DATA = (*LENT, "author", "keywords", "school", "institution", "archiveprefix", "eprinttype", "eprintclass")
NO_PAPERS = {"xdata", "set", "control", "ieeetranbstctl"}  # data of other entries, and settings

VENUES = "journal journaltitle booktitle fjournal shortjournal eventtitle maintitle school institution".split()
GROUPS = "tags groups mendeleygroups mendeleytags".split()
KEYWORDS = ["keywords", "keyword", "keywords1", "authorkeywords", "keywordsplus", *GROUPS]
WEB_ADDRESSES = "url ee link bdskurl1 bdskurl2 howpublished note annote".split()
NOTES = "note annote annotation addendum".split()
LINK = re.compile(r"\\(?:href|url|path|nolinkurl|detokenize|texttt)\s*\{([^{}]*)\}")
SIGN_OF_ADDRESS = re.compile(  # as LaTeX writes it, in a web address or an identifier
    r"\{?\$?\\(?:text)?(less|greater|asciitilde|tildelow|sim|underscore|[~_%&#])(?![a-z])(?:\{\})?\$?\}? ?"
    r"|\{?\$([<>])\$\}?"
)
SIGNS_OF_ADDRESSES = {"less": "<", "greater": ">", "underscore": "_"} | dict.fromkeys(
    ("asciitilde", "tildelow", "sim"), "~"
)
SHORT_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/)?(10/[a-z0-9]{3,})", re.IGNORECASE)
MARKED_DOI = re.compile(r"(?:\bdoi\b[:=\s]*|doi\.org/)(?=(?:https?://(?:dx\.)?doi\.org/)?10\.\d{4,9}/)", re.IGNORECASE)
OF_ANOTHER = re.compile(r"errat|corrig|correct|comment|retract|reply|repl[iy]|supplement|version|review", re.IGNORECASE)
# Each finds a group in braces too, so that what parts others does not part it.
BETWEEN_NAMES = re.compile(rf"\{{{GROUP}\}}|(?P<between>\s+(?:and,?\s+)+)", re.IGNORECASE)
LINEAGE = re.compile(r"[JS]r\.?|III?|IV|Ph\. ?D\.?|PhD")  # and not "JR", initials of many a given name
COMMA = re.compile(rf"\{{{GROUP}\}}|(?P<between>,)")
MARK_BEHIND = re.compile(  # a footnote's or an address's
    r"\s*(?:\$\s*\^\s*\{?[^{}$]{0,20}\}?\s*\$|\\textsuperscript\s*\{[^{}]{0,20}\}|\\(?:footnote(?:mark)?|thanks)\s*\{[^{}]*\})"
)
FAMILIES_OF_TWO = (  # Chinese, Korean
    "欧阳|歐陽|司马|司馬|诸葛|諸葛|上官|东方|東方|皇甫|尉迟|尉遲|公孙|公孫|慕容|令狐|司徒|夏侯|端木|百里|南宫|南宮|"
    "西门|西門|东郭|東郭|呼延|宇文|长孙|長孫|轩辕|軒轅|淳于|单于|單于|太史|申屠|钟离|鍾離|澹台|澹臺|남궁|황보|제갈|선우|독고|사공|서문|동방"
)
HAN = r"[\u3005-\u9fff\uac00-\ud7a3]"
FAMILY_AND_GIVEN = re.compile(rf"(?:{HAN}|{FAMILIES_OF_TWO}), ?{HAN}{{1,3}}|{HAN}{{2}}, ?{HAN}")
TIE = re.compile(r"(?<!\\)~")
BETWEEN_LABELS = re.compile(rf"\{{{GROUP}\}}|(?P<between>[,;])")
WITHOUT_GROUPS = {
    BETWEEN_NAMES: re.compile(r"\s+(?:and,?\s+)+", re.IGNORECASE),
    COMMA: re.compile(","),
    BETWEEN_LABELS: re.compile("[,;]"),
}
TWO_WORDS = re.compile(r"[^\W\d_a-z][\w'’-]+ [^\W\d_a-z][\w'’-]+")
OTHERS_BEHIND = re.compile(r"(?<=[^\s,;])(?:[\s,;~]|\band\b)*[\s,;~]\{?(?:\\\w+\s+)?et\.?[\s~]*al\.?\}?[.,]?\s*\Z")
AMPERSAND = re.compile(r"\s(?:\\?&|&amp;)\s")
WITH_INITIALS = re.compile(  # "A. B. Berg", "Berg A.B.", "van Berg AB"
    r"(?:[^\W\d_]{1,2}\.[- ]?)+ ?[^\W\d_]{2}[^\d.]*|[^\d.]*[^\W\d_]{2} (?:(?:[^\W\d_]{1,2}\.[- ]?)+|[A-Z]{1,3})"
)
ACCENT = re.compile(
    r"\{\\[^\w\s]\s*(?:\{\\?\w\}|\\?\w)\}|\{\\\w{1,2}\s*(?:\{\w\}|\s\w)?\}|\\(?:[^\w\s]|[cvuHkrdb])\{\\?\w\}"
)
LINE_END = re.compile(
    r"(?:\{?\\textbackslash(?:\{\}|\s)?\}?n)+(?=\s|[A-Z]|\Z)"
)  # as a program wrote it, in an abstract
TO_KEEP_TOGETHER = re.compile("[{}]")
NAME_PART = re.compile(r"[\s\"]*([\w-]+)\s*=(.*?)[\s\"]*", re.DOTALL)
IN_BRACES = re.compile(rf"\s*\{{({GROUP})\}}\s*")
IN_PARTS = re.compile(r"(?:^|[\s,{\"])(?:family|given)\s*=")

PLAINLY_ESCAPED = "plain escapes"
"""How the field of an own entry that names the exporter ends where nothing but `ESCAPES` stands in its texts."""

ESCAPES: Mapping[str, str] = MappingProxyType(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{character: "\\" + character for character in "%&#_$"},
    }
)
CHARACTERS: Mapping[str, str] = MappingProxyType({escape: character for character, escape in ESCAPES.items()})
ESCAPED = re.compile(r"\\text(?:backslash|brace(?:left|right)|ascii(?:tilde|circum))\{\}|\\[%&#_$]|[{}]")


ENOUGH_LISTS = 3
"""Lists of authors by which a file shows that it has the family name first."""


class _Macros(dict[str, str]):
    """Abbreviations regardless of case; one that nobody defined stands for its own name."""

    def __setitem__(self, name: str, value: str) -> None:
        super().__setitem__(name.lower(), value)

    def __getitem__(self, name: str) -> str:
        return self.get(name.lower(), name)


def start(head: str) -> int | None:
    """Return where the first entry or @string stands, or None if this is not BibTeX."""
    found = ENTRY_OR_COMMAND.search(head)
    return found.start() if found else None


def parse(stream: TextIO, file: str) -> Iterator[Record | Problem]:
    """Yield one item for each entry, in the file's order; comments and abbreviations are not entries.

    An entry that refers to a later one (`crossref`, `xdata`) comes right after that one. "García Márquez, Gabriel José"
    is one person where the lists of authors before it have the family name first, and else may be two.
    """
    families_first = 0
    for item in _with_inherited(bibtex_entries.read(stream)):
        if not isinstance(item, Entry):
            yield Problem(file, item.line, item.reason)
        elif item.type not in NO_PAPERS:
            families_first += _are_families_first(item.fields.get("author", ""))
            yield _read_entry(item, file, has_families_first=families_first >= ENOUGH_LISTS)


def _with_inherited(entries: Iterable[Entry | Fault]) -> Iterator[Entry | Fault]:
    """Yield entries with what they inherit from those they refer to, whichever of the two comes first."""
    parents: dict[str, Mapping[str, str]] = {}
    waiting: dict[str, list[Entry]] = {}
    waiting_length = 0
    for entry in entries:
        if not isinstance(entry, Entry):
            yield entry
            continue
        ready = deque([entry])
        while ready:
            child = ready.popleft()
            key = child.key.lower()
            missing = next((name for name in _references(child) if name not in parents and name != key), "")
            if missing and (waiting_length + _length(child)) < LONGEST_WAITING:
                waiting.setdefault(missing, []).append(child)
                waiting_length += _length(child)
                continue
            whole = _inheriting(child, parents)
            yield whole
            may_lend = "abstract" not in whole.fields or whole.type in VOLUMES
            if key and ((may_lend and len(parents) < MOST_PARENTS) or key in waiting):
                lent = LENT_AS_DATA if whole.type == "xdata" else LENT
                kept = {name: whole.fields[name][:LONGEST_LENT] for name in lent if name in whole.fields}
                if "booktitle" not in child.fields and whole.type != "xdata":
                    kept.pop("booktitle", None)  # that of its own parent: its title names the venue of its children
                parents[key] = {**kept, "type": whole.type}
                children = waiting.pop(key, [])
                waiting_length -= sum(map(_length, children))
                ready.extend(children)
    for children in waiting.values():  # their parents stand nowhere in the file
        yield from (_inheriting(child, parents) for child in children)


def _references(entry: Entry) -> Iterator[str]:
    for name in ("xdata", "crossref"):
        if name in entry.fields:
            yield from filter(None, (key.strip().lower() for key in entry.fields[name].split(",")))


def _length(entry: Entry) -> int:
    return sum(map(len, entry.fields.values()))


def _inheriting(child: Entry, parents: Mapping[str, Mapping[str, str]]) -> Entry:
    """Return the entry with what it does not say itself: a volume lends its title as the name of the venue."""
    for parent in (parents[key] for key in _references(child) if key in parents):
        lent = {name: content for name, content in parent.items() if name != "type"}
        if parent["type"] != "xdata" and "title" in lent:
            lent.setdefault("booktitle", lent["title"])
            del lent["title"]
        if child.fields.keys() & {"date", "year"}:
            lent = {name: content for name, content in lent.items() if name not in {"date", "year", "month", "day"}}
        child = replace(child, fields=lent | dict(child.fields))
    return child


def _are_families_first(text: str) -> bool:
    """Tell whether several names stand in a text that all have the family name first."""
    parts = _split(text, BETWEEN_NAMES)
    return len(parts) > 1 and all(part.count(",") == 1 for part in parts if part.strip() != "others")


def _read_entry(entry: Entry, file: str, *, has_families_first: bool) -> Record | Problem:
    values = entry.fields

    def field(*names: str) -> str:
        for name in names:
            if value := values.get(name):
                return value
        return ""

    if exported.is_own(values.get("exporter")):
        return _read_own(entry, file)
    if entry.type in VOLUMES and not field("abstract"):
        named = shortened(to_text(field("title")) or entry.key)
        return Problem(file, entry.line, f"“{named}” is a volume (@{entry.type}), not a paper, so it was left out.")
    preprint_class = field("primaryclass", "eprintclass")
    pubmed = field("eprint") if _archive(values) in {"pubmed", "pmid"} else ""
    paper = Paper(
        title=_title(field("title"), field("subtitle")),
        abstract=LINE_END.sub(" ", field("abstract")),
        date=first_of(
            find_date(TO_KEEP_TOGETHER.sub("", field("date"))),
            find_date(TO_KEEP_TOGETHER.sub("", field("year")), month=to_text(field("month", "date")), day=field("day")),
            find_date(to_text(field("earlyaccessdate"))),
        ),
        categories=(preprint_class,) if preprint_class else (),
        venue=_venue(field(*VENUES)),
        doi=_doi(values),
        arxiv_id=_arxiv_id(values),
        pmid=find_pmid(field("pmid", "pubmedid"), pubmed, bare=True) or find_pmid(*map(field, ("url", *NOTES))),
        url=find_url(*(_plain_address(field(name)) for name in WEB_ADDRESSES)) or _short_doi(field("doi")),
        labels=tuple(_labels(values, KEYWORDS)),
        citation_keys=(entry.key,),
    )
    listed = names(field("author", "authors"), has_families_first=has_families_first)
    return fields.record(paper, listed, file=file, line=entry.line, source_key=entry.key)


def _read_own(entry: Entry, file: str) -> Record | Problem:
    """Return the paper of an entry that this program wrote: no identifier is looked for in another's field."""
    values = entry.fields

    def field(name: str) -> str:
        return values.get(name, "")

    readable = unescaped if field("exporter").endswith(PLAINLY_ESCAPED) else to_text
    listed = [name for name in own_names(field("author"), readable) if name]
    is_cut = listed[-1:] == ["others"]
    stated = {
        **{name: field(name) for name in ("title", "abstract", "doi", "pmid", "url")},
        "authors": listed[:-1] if is_cut else listed,
        "authors_complete": not is_cut,
        "author_positions": exported.positions_of(field("authorpositions")),
        "date": find_date(TO_KEEP_TOGETHER.sub("", field("year")), month=field("month"), day=field("day")),
        "categories": _split(field("categories"), BETWEEN_NAMES),
        "venue": first_of(*map(field, ("journal", "booktitle", "howpublished"))),
        "arxiv_id": field("eprint"),
        "labels": [*exported.listed(field("keywords"), ","), *_labels(values, GROUPS)],
        "has_code": field("hascode"),
        "id": entry.key,
        "citation_key": entry.key,
    }
    return exported.read(stated, file, entry.line, readable)


def unescaped(text: str) -> str:
    """Undo what `ESCAPES` does, and drop the braces that keep a text together; nothing else means anything."""
    return visible(ESCAPED.sub(lambda found: CHARACTERS.get(found.group(), ""), text))


def _title(title: str, subtitle: str) -> str:
    """Return both as one title, with a colon between them unless the first ends in a mark of its own."""
    if not subtitle or title.endswith(subtitle):
        return title
    has_mark = title.rstrip(" }").endswith(tuple(".:;?!-–—"))
    return f"{title}{'' if has_mark else ':'} {subtitle}" if title else subtitle


def _venue(name: str) -> str:
    """Return the name of a venue; the macros of the styles of astronomy stand for the names of journals."""
    macro = name.strip("{} ").removeprefix("\\") if "\\" in name else ""
    return JOURNALS.get(macro, name)


def _plain_address(text: str) -> str:
    """Return a text in which web addresses and identifiers stand as they are, and not as LaTeX writes them."""
    if not ("\\" in text or "$" in text):
        return text
    text = SIGN_OF_ADDRESS.sub(lambda found: SIGNS_OF_ADDRESSES.get(found[1], found[1]) if found[1] else found[2], text)
    return LINK.sub(r" \1 ", text) if "\\href" in text else LINK.sub(r"\1", text)


def _short_doi(doi: str) -> str:
    """Return the address of a DOI in the short form of shortdoi.org ("10/abc"), which is none of another resource."""
    found = SHORT_DOI.fullmatch(doi.strip("{} "))
    return f"https://doi.org/{found[1]}" if found else ""


def _archive(values: Mapping[str, str]) -> str:
    return values.get("archiveprefix", values.get("eprinttype", "")).strip("{} :").lower()


def _doi(values: Mapping[str, str]) -> str:
    """Return the DOI of the paper; of those in a note only one that is said to be a DOI, and not another paper's."""
    if found := find_doi(_plain_address(values.get("doi", ""))):
        return found
    if _archive(values) == "doi" and (found := find_doi(values.get("eprint", ""))):
        return found
    for name in (*WEB_ADDRESSES, *NOTES):
        text = values.get(name, "")
        marked = MARKED_DOI.search(text) if "10." in text else None
        if marked and not (name in NOTES and OF_ANOTHER.search(text)):
            return find_doi(_plain_address(text[marked.end() :]))
    return ""


def _arxiv_id(values: Mapping[str, str]) -> str:
    """Return the arXiv id, which exporters put into half a dozen different fields."""
    named = [values.get(name, "") for name in ("arxivid", "arxiv")]
    if _archive(values) in {"", "arxiv"}:
        named.insert(0, values.get("eprint", "").strip("{}"))
    if values.get("journal", "").lower() == "corr":
        named.append(values.get("volume", ""))
    marked = ("doi", "url", "journal", "journaltitle", "number", "note", "howpublished", "publisher", "pubstate")
    return find_arxiv_id(*named, bare=True) or find_arxiv_id(*(values[name] for name in marked if name in values))


def _labels(values: Mapping[str, str], names_of_fields: Iterable[str]) -> Iterator[str]:
    """Yield the keywords, tags and groups of an entry; a comma within braces parts none."""
    for name in names_of_fields:
        if name in values:
            yield from _split(values[name], BETWEEN_LABELS)


def names(text: str, readable: Callable[[str], str] = to_text, *, has_families_first: bool = False) -> list[str]:
    """Return the names as they are spoken: given name, particle, family name, suffix.

    With `has_families_first` a single comma parts the family name from the given one, and not two people.
    """
    cut = OTHERS_BEHIND.search(text[-60:]) if "al" in text[-8:] else None
    if cut:
        listed = _listed(text[: cut.start() - len(cut.string)], readable, has_families_first=has_families_first)
        return [*listed, CUT]
    return _listed(text, readable, has_families_first=has_families_first)


def own_names(text: str, readable: Callable[[str], str] = to_text) -> list[str]:
    """Return the names of a list that keeps to BibTeX's grammar, as this program writes it."""
    return [_display(part, readable) for part in _split(text, BETWEEN_NAMES) if part.strip()]


def _listed(text: str, readable: Callable[[str], str], *, has_families_first: bool) -> list[str]:
    """Return the names of a list that is not cut."""
    if "&" in text:
        pieces = [piece.strip() for piece in AMPERSAND.split(text)]
        text = " and ".join(pieces) if all(" " in piece for piece in pieces) else text
    parts = [part.removeprefix("and ").removesuffix(" and") for part in _split(text, BETWEEN_NAMES)]
    parts = [part for part in parts if part not in {"", "and"}] or [""]
    if "{" in text and "{" not in ACCENT.sub("", text):
        text = ACCENT.sub(lambda found: readable(found[0]), text)
        parts = [ACCENT.sub(lambda found: readable(found[0]), part) for part in parts]
    if "{" not in text and ("," in text or ";" in text) and not IN_PARTS.search(text):
        is_pair = has_families_first or FAMILY_AND_GIVEN.fullmatch(text)
        is_list = len(parts) == 1 and not (is_pair and text.count(",") == 1 and ";" not in text)
        pieces = _split(parts[0], COMMA) if len(parts) == 2 and parts[1].count(",") == 1 else []
        if len(pieces) > 2 and len(pieces) % 2 == 0 and not all(" " in piece for piece in pieces):
            parts = [*map(", ".join, zip(pieces[::2], pieces[1::2], strict=True)), parts[1]]
        elif is_list or _are_parted_otherwise(parts, readable, has_families_first=has_families_first):
            return split_names(readable(text))  # not as BibTeX has it, but as people write lists
    return [_display(part, readable) for part in parts if part.strip()]


def _are_parted_otherwise(parts: Sequence[str], readable: Callable[[str], str], *, has_families_first: bool) -> bool:
    """Tell whether semicolons or commas part people beside "and", as no list of BibTeX has it."""
    if any(";" in part and ";" in readable(part) for part in parts):
        return True
    first, last = parts[0], parts[-1]
    if len(parts) != 2 or "," in last:
        return len(parts) == 2 and first.count(",") > 2
    pieces = [piece for piece in map(str.strip, first.split(",")) if piece]
    if first.count(",") > 2 or len(pieces) < 2 or not all(" " in piece for piece in pieces):
        return first.count(",") > 2
    if first.endswith(",") or len(pieces) > 2 or all(map(WITH_INITIALS.fullmatch, [*pieces, last])):
        return True
    return not has_families_first and all(map(TWO_WORDS.fullmatch, [*pieces, last]))


def _display(name: str, readable: Callable[[str], str]) -> str:
    name = MARK_BEHIND.sub("", name) if "\\" in name or "$" in name else name
    name = TIE.sub(" ", name) if "~" in name else name
    if "=" in name and IN_PARTS.search(name):
        whole = IN_BRACES.fullmatch(name)
        return _named_parts(_split(whole[1] if whole else name, COMMA), readable) or readable(name)
    if "," not in name:
        return readable(name)
    parts = [part for part in _split(name, COMMA) if part]
    if len(parts) == 3:
        suffix = 2 if SUFFIX.fullmatch(parts[2]) and not SUFFIX.fullmatch(parts[1]) else 1
        return readable(f"{parts[3 - suffix]} {parts[0]}, {parts[suffix]}")
    if len(parts) == 2 and not (" " in parts[0] and LINEAGE.fullmatch(parts[1])):
        return readable(f"{parts[1]} {parts[0]}")
    return readable(", ".join(parts) if len(parts) < 3 else name)


def _named_parts(parts: Iterable[str], readable: Callable[[str], str]) -> str:
    """Return a name of BibLaTeX's long form: "family=Oak, given=Anna, prefix=van der, useprefix=true"."""
    named = {found[1]: found[2] for part in parts if (found := NAME_PART.fullmatch(part))}
    name = readable(joined([named.get(part, "").strip() for part in ("given", "prefix", "family")]))
    suffix = readable(named.get("suffix", ""))
    return f"{name}, {suffix}" if suffix else name


def _split(text: str, separator: re.Pattern[str]) -> list[str]:
    """Return the parts of a text between separators that stand in no braces."""
    if "{" not in text:
        return [part.strip() for part in WITHOUT_GROUPS[separator].split(text)]
    parts, start = list[str](), 0
    for found in separator.finditer(text):
        if found["between"]:
            parts.append(text[start : found.start()].strip())
            start = found.end()
    return [*parts, text[start:].strip()]
