"""Papers out of named fields: one table says under which names the services, programs and data sets keep what.

Names count without regard to case, spaces and punctuation. A path ("journalinfo.journal.title") leads through objects
and through lists of objects. What a service wraps its papers in (json_values.ENVELOPES) is taken off first.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

from assistant.ingestion.readers import fields
from assistant.ingestion.readers.fields import find_arxiv_id, find_date, find_doi, find_pmid, find_url, first_of, joined
from assistant.ingestion.readers.names import CUT, given_name_first, in_order, printed_list, split_names
from assistant.ingestion.readers.objects import json_values
from assistant.ingestion.readers.objects.json_values import ENVELOPES, list_of, object_of, plain_name
from assistant.ingestion.readers.tex.latex import to_text
from assistant.types import Paper, Problem, Record

Object = Mapping[str, Any]

TITLES = tuple(
    "title papertitle titles displayname articletitle reltitle preprinttitle originaltitle entitles ti headline "
    "bookdocument.articletitle titledisplay".split()
)
SUBTITLES = ("subtitle", "titles.subtitle", "title.subtitle")
ABSTRACTS = tuple(
    "abstract abstractnote abstracttext summary paperabstract abstracts relabs preprintabstract entabstract ab "
    "descriptions shortdescription description".split()
)
WITH_FULL_STOP = {"fau", "articleids", "articletitle", "authorstring", "ee", "journalinfo"}
"""Fields that only those have who end titles with a full stop."""

INDEXES = ("abstractinvertedindex", "indexedabstract.invertedindex")
AUTHORS = tuple(
    "authorsparsed authorlist authors author creators creator authorships authorfullnames authfullnames relauthors "
    "preprintauthors zauthors fau au contributors personname authorstring "
    "collaborations embeds.contributors.data embeds.authors.data names.authors authordisplay".split()
)
LINKED_AUTHORS = ("relationships.contributors", "relationships.authors", "relationships.creators")
"""Where JSON:API says only that a record has authors, and where to ask for them."""

AUTHORS_ONLY = {"authors", "author", "creators"}
DATES = tuple(
    "issued publicationdate publisheddate publishedat datepublished published date pubdate firstpublicationdate "
    "coverdate publicationdates dates preprintdate reldate publishedprint publishedonline "
    "journalinfo.printpublicationdate "
    "journalinfo.dateofpublication journal.journalissue.pubdate produceddates dateissued onlinedate availabledate "
    "pdate dateofacceptance earliestdate imprints.date posteddate approvaldate dp sortpubdate".split()
)
YEARS = tuple(
    "year publicationyear pubyear yearpublished journalinfo.yearofpublication publicationinfo.year produceddateyi py "
    "publicationyears source.publishyear".split()
)
LATER_DATES = ("submitted", "created", "updatedate", "odate", "cdate", "tcdate")
"""What a record says of itself rather than of its paper."""

KINDS_OF_DATES = ("issued", "print", "available", "", "online", "created")

VENUES = tuple(
    "venue publicationvenue journal booktitle journalref conference publicationtitle proceedingstitle containertitle "
    "eventtitle event journalinfo.journal journalinfo.journal.medlineabbreviation "
    "journaltitle journaltitles publicationname publicationinfo.journaltitle "
    "primarylocation.source hostvenue journals container fulljournalname journalfull conferencetitle conferencetitles "
    "conferencename publishedjournal journalname source.title source.sourcetitle sourcetitle pub jt ta "
    "proceeding parent parenttitle server "
    "relsite ispartof".split()
)
CITATION_KEYS = ("citationkey", "citekey", "bibkey", "texkeys", "ref")
CITED_BY_ID = {"issued", "container-title", "serial-number", "parent"}  # fields of CSL, and of Typst
KEYS = tuple(
    "citationkey citekey bibkey texkeys id paperid key uid corpusid ref bibcode lensid coreid halids putcode "
    "doi pmid".split()
)
CATEGORIES = ("categories", "category", "fieldsofstudy", "arxiveprints.categories")
LABELS = tuple(
    "labelsnamed foldersnamed labels keywords keyword tags subjects subject keywordlist.keyword keywordlist "
    "meshheadinglist.meshheading.descriptorname meshheadinglist.descriptorname mesh.descriptorname meshterms "
    "authkeywords authorkeywords indexterms.authorterms.terms indexterms.ieeeterms.terms mh ot groups folders".split()
)
DOIS = tuple("doi dois doiids publisheddoi preprintdoi reldoi articledoi doidata.doi elocationid lid".split())
ARXIV_IDS = tuple("arxivid arxiv arxivids arxiveprints eprint archivelocation archiveid".split())
PMIDS = ("pmid", "pubmedid", "pubmed", "pubmedids", "medlinepmid")
IDENTIFIERS = tuple(
    "externalids externalid externalids.externalid ids identifiers identifier articleids serialnumber".split()
)
KINDS = ("type", "idtype", "identifiertype", "externalidtype", "scheme", "schema")
STATED = ("value", "id", "identifier", "externalidvalue", "text")
LINKS = tuple("url link pdfurl urls uris paperurl urlabs htmlurl landingpageurl ee doidata.resource".split())
PAGES = ("primarylocation.landingpageurl", "bestoalocation.landingpageurl", "locations.landingpageurl")
COPIES = ("primarylocation.pdfurl", "bestoalocation.pdfurl", "locations.pdfurl")
NOTES = ("extra", "note", "annote", "archive", "number")
CODE = ("hascode", "code", "codeurl")
COUNTS = ("authorcount", "authorscount", "numberofauthors")

TEXTS = [
    *"value text en enus displayname name title term tag keyword subject".split(),
    *"descriptorname meshheading date doi raw p".split(),
    *"content abstracttext description url href".split(),
    "",
]
"""What an object calls the text that it says something of; "$" and "_", of XML made JSON, have no plain name."""

NO_AUTHORS = set(
    "bookauthor contributor editor reviewedauthor serieseditor translator containerauthor collectioneditor chair "
    "reviewer".split()
)
ROLES = ("creatortype", "contributortype", "contributorrole", "contributorattributes.contributorrole", "role")
GIVEN = ("given", "givenname", "givennames", "first", "firstname", "forename", "forenames", "initials")
FAMILY = ("family", "familyname", "last", "lastname", "surname", "keyname")
PEOPLE = ("authors", "author", "contributor", "creator", "personname", "namelist", "person", "value")
WITHIN = ("author", "creator", "person", "name", "embeds", "users", "user", "data", "attributes")
WHOLE = [
    *"name fullname displayname literal creditname authorname preferredname text creator authname".split(),
    *"collectivename collective corporate value".split(),
    "",
]

YES = {"true", "yes", "y", "1"}
NO = {"false", "no", "n", "0"}
SPACED_CODES = re.compile(r"[A-Za-z-]+(?:\.[A-Za-z-]+)?(?: +[A-Za-z-]+(?:\.[A-Za-z-]+)?)*")
DOI_LINE = re.compile(r"^[ \t]*DOI[ \t]*[:=]?[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
KEY_LINE = re.compile(r"^[ \t]*citation[ -]?key[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
NUMBER_OF_NAMESAKE = re.compile(r"\s\d{4}$")  # DBLP: "Wei Wang 0001"
WHOLES = {"ispublishedin", "ispartof"}
OPENALEX = "https://openalex.org/"
REPOSITORY = "arXiv (Cornell University)"

LONGEST_ABSTRACT = 50_000  # words; a place beyond it is a mistake
LONGEST_NOTE = 100_000  # characters
DEEPEST_TEXT = 4  # objects within objects
FIRST_MILLISECONDS = 10**11  # numbers from here on are times since 1970


def _id_in_texts(value: Object) -> str:
    """Return the id of an item of CSL or Typst, by which texts cite it; "" for an address, a DOI or Zotero's own."""
    key = json_values.text_of(value.get("id")) if value.keys() & CITED_BY_ID else ""
    return "" if "/" in key else key


