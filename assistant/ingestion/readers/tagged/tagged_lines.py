"""Records of tagged lines, as RIS and its kin write them: a table of tags for each dialect, read a line at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TextIO

from assistant.ingestion.readers import fields as bibliographic
from assistant.ingestion.readers.fields import (
    doi_of_addresses,
    doi_of_note,
    find_arxiv_id,
    find_date,
    find_doi,
    find_pmid,
    find_url,
    first_of,
)
from assistant.ingestion.readers.names import authorships, given_name_first
from assistant.ingestion.readers.tex.latex import to_text
from assistant.types import Paper, Problem, ReaderItem, Record

LONGEST_RECORD = 2_000_000  # characters of the tags that are wanted
LONGEST_NAME = 300  # characters; what is longer is not a person's name
NOTHING = re.compile("(?!)")

FAMILY_AND_GIVEN = re.compile(
    r"((?:(?:[Vv][ao]n|[Dd](?:e|er|en|el|i|u|os|a)|[Ll][ae]|[Tt]e[rn]|[Ee]l|[Aa]l|[Ss]t) )*\S+(?: [a-z] \S+)?)"
    r" (?!.* [A-Z]{2,4}$)(\S*[a-z].*)"
)
FAMILY_AND_LETTERS = re.compile(r"(\S.*?)\s+([A-Z]{1,4})(?:\s+(Jr|Sr|2nd|3rd|4th))?")
IN_BRACKETS = re.compile(r"\[[^\[\]]*\]|\([^()@]*@[^()@]*\)")
SEVERAL_ADDRESSES = re.compile(r"; ?(?=https?://)", re.IGNORECASE)
WITH_PMIDS = re.compile(r"pubmed|\bmedline\b|\bnlm\b", re.IGNORECASE)
PUBLISHED_BY_A_HOUSE = re.compile(r"thes|diss|rprt|report", re.IGNORECASE)
CITATION_KEY = re.compile(r"[^\W\d_][\w.+-]{2,79}")
QUALIFIERS = re.compile(r"\s*[/\[].*")
SOURCE_VENUE = re.compile(
    r"(\S[^\n]{0,300}?)[.,;]?\s+"
    r"(?=(?:[A-Z][a-z]+(?:/[A-Z][a-z]+)? )?(?:19|20)\d\d\b|\d+ ?[(;:,]|Conference:|[Vv]ol(?:ume)?\b)"
)
SOURCE_DATE = re.compile(  # "12 March, 2009", "Mar/Apr 2009", "2009 Mar 5", but no page, volume or number of an article
    r"((?:[A-Z][a-z]{2,8}(?:/[A-Z][a-z]{2,8})? (?:\d{1,2}, )?)?(?<![-\w:])(?<!: )(?<!\b[Nn]o\. )(?<!\bp\. )(?<!\bpp\. )"
    r"(?<!Article )(?:19|20)\d\d(?![-\w])(?: [A-Z][a-z]{2}\b(?: \d{1,2}\b)?)?)"
)
LISTED_AND = re.compile(r"\s+and\s+|\s*&\s*", re.IGNORECASE)
SEVERAL_NAMES = re.compile(r";| %A |\sand\s|&", re.IGNORECASE)  # what may part them
STOP_OF_INITIALS = re.compile(r"(?<=\s)([A-Z]{1,4}|[A-Z][a-z]+)\.$")


def from_initials(name: str) -> str:
    """Turn "Family GI" and "Family GI Suffix" round too, as databases of medicine write names."""
    found = FAMILY_AND_LETTERS.fullmatch(name) if "," not in name and len(name) <= LONGEST_NAME else None
    if found:
        return f"{found[2]} {found[1]}, {found[3]}" if found[3] else f"{found[2]} {found[1]}"
    return given_name_first(name)


def from_family(name: str) -> str:
    """Turn "Family Given I" round too, though nothing tells the two apart but particles."""
    found = FAMILY_AND_GIVEN.fullmatch(name) if "," not in name and len(name) <= LONGEST_NAME else None
    return f"{found[2]} {found[1]}" if found else from_initials(name)


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of a dialect by what they hold; of several, the first that has a value counts, unless it says "all"."""

    title: Sequence[str]
    people: Sequence[str]
    abstract: Sequence[str] = ()
    short_people: Sequence[str] = ()
    """Names that stand in full under `people` too, where the record has both."""
    groups: Sequence[str] = ()
    date: Sequence[str] = ()
    """All; a later one adds a month or a day to the first."""
    venue: Sequence[str] = ()
    source: Sequence[str] = ()
    """A whole citation, which has a venue and a date where the tags for them have not."""
    publisher: Sequence[str] = ()
    """The venue of theses and reports."""
    kind: Sequence[str] = ()
    doi: Sequence[str] = ()
    """All, those that are marked "[doi]" before others."""
    address: Sequence[str] = ()
    """All."""
    arxiv: Sequence[str] = ()
    pmid: Sequence[str] = ()
    """All; what is a number stands here for itself."""
    notes: Sequence[str] = ()
    """All; texts that may begin with "arXiv:" or "DOI:", or hold "PMID: "."""
    accession: Sequence[str] = ()
    """Numbers in PubMed where the database is PubMed's."""
    database: Sequence[str] = ()
    scopus_pmid: Sequence[str] = ()
    """Numbers in PubMed where the database is Scopus."""
    key: Sequence[str] = ()
    citation_key: Sequence[str] = ()
    """What texts cite the record by, where it looks so: numbers are the source's own affair."""
    labels: Sequence[str] = ()
    """All."""
    headings: Sequence[str] = ()
    """All; subject headings, as MeSH writes them: "*Lamps/adverse effects"."""

    def all(self) -> frozenset[str]:
        """Return every tag that is named here."""
        return frozenset(tag for one in fields(self) for tag in getattr(self, one.name))

    def repeated(self) -> frozenset[str]:
        """Return the tags that a record has more than once."""
        return frozenset(
            [*self.people, *self.short_people, *self.groups, *self.abstract, *self.address, *self.notes,
             *self.labels, *self.headings, *self.doi]
        )  # fmt: skip


