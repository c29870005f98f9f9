"""Papers of a running Zotero: at first all of them, later what has changed since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assistant.errors import RemoteError
from assistant.ingestion.remote.references import Reference
from assistant.ingestion.remote.services import Services
from assistant.ingestion.remote.zotero import ZoteroLibrary, ZoteroState
from assistant.library import Library, origins_read
from assistant.types import EndOfSource, Notice, Problem, ReaderItem, Record, Unchanged


def zotero_state(reference: Reference, services: Services) -> str:
    """Return the state of a running Zotero: it is `origins_read.state` of the reference until something changes there.

    Zotero before version 10 does not say that an item was put into a collection. Raises RemoteError.
    """
    with ZoteroLibrary(reference, services) as zotero:
        return str(zotero.state())


def fetch_zotero(library: Library, reference: Reference, services: Services) -> Iterator[ReaderItem]:
    """Yield what a running Zotero holds, or of what was added before what has changed since and what has not."""
    origin = str(reference)
    try:
        with ZoteroLibrary(reference, services) as zotero:
            state, earlier = zotero.state(), ZoteroState.parse(origins_read.state(library, origin))
            kept = _kept(library, origin, zotero, earlier) if earlier and state.follows(earlier) else None
            items = dict(kept or {})
            if kept:
                yield Unchanged(frozenset(filter(None, kept.values())))
            for item in zotero.items(earlier.version if earlier and kept is not None else 0):
                items[item.key] = item.read.source_key if isinstance(item.read, Record) else ""
                if item.read:
                    yield item.read
            present = zotero.versions().keys()
    except RemoteError as error:
        yield Problem(origin, 0, str(error))
        return
    if present <= items.keys():
        yield EndOfSource(origin, str(state), {key: items[key] for key in present})
    else:
        yield Notice(origin, "Zotero was changed while it was read. The rest comes when it is added again.")


def _kept(library: Library, origin: str, zotero: ZoteroLibrary, earlier: ZoteroState) -> Mapping[str, str] | None:
    """Return what Zotero says as before, the source keys of its items; None where all has to be read again.

    That is so where an item came in that is no newer, where items share a citation key, and where a person has removed
    a paper since: adding it again brings it back, as with files.
    """
    known, present = origins_read.items(library, origin), zotero.versions()
    changed = {key for key, version in present.items() if version > earlier.version}
    if not present.keys() - changed <= known.keys():
        return None
    kept = {key: known[key] for key in present.keys() - changed}
    stated = set(filter(None, kept.values()))
    is_shared = not stated.isdisjoint(known[key] for key in changed & known.keys())
    return None if is_shared or origins_read.stated(library, origin, stated) != stated else kept