def read_fields(value: Object, file: str, line: int, labels: Sequence[str] = ()) -> Record | Problem:
    """Return the paper that these fields state; `labels` are borne beside those that they state."""
    stated = _opened(value)
    identifiers = _identifiers(stated)
    notes = [text[:LONGEST_NOTE] for value in _values(stated, NOTES) if (text := _text(value))]
    pages, copies = (list(map(_text, _values(stated, paths))) for paths in (PAGES, COPIES))
    key = _first(stated, *KEYS).removeprefix(OPENALEX)
    links = [text for value in _values(stated, LINKS) if (text := _text(value))]
    link = next((text for text in links if "://" in text), first_of(*links))
    doi = find_doi(_first(stated, *DOIS) or identifiers.get("doi", ""), link if "doi.org/" in link else "")
    doi = doi or (find_doi(key) if key.startswith("10.") else "")
    venue = _venue(stated)
    listed = _authors(stated)
    stated_key = next((found[1] for note in notes for found in KEY_LINE.finditer(note)), "")
    paper = Paper(
        title=_title(stated),
        abstract=_abstract(stated),
        date=_date(stated),
        categories=tuple(category for value in _values(stated, CATEGORIES) for category in _codes(value)),
        venue=venue if venue != REPOSITORY else "",
        authors_complete=_are_all(stated, len(listed)),
        doi=doi or find_doi(*(found[1] for note in notes for found in DOI_LINE.finditer(note))),
        arxiv_id=find_arxiv_id(_first(stated, *ARXIV_IDS), identifiers.get("arxiv", ""), key, bare=True)
        or find_arxiv_id(doi, link, *notes, *identifiers.values(), *pages, *copies),
        pmid=find_pmid(first_of(_first(stated, *PMIDS), *map(identifiers.get, ("pubmed", "pmid"), ("", ""))), bare=True)
        or find_pmid(*notes, link, *pages),
        url=find_url(link, *pages),
        has_code=_has_code(next(iter(_values(stated, CODE)), None)),
        labels=(*labels, *_labels(stated)),
        citation_keys=(stated_key or _first(stated, *CITATION_KEYS) or _id_in_texts(value),),
    )
    return fields.record(paper, listed, file=file, line=line, source_key=stated_key or key or doi)