@dataclass(frozen=True)
class Dialect:
    """How one kind of file writes its records.

    `tag` gives tag and value of any tagged line; lines without a tag continue the value above them, except those that
    are `noise`, and below a tag in `listed` each of them is a value of its own. A tag in `first`, which stands at the
    beginning or near it, and which a record has once, begins the next record where the last one has it already; the tag
    `end` and a line that is `between` close a record. Without these, a record ends where its first tag comes again.
    Where `is_parted_by_blanks`, so it does at any tag after an empty line, unless the dialect `has_empty_lines` within
    records, the record has its `first` tag, and the tag is a new one.
    `start` matches the line of a `first` tag in this dialect, where a file may mix dialects. `spoken` brings a
    name into the order in which it is spoken. `name_noise` and `title_noise` are what such names, where they have a
    comma, and titles hold beside themselves. `name_gap` is what parts names in a line that has no semicolon.
    """

    tag: re.Pattern[str]
    tags: Tags
    first: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    start: re.Pattern[str] = NOTHING
    end: str = ""
    between: re.Pattern[str] = NOTHING
    noise: re.Pattern[str] = NOTHING
    listed: frozenset[str] = frozenset()
    is_parted_by_blanks: bool = False
    has_empty_lines: bool = False
    spoken: Callable[[str], str] = given_name_first
    name_noise: re.Pattern[str] = NOTHING
    title_noise: re.Pattern[str] = NOTHING
    name_gap: re.Pattern[str] = NOTHING

    @cached_property
    def wanted(self) -> frozenset[str]:
        """The tags whose values are kept."""
        return self.tags.all() | self.others

    @cached_property
    def known(self) -> frozenset[str]:
        """The tags that may open a record."""
        return self.wanted | self.first

    @cached_property
    def naming(self) -> frozenset[str]:
        """The tags of people and groups."""
        return frozenset([*self.tags.people, *self.tags.short_people, *self.tags.groups])

    @cached_property
    def has_gaps(self) -> bool:
        """Whether lines may stand in a file that are of no record."""
        return self.between is not NOTHING or self.noise is not NOTHING

    @cached_property
    def repeated(self) -> frozenset[str]:
        """The tags that a record has more than once."""
        return self.tags.repeated()

    def open_tag(self, line: str) -> str:
        """Return the tag of a line that may open a record, else ""."""
        found = self.tag.match(line)
        return found[1].upper() if found and found[1].upper() in self.known else ""


