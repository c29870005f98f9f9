"""A running Zotero, asked by its local API on this machine: its items, and whether anything has changed.

Only from version 10 on does Zotero count local changes, and only then does it name its database (`Zotero-Server-ID`).
The versions of earlier ones are those of the last synchronisation: what is changed on this machine keeps its number.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import httpx2

from assistant.errors import NotThere, RemoteError
from assistant.ingestion.readers.objects.json_values import list_of, object_of, text_of
from assistant.ingestion.readers.zotero import zotero_items
from assistant.ingestion.remote.references import Reference, zotero_parts
from assistant.ingestion.remote.services import Services
from assistant.types import Problem, Record

if TYPE_CHECKING:
    from pyzotero import Zotero

_ITEMS_AT_ONCE = 500
"""Each page costs Zotero a search of its whole library, so there should be few; one holds some megabytes."""

_MOST_PAGES = 10_000
_MOST_SHOWN = 8

_START = "Start Zotero, or add its database as a file: the folder Zotero in your home."
_NOT_ZOTERO = "What answers at Zotero's address is not Zotero. Check the setting zotero_url, and what uses that port."


@dataclass(frozen=True, slots=True)
class ZoteroState:
    """What a library of Zotero was like at a time; two that are equal hold the same, as far as Zotero says.

    `server` names the database, "" before Zotero 10; `latest` stands in for the version there: how many items there
    are, and when which was changed last. Putting an item into a collection is no such change.
    """

    server: str
    version: int
    collections: str
    latest: str

    def __str__(self) -> str:
        """Return it as a text that `parse` reads."""
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, text: str) -> ZoteroState | None:
        """Return what a text says, None where it says nothing."""
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError):
            return None

    def follows(self, earlier: ZoteroState | None) -> bool:
        """Tell whether what is newer than the earlier version is all that changed."""
        if earlier is None or not self.server or self.server != earlier.server:
            return False
        return self.version >= earlier.version and self.collections == earlier.collections


@dataclass(frozen=True, slots=True)
class ZoteroItem:
    """An item of Zotero by its key; `read` is None for what is no paper."""

    key: str
    read: Record | Problem | None


class ZoteroLibrary:
    """A library of the Zotero that runs on this machine, or what is in one of its collections. Use it in a `with`.

    All methods raise RemoteError, which says what to do.
    """

    def __init__(self, reference: Reference, services: Services) -> None:
        self._file = str(reference)
        self._group, self._collection = zotero_parts(reference)
        self._address = services.zotero_url.rstrip("/")
        # No proxy is asked for this machine, and no redirect leads away from it.
        self._http = httpx2.Client(trust_env=False, follow_redirects=False)

    def __enter__(self) -> ZoteroLibrary:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def state(self) -> ZoteroState:
        """Return what the library is like now."""
        tree = [[key, *place] for key, place in sorted(self._tree.items())]
        digest = hashlib.sha256(json.dumps([self._name, self._places, tree]).encode()).hexdigest()
        version = self._number("Last-Modified-Version")
        if self._zotero.server_id:
            return ZoteroState(self._zotero.server_id, version, digest, "")
        last = self._list(lambda: self._zotero.top(limit=1, sort="dateModified", direction="desc"))
        changed = [object_of(item.get("data")).get(name) for item in last for name in ("key", "dateModified")]
        return ZoteroState("", version, digest, json.dumps([self._number("Total-Results"), *changed]))

    def versions(self) -> dict[str, int]:
        """Return every item by its key with its version, without those in the bin."""
        found: dict[str, int] = {}
        for ask in self._pages_of(format="versions", limit=None):
            answer = self._ask(ask)
            if not isinstance(answer, dict):
                raise RemoteError(_NOT_ZOTERO)
            found.update((str(key), version) for key, version in answer.items() if isinstance(version, int))
        return found

    def items(self, since: int = 0) -> Iterator[ZoteroItem]:
        """Yield every item once, or those that are newer than a version."""
        # Zotero 7 takes “since=0” for “synchronised at least once”.
        newer = {"since": since} if since else {}
        seen: set[str] = set()
        labels = zotero_items.collection_labels(self._tree)
        group = (self._name,) if self._name else ()
        for ask in self._pages_of(limit=_ITEMS_AT_ONCE, sort="dateAdded", direction="asc", **newer):
            for value in self._followed(ask):
                key = text_of(value.get("key"))
                if key and key not in seen:
                    seen.add(key)
                    read = zotero_items.read_item(value, self._file, len(seen), collections=labels, labels=group)
                    yield ZoteroItem(key, read)

    @cached_property
    def _user(self) -> Zotero:
        return self._opened("0", "user")

    @cached_property
    def _zotero(self) -> Zotero:
        return self._opened(self._group_of[0], "group") if self._group else self._user

    def _opened(self, number: str, kind: str) -> Zotero:
        """Return pyzotero's way to a library; it closes the client that it is given when it is no longer kept."""
        from pyzotero import Zotero  # a second to import

        zotero = Zotero(number, kind, local=True, client=self._http)
        zotero.endpoint = self._address
        return zotero

    @cached_property
    def _group_of(self) -> tuple[str, str]:
        """Return the number and the name of the group that is meant."""
        answer = self._list(lambda: self._user.groups(), self._user)
        known = {text_of(one.get("id")): text_of(object_of(one.get("data")).get("name")) for one in answer}
        wanted = self._group.casefold()
        fitting = [each for each in known.items() if wanted in (each[0], each[1].casefold())]
        return self._the_one(fitting, "group", self._group, known)

    @property
    def _name(self) -> str:
        """Return the name of the group, "" for the personal library."""
        return self._group_of[1] if self._group else ""

    @cached_property
    def _tree(self) -> Mapping[str, tuple[str, str]]:
        """Return the collections by key, each with its name and the key of the one that it lies in."""
        found = {}
        for value in self._followed(lambda: self._zotero.collections(limit=_ITEMS_AT_ONCE)):
            data = object_of(value.get("data"))
            if (key := text_of(data.get("key"))) and not data.get("deleted"):
                found[key] = text_of(data.get("name")), text_of(data.get("parentCollection") or "")
        return found

    @cached_property
    def _places(self) -> Sequence[str]:
        """Return the keys of the collection that is meant and of those that lie in it; () for the whole library."""
        if not self._collection:
            return ()
        names = zotero_items.collection_labels(self._tree)
        path = [part.strip().casefold() for part in self._collection.split("/")]
        fitting = [(key, self._tree[key][0]) for key in self._tree if key == self._collection.upper()]
        fitting = fitting or [
            (key, self._tree[key][0])
            for key, above in names.items()
            if self._collection.casefold() == above[-1].casefold()
            or path == [name.strip().casefold() for name in above[-len(path) :]]
        ]
        known = {key: name for key, (name, _) in self._tree.items()}
        places = [self._the_one(fitting, "collection", self._collection, known)[0]]
        for place in places:
            places += (key for key, (_, parent) in self._tree.items() if parent == place and key not in places)
        return places

    def _the_one(
        self, fitting: Sequence[tuple[str, str]], kind: str, name: str, known: Mapping[str, str]
    ) -> tuple[str, str]:
        """Return the only one that fits, a key and a name; `known` are all that there are."""
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            keys = ", ".join(key for key, _ in fitting[:_MOST_SHOWN])
            raise RemoteError(f"Zotero has {len(fitting)} {kind}s called “{name}”. Name the one that is meant: {keys}.")
        shown = "; ".join([*list(known.values())[:_MOST_SHOWN], *(["…"] if len(known) > _MOST_SHOWN else [])])
        there = f"There are: {shown}." if known else "There is none."
        raise NotThere(f"Zotero has no {kind} called “{name}”. {there}")

    def _pages_of(self, **parameters: Any) -> Iterator[Callable[[], Any]]:
        """Yield what asks for the first page of the items of each place."""
        if not self._collection:
            yield lambda: self._zotero.top(**parameters)
        for place in self._places:
            yield lambda place=place: self._zotero.collection_items_top(place, **parameters)  # type: ignore[misc]

    def _followed(self, ask: Callable[[], Any]) -> Iterator[Mapping[str, Any]]:
        """Yield what is on a page and on those that follow it."""
        values, asked = self._list(ask), {""}
        for _ in range(_MOST_PAGES):
            yield from values
            onward = (self._zotero.links or {}).get("next", "")
            if not values or onward in asked:
                return
            asked.add(onward)
            values = self._list(self._zotero.follow)

    def _list(self, ask: Callable[[], Any], zotero: Zotero | None = None) -> list[Mapping[str, Any]]:
        answer = self._ask(ask, zotero)
        if not isinstance(answer, list):
            raise RemoteError(_NOT_ZOTERO)
        return [one for one in list_of(answer) if isinstance(one, dict)]

    def _number(self, header: str) -> int:
        """Return a number out of the headers of the last answer."""
        answer = self._zotero.request
        text = answer.headers.get(header, "") if answer else ""
        return int(text) if text.isascii() and text.isdigit() else 0

    def _ask(self, ask: Callable[[], Any], zotero: Zotero | None = None) -> Any:
        """Ask, and raise what goes wrong as one sentence that says what to do."""
        from pyzotero import errors

        try:
            return ask()
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise RemoteError(f"Zotero does not run on this machine. {_START}") from error
        except httpx2.TimeoutException as error:
            raise RemoteError("Zotero did not answer in time. It is busy: give it a while.") from error
        except httpx2.HTTPError as error:
            raise RemoteError(f"The answer of Zotero was cut off. {_START}") from error
        except errors.UserNotAuthorisedError as error:
            raise RemoteError(
                "Zotero lets no other program read. In Zotero, open Settings, Advanced, and choose “Allow other "
                "applications on this computer to communicate with Zotero”."
            ) from error
        except errors.ResourceNotFoundError as error:
            raise RemoteError(
                "This Zotero cannot be asked: it is older than version 7, or lacks what was asked for. Install a newer "
                "one, or add its database as a file."
            ) from error
        except errors.PyZoteroError as error:
            answer = (zotero or self._zotero).request
            status = f" (HTTP {answer.status_code})" if answer else ""
            raise RemoteError(f"Zotero refused the request{status}. Restart Zotero.") from error
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            RecursionError,
        ) as error:  # no JSON, or not of Zotero's shape
            raise RemoteError(_NOT_ZOTERO) from error
