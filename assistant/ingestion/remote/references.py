"""References to papers and authors in remote services, `arxiv:2502.13604` or `author:"Naibin Gu"`, and to Zotero."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal
from urllib.parse import unquote, urlsplit

from assistant.errors import UsageError

ReferenceKind = Literal[
    "arxiv", "doi", "pmid", "openalex work", "openalex author", "s2 paper", "s2 author", "orcid", "author", "zotero"
]

_ARXIV = re.compile(r"(?:\d{4}\.\d{4,5}|[a-z][a-z-]+/\d{7})(?:v[1-9]\d{0,2})?", re.ASCII)
_ARXIV_SUBJECT = re.compile(r"\.[a-z-]{2,}(?=/)")
"""As in math.GT/0309136; what arXiv answers does not show it."""

_DOI = re.compile(r"10\.\d{4,9}(?:\.\d+)*/\S{1,400}", re.ASCII)
_ARXIV_DOI = re.compile(r"10\.48550/arxiv\.(.+)")
_ARXIV_CLASS = re.compile(r"\s*\[[\w.-]+\]$")
_ORCID = re.compile(r"\d{15}[\dX]", re.ASCII)
_ZOTERO = re.compile(r"(?:group/(?P<group>[^/]+))?(?:(?:^|/)collection/(?P<collection>.+))?")
_PREFIX = re.compile(r"(arxiv|doi|pmid|openalex|s2|orcid|author|zotero)\s*:\s*(.*)", re.IGNORECASE | re.DOTALL)
_LONGEST_NAME = 200
_QUOTES = "\"'“”„‘’«» "


@dataclass(frozen=True, slots=True)
class Reference:
    """A paper, or all papers of an author, in one of the services; `value` is its id there, or an author's name.

    Of a running Zotero it is "" for the personal library, "group/ID" for another, with "collection/KEY" behind for what
    is in a collection; names may stand in the place of ids and keys.
    """

    kind: ReferenceKind
    value: str

    def __str__(self) -> str:
        """Return the one spelling that stands for it, which `parse_reference` reads again."""
        if self.kind == "author":
            return f'author:"{self.value}"'
        return f"{self.kind.split()[0]}:{self.value}"


def parse_reference(text: str) -> Reference | None:
    """Read a reference: one of the known prefixes and an id, or the web address of a paper or an author.

    None means that the text is something else, a path. The disk is not looked at: a file that is named like a
    reference is meant by `./arxiv:x`. Raises UsageError for a known prefix before something that is not such an id,
    and for web addresses of which no service is known.
    """
    text = text.strip()
    if re.match(r"https?://", text, re.IGNORECASE):
        return _from_address(text)
    found = _PREFIX.fullmatch(text)
    if not found:
        return None
    value = found[2].strip()
    if re.match(r"https?://", value, re.IGNORECASE):
        return _from_address(value)
    return _BY_PREFIX[found[1].lower()](value)


def _arxiv(value: str) -> Reference:
    bare = re.sub(r"^(?:abs|pdf|html|format)/", "", _ARXIV_CLASS.sub("", value).lower())
    bare = _ARXIV_SUBJECT.sub("", bare.removesuffix(".pdf"))
    if not _ARXIV.fullmatch(bare):
        raise _wrong("arxiv", value, "an id such as 2502.13604, 2502.13604v2 or math.GT/0309136")
    return Reference("arxiv", bare)


def _doi(value: str) -> Reference:
    bare = value.lower().rstrip(".,;")
    if not _DOI.fullmatch(bare) or not bare.isprintable() or {".", ".."} & set(bare.split("/")):
        raise _wrong("doi", value, "a DOI, which begins with 10. and has a slash, such as 10.1145/3442188.3445922")
    preprint = _ARXIV_DOI.fullmatch(bare)
    # arXiv registers a DOI for each of its papers, and knows more of them than those who list DOIs.
    return _arxiv(preprint[1]) if preprint and _ARXIV.fullmatch(preprint[1]) else Reference("doi", bare)


def _pmid(value: str) -> Reference:
    if not re.fullmatch(r"0*[1-9]\d{0,8}", value, re.ASCII):
        raise _wrong("pmid", value, "the number of a paper in PubMed, such as 31452104")
    return Reference("pmid", value.lstrip("0"))


def _openalex(value: str) -> Reference:
    bare = value.upper()
    if not re.fullmatch(r"[AW][1-9]\d{0,14}", bare, re.ASCII):
        raise _wrong("openalex", value, "an author's id such as A5023888391 or a paper's such as W2741809807")
    return Reference("openalex author" if bare[0] == "A" else "openalex work", bare)


def _semantic_scholar(value: str) -> Reference:
    bare = value.lower()
    if re.fullmatch(r"[0-9a-f]{40}", bare):
        return Reference("s2 paper", bare)
    found = re.fullmatch(r"(corpusid:\s*)?([1-9]\d{0,14})", bare, re.ASCII)
    if not found:
        expected = "an author's number such as 1741101, a paper's 40 hexadecimal digits, or CorpusId:13756489"
        raise _wrong("s2", value, expected)
    return Reference("s2 paper", f"CorpusId:{found[2]}") if found[1] else Reference("s2 author", found[2])


def _orcid(value: str) -> Reference:
    digits = re.sub(r"[\s-]", "", value).upper()
    if not _ORCID.fullmatch(digits):
        raise _wrong("orcid", value, "16 digits such as 0000-0002-1825-0097")
    total = 0
    for digit in digits[:15]:  # ISO 7064, MOD 11-2
        total = (total + int(digit)) * 2
    if "0123456789X"[(12 - total) % 11] != digits[15]:
        raise UsageError(f"orcid:{_shown(value)} has a wrong check digit, so a digit is mistyped. Look it up again.")
    return Reference("orcid", "-".join(digits[start : start + 4] for start in range(0, 16, 4)))


def _author(value: str) -> Reference:
    name = " ".join("".join(letter if letter.isprintable() else " " for letter in value).strip(_QUOTES).split())
    if len(name) > _LONGEST_NAME or not any(letter.isalpha() for letter in name) or '"' in name:
        raise _wrong("author", value, f'a person\'s name of at most {_LONGEST_NAME} letters, as in author:"Naibin Gu"')
    return Reference("author", name)


def _zotero(value: str) -> Reference:
    bare = value.strip("/ ")
    if not bare.isprintable() or len(bare) > _LONGEST_NAME * 5 or not _ZOTERO.fullmatch(bare):
        raise _wrong("zotero", value, "nothing, or collection/NAME, group/NAME or group/NAME/collection/NAME")
    return Reference("zotero", bare)


def zotero_parts(reference: Reference) -> tuple[str, str]:
    """Return the group and the collection that a reference to a running Zotero names; "" for none."""
    found = _ZOTERO.fullmatch(reference.value)
    return (found["group"] or "", found["collection"] or "") if found else ("", "")


_BY_PREFIX: Mapping[str, Callable[[str], Reference]] = MappingProxyType(
    {
        "arxiv": _arxiv,
        "doi": _doi,
        "pmid": _pmid,
        "openalex": _openalex,
        "s2": _semantic_scholar,
        "orcid": _orcid,
        "author": _author,
        "zotero": _zotero,
    }
)
_BY_HOST: Mapping[str, Callable[[str], Reference]] = MappingProxyType(
    {
        **dict.fromkeys(["arxiv.org", "export.arxiv.org"], _arxiv),
        **dict.fromkeys(["doi.org", "dx.doi.org"], _doi),
        **dict.fromkeys(["openalex.org", "api.openalex.org", "explore.openalex.org"], _openalex),
        **dict.fromkeys(["semanticscholar.org", "api.semanticscholar.org"], _semantic_scholar),
        "orcid.org": _orcid,
        "pubmed.ncbi.nlm.nih.gov": _pmid,
    }
)


def _from_address(text: str) -> Reference:
    try:
        parts = urlsplit(text)
        reader = _BY_HOST.get((parts.hostname or "").removeprefix("www."))
    except ValueError:
        reader = None
    if reader is None:
        raise UsageError(
            f"{_shown(text)} is not an address of a paper or an author that can be read. Known are those of arxiv.org, "
            "doi.org, openalex.org, orcid.org, pubmed.ncbi.nlm.nih.gov and semanticscholar.org."
        )
    path = unquote(parts.path).strip("/")
    return reader(path if reader in (_arxiv, _doi) else path.rpartition("/")[2])


def _wrong(prefix: str, value: str, expected: str) -> UsageError:
    return UsageError(f"{prefix}:{_shown(value)} cannot be read: after {prefix}: stands {expected}.")


def _shown(value: str) -> str:
    shown = "".join(letter if letter.isprintable() else "�" for letter in value)
    return shown if len(shown) <= 80 else shown[:79] + "…"