@dataclass(frozen=True, slots=True)
class TaggedRecord:
    """One record: the line it starts in, its tags with their values in order, and the same values by tag."""

    line: int
    dialect: Dialect
    pairs: Sequence[tuple[str, str]]
    values: Mapping[str, Sequence[str]]

    def all_of(self, *tags: str) -> list[str]:
        """Return every value of these tags, tag by tag."""
        found: list[str] = []
        for tag in tags:
            if tag in self.values:
                found += self.values[tag]
        return found

    def first(self, *tags: str) -> str:
        """Return the first value that is not empty of the first of these tags that has one, else ""."""
        for tag in tags:
            if tag in self.values:  # which holds no empty values
                return self.values[tag][0]
        return ""

    def whole(self, *tags: str) -> list[str]:
        """Return the texts of these tags, one for each: a tag repeated for each paragraph is one text."""
        return [" ".join(dict.fromkeys(self.values[tag])).strip() for tag in tags if tag in self.values]


@dataclass(slots=True)
class _Draft:
    """A record as it grows: its wanted tags, each with the lines of its value, and their size in characters."""

    line: int
    dialect: Dialect
    opening: str
    seen: set[str] = field(default_factory=set)
    values: list[tuple[str, list[str]]] = field(default_factory=list)
    size: int = 0

    def is_over(self, tag: str, *, is_after_blank: bool) -> bool:
        """Tell whether this tag belongs to the next record."""
        dialect = self.dialect
        if tag in dialect.first:
            return tag in self.seen
        if is_after_blank and dialect.is_parted_by_blanks:
            is_again = tag in self.seen and tag not in dialect.repeated
            return is_again or not dialect.has_empty_lines or self.seen.isdisjoint(dialect.first)
        return tag == self.opening and (is_after_blank or tag not in dialect.repeated)

    def finished(self, file: str) -> TaggedRecord | Problem:
        if self.size > LONGEST_RECORD:
            limit = LONGEST_RECORD // 1_000_000
            where = "Check whether the line that ends it is missing"
            return Problem(file, self.line, f"This record is longer than {limit} MB and was left out. {where}.")
        pairs = [(tag, " ".join(filter(None, lines))) for tag, lines in self.values]
        values: dict[str, list[str]] = {}
        for tag, value in pairs:
            if value:
                values.setdefault(tag, []).append(value)
        return TaggedRecord(self.line, self.dialect, pairs, values)


def tagged_records(stream: TextIO, file: str, dialects: Sequence[Dialect]) -> Iterator[TaggedRecord | Problem]:
    """Yield each record with the tags that its dialect wants; one that is never closed ends where the next one begins.

    The line of its first tag says which dialect a record is in. What stands between records is left out. A record that
    is too long is a Problem.
    """
    draft: _Draft | None = None
    dialect, is_after_blank, tag = dialects[0], True, ""
    for number, line in enumerate(stream, start=1):
        if line[0] in "\ufeff\f":  # of a file or a page that begins here
            line = line.lstrip("\ufeff\f")
        found = dialect.tag.match(line)
        if not found:
            text = line.strip()
            if not text:
                is_after_blank = True
                continue
            other = _other_dialect(line, dialects, dialect, draft) if len(dialects) > 1 else None
            if other:
                dialect = other
                found = dialect.tag.match(line)
            elif dialect.has_gaps and dialect.between.fullmatch(text):
                if draft:
                    yield draft.finished(file)
                draft = None
                continue
            elif dialect.has_gaps and dialect.noise.fullmatch(text):
                continue
        if found:
            tag, text = found[1].upper(), (found[2] or "").strip()
            if tag == dialect.end:
                if draft:
                    yield draft.finished(file)
                draft = None
                continue
            if tag in dialect.first:
                dialect = next((one for one in dialects if one.start.match(line)), dialect)
            may_be_over = draft and (is_after_blank or tag == draft.opening or tag in dialect.first)
            if draft and may_be_over and draft.is_over(tag, is_after_blank=is_after_blank):
                yield draft.finished(file)
                draft = None
            if not draft and tag in dialect.known:
                draft = _Draft(number, dialect, tag)
            if draft:
                draft.dialect = dialect
                draft.seen.add(tag)
        is_after_blank = False
        if not draft or tag not in dialect.wanted:
            continue
        draft.size += len(line)
        if draft.size > LONGEST_RECORD:
            draft.values.clear()  # nothing is stored of a record that is too long
        elif found or tag in dialect.listed or not draft.values:
            draft.values.append((tag, [text]))
        else:
            draft.values[-1][1].append(text)
    if draft:
        yield draft.finished(file)


