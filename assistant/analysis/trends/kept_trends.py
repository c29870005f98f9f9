"""Trends kept in the library, so that the second time they are there at once."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Text, cast, delete, func, insert, select

from assistant.analysis.themes import saved_themes
from assistant.analysis.trends import trends
from assistant.analysis.trends.timeline import By
from assistant.analysis.trends.trends import Trends
from assistant.library import Library, kept_trends, papers, papers_passing, vectors
from assistant.search import FINGERPRINT, Search
from assistant.settings import PROGRAM_VERSION
from assistant.types import PaperFilter, Progress, ProgressListener, json_adapter

METHOD = 1
"""Number of the way in which trends are found; with another number the kept ones are found anew."""

_MOST_KEPT = 50
"""Trends kept of one library; those found longest ago leave."""

_DIGEST = 12
"""Signs of a paper's digest that tell whether it is as it was."""


@dataclass(frozen=True, slots=True)
class KeptTrends:
    """Trends that were found before. `filter` says of which papers, `note` how those of a topic were chosen.

    `is_fresh` tells that neither the papers nor the method have changed since.
    """

    found: Trends
    filter: PaperFilter
    note: str = ""
    is_fresh: bool = True


def kept(library: Library, topic: str, filter: PaperFilter, by: By) -> KeptTrends | None:
    """Return the trends of the papers of a filter about a topic as they were found last, None where they never were.

    Themes have the names that they have now.
    """
    with library.transaction() as connection:
        query = select(kept_trends.c.state, kept_trends.c.found).where(kept_trends.c.asked == _asked(topic, filter, by))
        row = connection.execute(query).one_or_none()
    if row is None:
        return None
    try:
        read = json_adapter(KeptTrends).validate_python(json.loads(zlib.decompress(row.found)))
    except (ValueError, zlib.error):  # another version of the program wrote it
        return None
    names = saved_themes.names(library, saved_themes.scope_of(read.filter))
    return replace(read, found=trends.named(read.found, names), is_fresh=row.state == _state(library, filter))


def find_and_keep(
    library: Library,
    topic: str,
    filter: PaperFilter,
    by: By,
    search: Search,
    *,
    on_progress: ProgressListener = lambda _: None,
) -> KeptTrends:
    """Find the trends of the papers of a filter about a topic, keep them in the library, and return them.

    `search` finds papers by meaning where no abstract holds the topic's words.
    """
    state = _state(library, filter)
    on_progress(Progress(0, 0, "Choosing papers"))
    selected, described = trends.select(library, topic, filter, search)
    found = trends.find(library, selected.filter, by, described, on_progress=on_progress)
    new = KeptTrends(found, selected.filter, selected.note)
    compressed = zlib.compress(json.dumps(asdict(new)).encode(), level=1)
    asked = _asked(topic, filter, by)
    with library.transaction() as connection:
        connection.execute(delete(kept_trends).where(kept_trends.c.asked == asked))
        connection.execute(insert(kept_trends).values(asked=asked, state=state, found=compressed))
        newest = select(kept_trends.c.number).order_by(kept_trends.c.number.desc()).limit(_MOST_KEPT)
        connection.execute(delete(kept_trends).where(kept_trends.c.number.not_in(newest)))
    return new


def _asked(topic: str, filter: PaperFilter, by: By) -> str:
    text = json.dumps([topic.strip(), asdict(filter), by], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _state(library: Library, filter: PaperFilter) -> str:
    """Return what decides what is found: the filter's papers, how many have a vector, by which model, and the method.

    The month is among it, since it is said when the last one is not over.
    """
    paper = cast(papers.c.number, Text) + " " + func.substr(papers.c.digest, 1, _DIGEST)
    listed: Any = select(func.aggregate_strings(paper, ","))
    with_vector: Any = select(func.count()).join_from(papers, vectors, vectors.c.paper_id == papers.c.id)
    with library.transaction() as connection:
        text = connection.execute(papers_passing(connection, listed, filter)).scalar_one()
        embedded = connection.execute(papers_passing(connection, with_vector, filter)).scalar_one()
    held = ",".join(sorted((text or "").split(",")))
    month = date.today().isoformat()[: len("2025-03")]
    told = json.dumps([held, embedded, library.metadata(FINGERPRINT), METHOD, PROGRAM_VERSION, month])
    return hashlib.sha256(told.encode()).hexdigest()