class _Fields(dict[str, Any]):
    """The fields of a record, and the set of their names."""

    names: frozenset[str] = frozenset()


def _opened(value: Object) -> _Fields:
    """Return the fields by their plain names, without what wraps them; attributes of XML made JSON ("@id") are none."""
    stated = _plain(value)
    for _ in range(DEEPEST_TEXT):
        if title := next((stated[name] for name in TITLES if stated.get(name)), None):
            same = (_plain(stated[name]) for name in ENVELOPES if isinstance(stated.get(name), dict))
            again = next((one for one in same if any(one.get(name) == title for name in TITLES)), None)
            if again:  # what wraps the paper says its title, too
                stated |= {name: content for name, content in again.items() if not stated.get(name)}
            break
        inner = next((name for name in ENVELOPES if isinstance(stated.get(name), dict)), "")
        if not inner:
            break
        stated |= _plain(stated.pop(inner))
    fields_of_record = _Fields(stated)
    fields_of_record.names = frozenset(stated)
    return fields_of_record


def _plain(value: Any) -> dict[str, Any]:
    """Return the fields of an object by their plain names; of several, the first that is not empty."""
    plain: dict[str, Any] = {}
    for name, content in object_of(value).items():
        if name[:1] != "@" and name != "label_s" and not plain.get(key := plain_name(name)):
            plain[key] = content
    return plain


def _at(stated: Object, path: str) -> list[Any]:
    """Return what stands at a path and is anything, for each object of the lists on the way; `stated` is plain."""
    if "." not in path:
        return [] if (found := stated.get(path)) is None else [found]
    name, _, rest = path.partition(".")
    found = stated.get(name)
    inner = found if isinstance(found, list) else [found]
    return [value for one in inner if isinstance(one, dict) for value in _at(_plain(one), rest)]