def _other_dialect(line: str, dialects: Sequence[Dialect], current: Dialect, draft: _Draft | None) -> Dialect | None:
    """Return the dialect of a line that is not tagged in the current one: in a record, only a first tag can tell."""
    for one in dialects:
        if one is not current and (one.start.match(line) if draft else one.open_tag(line)):
            return one
    return None


@dataclass(frozen=True)
class TaggedFormat:
    """A format of tagged lines: `sign` matches where its first record begins in the beginning of a file."""

    NAME: str
    sign: re.Pattern[str]
    dialects: Sequence[Dialect]
    read: Callable[[TaggedRecord, str], Record | Problem] | None = None

    @property
    def NOTHING_FOUND(self) -> str:  # noqa: N802
        """What to say of a file without a record."""
        return f"There is no record in this {self.NAME} file. Add records with a title to it."

    def start(self, head: str) -> int | None:
        """Return where the first record stands; None if this is not the format."""
        found = self.sign.search(head)
        return found.start() if found else None

    def parse(self, stream: TextIO, file: str) -> Iterator[ReaderItem]:
        """Yield one item for each record, in the file's order, holding no more than one record in memory."""
        read = self.read or read_record
        for tagged in tagged_records(stream, file, self.dialects):
            if isinstance(tagged, Problem):
                yield tagged
            elif tagged.pairs:
                yield read(tagged, file)


def read_record(tagged: TaggedRecord, file: str) -> Record | Problem:
    """Return the paper of a record by its dialect's table."""
    dialect = tagged.dialect
    tags = dialect.tags
    titles = tagged.whole(*tags.title)
    if dialect.title_noise is not NOTHING:
        titles = [dialect.title_noise.sub("", text) for text in titles]
    title = bibliographic.title_of(*titles)
    people, are_all = authorships(_names(tagged))
    venues = [text for tag in tags.venue if (text := tagged.first(tag)) and text.strip(" .") != title]
    source = tagged.first(*tags.source)
    if source and not venues:
        found = SOURCE_VENUE.match(source)
        venues = [found[1] if found else source.rstrip(".")]
    is_own_publication = PUBLISHED_BY_A_HOUSE.search(tagged.first(*tags.kind))
    addresses = [
        address
        for text in tagged.all_of(*tags.address)
        for part in SEVERAL_ADDRESSES.split(text)
        if (address := find_url(part))
    ]
    notes = tagged.all_of(*tags.notes)
    doi = find_doi(*sorted(tagged.all_of(*tags.doi), key=lambda text: "[doi]" not in text.lower()))
    doi = doi or doi_of_addresses(*addresses) or first_of(*map(doi_of_note, notes))
    paper = Paper(
        title=title,
        abstract=bibliographic.abstract_of(*tagged.whole(*tags.abstract)),
        authorships=people,
        authors_complete=are_all,
        date=_date(tagged.all_of(*tags.date)) or _date(SOURCE_DATE.findall(source)[-1:]),
        venue=first_of(*venues, tagged.first(*tags.publisher) if is_own_publication else ""),
        doi=doi,
        arxiv_id=find_arxiv_id(
            *tagged.all_of(*tags.arxiv), *addresses, *(text for text in notes if text.lower().startswith("arxiv:"))
        ),
        pmid=_pmid(tagged, notes, addresses),
        url=first_of(*addresses),
        labels=_labels(tagged),
        citation_keys=(cited,) if CITATION_KEY.fullmatch(cited := tagged.first(*tags.citation_key)) else (),
    )
    return bibliographic.record(paper, file=file, line=tagged.line, source_key=tagged.first(*tags.key))


