"""Papers from arXiv, OpenAlex and Semantic Scholar, by id or by author; the readers parse what they return.

references.py        what a person wrote -> which paper or author is meant
services.py          where the services are, and how long one waits for them
fetching.py          a reference -> records; a name -> candidates
arxiv.py, openalex.py, semantic_scholar.py   one service each
client.py            HTTP: retries, pace, size, redirects, errors for people
cache.py             answers kept for a week, and the pace across runs
"""

from assistant.ingestion.remote.fetching import AuthorCandidate, fetch, find_authors
from assistant.ingestion.remote.references import Reference, parse_reference
from assistant.ingestion.remote.services import Services

__all__ = ["AuthorCandidate", "Reference", "Services", "fetch", "find_authors", "parse_reference"]