@lru_cache(maxsize=4096)
def _likely(paths: tuple[str, ...], names: frozenset[str]) -> tuple[str, ...]:
    """Return the paths that begin with one of the names; records of one file have the same names over and over."""
    return tuple(path for path in paths if path.partition(".")[0] in names)


def _found(stated: Object, paths: tuple[str, ...]) -> list[tuple[str, Any]]:
    """Return each of these paths with what stands at it and is anything."""
    likely = _likely(paths, stated.names) if isinstance(stated, _Fields) else paths
    return [(path, value) for path in likely for value in _at(stated, path)]


def _values(stated: Object, paths: tuple[str, ...]) -> list[Any]:
    likely = _likely(paths, stated.names) if isinstance(stated, _Fields) else paths
    return [value for path in likely for value in _at(stated, path)] if likely else []


def _first(stated: Object, *paths: str) -> str:
    """Return the first of these fields that holds text or a number, as text."""
    return first_of(*map(_text, _values(stated, paths)))


def _text(value: Any, depth: int = 0) -> str:
    """Return a text or a number as text; of an object what it says it of; of a list its first text."""
    if isinstance(value, str | int | float):
        return json_values.text_of(value)
    if value is None or depth > DEEPEST_TEXT:
        return ""
    if isinstance(value, list):
        return next((text for one in value if isinstance(one, str | dict) and (text := _text(one, depth + 1))), "")
    stated = _plain(value)
    return next((text for name in TEXTS if name in stated and (text := _text(stated[name], depth + 1))), "")


def _title(stated: Object) -> str:
    """Return the title, with the subtitle if that is kept apart and does not stand in the title already."""
    title, subtitle = _first(stated, *TITLES), _first(stated, *SUBTITLES)
    if "titles" in stated:  # DataCite
        kinds = [(_text(_plain(one).get("titletype")).lower(), _text(one)) for one in list_of(stated["titles"])]
        title = next((text for kind, text in kinds if not kind and text), title)
        subtitle = subtitle or next((text for kind, text in kinds if kind == "subtitle"), "")
    title = fields.title_of(title) if stated.keys() & WITH_FULL_STOP else title
    if not title or not subtitle or subtitle.casefold() in title.casefold():
        return title
    return f"{title.rstrip(' :')}: {subtitle}"


def _abstract(stated: Object) -> str:
    for name in ABSTRACTS:
        value = stated.get(name)
        parts = list_of(value)
        if name == "descriptions":
            kinds = {_text(_plain(part).get("descriptiontype")).lower(): part for part in reversed(parts)}
            value = kinds.get("abstract", kinds.get(""))
        elif name == "description" and parts:  # of which others may be remarks
            value = max((_text(part) for part in parts), key=len)
        elif name in ("abstract", "summary") and parts:
            value = joined([_text(part) for part in parts if isinstance(part, str | dict)])
        elif isinstance(value, dict) and (sections := list_of(_plain(value).get("abstracttext"))):
            value = joined([_text(section) for section in sections])
        if text := _text(value):
            return text
    return first_of(*map(spelled_abstract, _values(stated, INDEXES)))


def spelled_abstract(index: Any) -> str:
    """Return the text that an inverted index spells, every word with its places; places may be missing."""
    words: dict[int, str] = {}
    for word, places in object_of(index).items():
        for place in list_of(places):
            if isinstance(place, int) and 0 <= place < LONGEST_ABSTRACT:
                words[place] = str(word)
    return " ".join(words[place] for place in sorted(words))


def _venue(stated: Object) -> str:
    """Return where a paper came out; for some, fields count that mean something else in others."""
    if venue := _first(stated, *VENUES):
        return venue
    others = (_plain(other) for other in list_of(stated.get("relateditems")))  # DataCite
    wholes = (_text(other.get("titles")) for other in others if plain_name(_text(other.get("relationtype"))) in WHOLES)
    publisher = _first(stated, "publisher") if "issued" in stated else ""  # CSL
    source = _first(stated, "source") if isinstance(stated.get("identifiers"), dict) else ""  # Mendeley
    return first_of(*wholes, publisher, source)