def _names(tagged: TaggedRecord) -> list[str]:
    """Return people and groups in the order of the record; of names that stand in full and short, the full ones.

    A name that stands under two tags is one name.
    """
    dialect, names = tagged.dialect, dict[str, None]()
    tags = dialect.tags
    people = [(tag, _listed(value, tag, dialect)) for tag, value in _whole_lists(tagged)]
    full = sum(len(listed) for tag, listed in people if tag in tags.people)
    short = sum(len(listed) for tag, listed in people if tag in tags.short_people)
    is_full_before = False
    for tag, listed in people:
        is_full = tag in tags.people
        if tag in tags.groups:
            names.setdefault(listed[0])
            continue
        if is_full or not (full >= short or is_full_before):
            for name in listed:
                names.setdefault(dialect.spoken(name))
        is_full_before = is_full
    return list(names)


def _whole_lists(tagged: TaggedRecord) -> Iterator[tuple[str, str]]:
    """Yield tags and values of people; a list with semicolons that goes on in the next line is one value."""
    before: tuple[str, str] | None = None
    for tag, value in tagged.pairs:
        if tag not in tagged.dialect.naming:
            continue
        if before and before[0] == tag and tag in tagged.dialect.listed and ";" in before[1] and before[1][-1] != ";":
            before = (tag, f"{before[1]} {value}")
            continue
        if before:
            yield before
        before = (tag, value)
    if before:
        yield before


def _listed(value: str, tag: str, dialect: Dialect) -> list[str]:
    """Return the names that one value holds, as they stand there."""
    if tag in dialect.tags.groups:
        return [to_text(value)]
    if dialect.name_gap is not NOTHING and ";" not in value:
        value = ";".join(STOP_OF_INITIALS.sub(r"\1", name) for name in dialect.name_gap.split(value))
    if "," in value and dialect.name_noise is not NOTHING:
        value = dialect.name_noise.sub("", value)
    if "[" in value or "@" in value:
        value = IN_BRACKETS.sub("", value)
    value = to_text(value)
    if not SEVERAL_NAMES.search(value):
        return [name] if (name := value.strip(" ,")) else []
    names: list[str] = []
    for part in value.replace(" %A ", ";").split(";"):  # so CNKI wrote several in a line
        pieces = LISTED_AND.split(part) if "," in part else []
        names += pieces if len(pieces) > 1 and all("," in piece for piece in pieces) else [part]
    return [name for name in (name.strip(" ,") for name in names) if name]


def _date(stated: Sequence[str]) -> str:
    """Return the date; a month or a day without its year ("Mar 5") is in the year that another tag gives."""
    dates = [find_date(text) for text in stated]
    year = first_of(*dates)[:4]
    filled = (
        find_date(year, month=text.replace(year, "", 1)) if date in ("", year) and text != year else date
        for text, date in zip(stated, dates, strict=True)
    )
    return bibliographic.most_precise(*filled)


def _pmid(tagged: TaggedRecord, notes: Sequence[str], addresses: Sequence[str]) -> str:
    """Return the number in PubMed: named as such, or the record's number in a database that numbers as PubMed does."""
    tags = tagged.dialect.tags
    numbers, accessions = tagged.all_of(*tags.pmid), tagged.all_of(*tags.accession)
    database = " ".join(tagged.all_of(*tags.database))
    if WITH_PMIDS.search(database) and "embase" not in database.lower():
        numbers += accessions
    elif database.lower() == "scopus":
        numbers += tagged.all_of(*tags.scopus_pmid)
    return find_pmid(*numbers, bare=True) or find_pmid(*notes, *accessions, *addresses)


def _labels(tagged: TaggedRecord) -> tuple[str, ...]:
    """Return keywords and subject headings; a lone keyword that holds commas only is a list of keywords.

    A heading is a label without the star that says that it is a main one, and without its qualifiers; a keyword that
    has the star is one too.
    """
    tags = tagged.dialect.tags
    values = tagged.all_of(*tags.labels)
    separator = "," if len(values) == 1 and ";" not in values[0] and values[0].count(",") > 1 else ";"
    keywords = (bibliographic.FULL_STOP.sub("", part.strip()) for value in values for part in value.split(separator))
    return (
        *(_descriptor(text) if text.startswith("*") or "/*" in text else text for text in keywords),
        *(_descriptor(part) for value in tagged.all_of(*tags.headings) for part in value.split(";")),
    )


def _descriptor(heading: str) -> str:
    return QUALIFIERS.sub("", heading).strip(" *")
