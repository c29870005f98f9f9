"""Sources that say themselves what changed: the state in which they were last read, and the records of their items."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

from sqlalchemy import insert, select

from assistant.library.rows import rows_in
from assistant.library.schema import origins_read, records
from assistant.library.store import Library


def state(library: Library, origin: str) -> str:
    """Return the state in which a source was read to its end last, "" where it was not."""
    with library.transaction() as connection:
        query = select(origins_read.c.state).where(origins_read.c.origin == origin)
        return connection.execute(query).scalar_one_or_none() or ""


def items(library: Library, origin: str) -> dict[str, str]:
    """Return the source key of the record that each item of a source gave, "" for those that gave none."""
    with library.transaction() as connection:
        query = select(origins_read.c["items"]).where(origins_read.c.origin == origin)
        text = connection.execute(query).scalar_one_or_none()
    return {str(item): str(key) for item, key in json.loads(text).items()} if text else {}


def stated(library: Library, origin: str, source_keys: Collection[str]) -> set[str]:
    """Return under which of these names the library holds what a source says."""
    with library.transaction() as connection:
        query = select(records.c.source_key).where(records.c.origin == origin)
        return {row.source_key for row in rows_in(connection, query, records.c.source_key, source_keys)}


def note(library: Library, origin: str, state: str, items: Mapping[str, str]) -> None:
    """Note that a source was read to its end."""
    row = {"origin": origin, "state": state, "items": json.dumps(dict(items), ensure_ascii=False)}
    with library.transaction() as connection:
        connection.execute(insert(origins_read).prefix_with("OR REPLACE").values(row))