def _identifiers(stated: Object) -> dict[str, str]:
    """Return the first identifier of each kind ("doi", "arxiv"); those that say no kind count as their own kind."""
    found: dict[str, str] = {}
    for value in _values(stated, IDENTIFIERS):
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str):
                found.setdefault("doi" if find_doi(one) else one, one)
                continue
            names = _plain(one)
            kind, text = (first_of(*(_text(names.get(name)) for name in part)) for part in (KINDS, STATED))
            relation = _text(names.get("externalidrelationship")).lower()
            if kind and text and relation in {"", "self", "version-of"}:
                found.setdefault(plain_name(kind), text)
            elif not kind:
                for name, content in names.items():
                    found.setdefault(name, _text(content))
    return found


def _authors(stated: Object) -> list[str]:
    """Return the names of the first field that has any; what lists authors in a way that is not known lists some."""
    found = _found(stated, AUTHORS)
    listed = next((people for _, value in found if (people := _names(value))), [])
    is_unknown = any(path in AUTHORS_ONLY and value and isinstance(value, list | dict) for path, value in found)
    return listed or ([CUT] if is_unknown or any(_values(stated, LINKED_AUTHORS)) else [])


def text_of(value: Any) -> str:
    """Return what a value says: of an object what it calls itself."""
    return _text(value)


def people(value: Any) -> list[str]:
    """Return the names of people who stand in a list of texts or objects; `CUT` where no name is known of any."""
    return _names(value) or ([CUT] if value else [])


def _names(value: Any, depth: int = 0) -> list[str]:
    """Return the names of a list of strings or objects, or of one string, the given name first."""
    if isinstance(value, str):
        printed = printed_list(value)
        if printed is None:
            return split_names(value if "\n" in value else to_text(value))
        value = printed
    if isinstance(value, dict) and depth < DEEPEST_TEXT:
        stated = _plain(value)
        inner = next(iter(_values(stated, PEOPLE)), None)
        groups = stated.get("organization") if "personname" in stated else None
        if isinstance(inner, list | dict):
            groups = groups if isinstance(groups, list) else [groups]
            return _names(inner, depth + 1) + [group for one in groups if (group := _name({"literal": one}))]
    people = [value] if isinstance(value, dict) else list_of(value)
    return [name for person in people for name in _names_of(person) if name]


def _names_of(person: Any) -> list[str]:
    """Return the name of one item of a list, or the names where an item is a list of its own."""
    is_list = isinstance(person, str) and ";" in (person := to_text(person))
    return split_names(person) if is_list else [_name(person)]


def _name(value: Any, depth: int = 0) -> str:
    """Return a name as it is spoken; "" for an editor, a translator and the like."""
    if isinstance(value, str):
        return given_name_first(NUMBER_OF_NAMESAKE.sub("", to_text(value)))
    if isinstance(value, list):
        return fields.spoken_name(*in_order([*map(_text, value)]))
    person = _plain(value)
    roles = [plain_name(_text(role)) for role in _values(person, ROLES)]
    if any(role in NO_AUTHORS for role in roles) or list_of(person.get("inspireroles")) == ["editor"]:
        return ""

    def first(*names: str) -> str:
        return first_of(*(_text(person.get(name)) for name in names))

    if raw := first("rawauthorname"):
        return _name(raw)
    inner = next((one for one in _values(person, WITHIN) if isinstance(one, dict)), None)
    if inner and depth < DEEPEST_TEXT and not first(*FAMILY):
        return _name(inner, depth + 1)
    whole, family, given = first(*WHOLE), first(*FAMILY), first(*GIVEN)
    is_group = first("nametype").lower() == "organizational" or "sequence" in person or "literal" in person
    if family and not (is_group and whole):
        middle = person.get("middle")
        middle = joined([_text(one) for one in middle]) if isinstance(middle, list) else _text(middle)
        particles = [first("droppingparticle"), first("nondroppingparticle")]
        return fields.spoken_name(joined([given, middle, *particles]), family, first("suffix"))
    if not whole:
        return to_text(given)
    return to_text(whole) if is_group else _name(whole)


