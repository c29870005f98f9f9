"""Papers from arXiv, OpenAlex and Semantic Scholar, by id or by author; the readers parse what they return."""

from assistant.ingestion.remote.abstracts import FetchedAbstracts, fetch_abstracts, references_of
from assistant.ingestion.remote.fetching import fetch, find_authors
from assistant.ingestion.remote.openalex import AuthorCandidate
from assistant.ingestion.remote.references import Reference, parse_reference
from assistant.ingestion.remote.services import Services

__all__ = [
    "AuthorCandidate",
    "FetchedAbstracts",
    "Reference",
    "Services",
    "fetch",
    "fetch_abstracts",
    "find_authors",
    "parse_reference",
    "references_of",
]