def _are_all(stated: Object, listed: int) -> bool:
    """Tell whether all authors are listed: Scopus may list only the first, OpenAlex a hundred, and say so."""
    is_first_only = "eid" in stated and isinstance(stated.get("creator"), str) and not stated.get("author")
    count = _first(stated, *COUNTS)
    is_cut = stated.get("isauthorstruncated") is True or (
        count.isdecimal() and len(count) < 6 and int(count) > listed > 0
    )
    return not (is_first_only or is_cut)


def _date(stated: Object) -> str:
    """Return the most precise date given; the first version of an arXiv record is its date."""
    dates = [*map(_one_date, _values(stated, DATES)), _first_version(stated.get("versions"))]
    month = _first(stated, "month")
    year = first_of(
        *(find_date(_text(one), month=month) for one in _values(stated, YEARS) if not isinstance(one, list))
    )
    known = [date for date in (*dates, year) if date]
    if not known:
        return first_of(*map(_one_date, _values(stated, LATER_DATES)))
    return next((date for date in known if not year or date.startswith(year)), known[0])


def _one_date(value: Any) -> str:
    """Return a date, of text, of parts or of milliseconds, in ISO form; of a range or a list its beginning."""
    if isinstance(value, list):
        kinds = {_first(_plain(one), "datetype", "mediatype").lower(): one for one in reversed(value)}
        value = next((kinds[kind] for kind in KINDS_OF_DATES if kind in kinds), None)
        value = object_of(value) or (value if isinstance(value, str) else None)
    if isinstance(value, int | float) and FIRST_MILLISECONDS < value < 100 * FIRST_MILLISECONDS:
        return datetime.datetime.fromtimestamp(value / 1000, datetime.UTC).date().isoformat()
    if not isinstance(value, dict):
        text = _text(value)
        return find_date(text) if not find_doi(text) else ""
    stated = _plain(value)
    ranges = list_of(stated.get("dateparts"))
    parts = [_text(part) for part in (list_of(ranges[0]) if ranges else [])[:3]]
    year, month, day = (
        [*parts, "", "", ""][:3] if parts else [_text(stated.get(name)) for name in ("year", "month", "day")]
    )
    if year and not 1000 <= int(year if year.isdecimal() and len(year) <= 4 else 0) <= 2999:
        return ""
    named = find_date(year, month=month, day=day)
    return named or find_date(first_of(*(_text(stated.get(name)) for name in ("raw", "literal", "datetime", *TEXTS))))


def _first_version(versions: Any) -> str:
    first = next(iter(list_of(versions)), None)
    try:
        return parsedate_to_datetime(_text(object_of(first).get("created"))).date().isoformat()
    except (ValueError, TypeError):
        return ""


def _codes(value: Any) -> tuple[str, ...]:
    """Return the categories of a list or of one string."""
    if not isinstance(value, str):
        return tuple(map(_text, list_of(value)))
    parts = re.split(r"\s*[,;|]\s*", value)
    if len(parts) == 1 and SPACED_CODES.fullmatch(value) and re.search(r"[a-z]\.[A-Za-z]|^[a-z-]+$", value):
        parts = value.split()
    return tuple(parts)


def _labels(stated: Object) -> Iterator[str]:
    """Yield keywords, tags and folders: of a list each, of one string what stands between its separators."""
    is_named = "labelsnamed" in stated or "foldersnamed" in stated  # Paperpile; its `labels` are only ids
    for path, stands in _found(stated, LABELS):
        if is_named and path in {"labels", "folders"}:
            continue
        value = object_of(stands).get("value", stands)  # OpenReview
        if isinstance(value, str):
            separator = next((sign for sign in ";|,\n" if sign in value), ";")
            yield from map(str.strip, value.split(separator))
        elif isinstance(value, list):
            yield from (_text(one) for one in value if isinstance(one, str | dict))
        elif isinstance(value, dict) and path not in {"keywordlist", "groups"}:
            yield _text(value)


def _has_code(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    text = _text(value).lower()
    if text in YES or find_url(text):
        return True
    return False if text in NO else None
