"""A double of Zotero's local API: items, collections and groups, with versions as Zotero 7 or 10 counts them."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

Object = dict[str, Any]
LIBRARY = re.compile(r"/api/(users/0|groups/(\d+))/(.+)")


@dataclass
class FakeLibrary:
    """One library: what it holds by key, and the version that the last change gave it."""

    version: int = 0
    items: dict[str, Object] = field(default_factory=dict)
    collections: dict[str, Object] = field(default_factory=dict)


class FakeZotero:
    """What Zotero holds, changed by the methods as a person would at its window.

    Before version 10 nothing that is changed here gets a new version, only a date: that is what synchronising does.
    """

    def __init__(self, version: int = 10) -> None:
        self.is_new = version >= 10
        self.is_enabled = True
        self.server_id = "abcDEF123456" if self.is_new else ""
        self.personal = FakeLibrary()
        self.groups: dict[int, tuple[str, FakeLibrary]] = {}
        self.asked: list[str] = []
        self.broken: bytes | None = None
        self._clock = 0

    def group(self, number: int, name: str) -> FakeLibrary:
        """Add a group."""
        self.groups[number] = name, FakeLibrary()
        return self.groups[number][1]

    def put(self, key: str, library: FakeLibrary | None = None, **fields: Any) -> None:
        """Add an item, or change some fields of it."""
        library = library or self.personal
        before = library.items.get(key) or {"key": key, "itemType": "journalArticle", "dateAdded": self._now()}
        data = {"title": "", "creators": [], "tags": [], "collections": [], "date": "2020", **before, **fields}
        touched = {"dateModified": self._now()} if set(fields) != {"collections"} else {}
        library.items[key] = {**data, **touched, "version": self._next(library, before)}

    def collect(self, key: str, name: str, parent: str = "", library: FakeLibrary | None = None) -> None:
        """Add a collection, or name it anew."""
        library = library or self.personal
        before = library.collections.get(key, {})
        data = {"key": key, "name": name, "parentCollection": parent or False, "relations": {}}
        library.collections[key] = {**data, "version": self._next(library, before)}

    def delete(self, key: str, library: FakeLibrary | None = None) -> None:
        """Delete an item for good."""
        library = library or self.personal
        del library.items[key]
        self._next(library, {})

    def _next(self, library: FakeLibrary, before: Object) -> int:
        if not self.is_new:
            return int(before.get("version", 0))
        library.version += 1
        return library.version

    def _now(self) -> str:
        self._clock += 1
        return f"2026-11-{1 + self._clock // 1440:02d}T{self._clock // 60 % 24:02d}:{self._clock % 60:02d}:00Z"

    def answer(self, path: str, query: dict[str, str], host: str) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of an answer."""
        headers = {"Zotero-API-Version": "3", "Zotero-Schema-Version": "39", "Content-Type": "text/plain"}
        if self.broken is not None:
            return 200, {"Content-Type": "application/json"}, self.broken
        if not self.is_enabled:
            return 403, headers, b"Local API is not enabled"
        if self.server_id:
            headers["Zotero-Server-ID"] = self.server_id
        found = LIBRARY.fullmatch(path)
        if not found:
            return 404, {"Content-Type": "text/plain"}, b"No endpoint found\n"
        if found[2] and int(found[2]) not in self.groups:
            return 404, headers, b"Not found"
        library = self.groups[int(found[2])][1] if found[2] else self.personal
        values = self._values(library, found[3])
        if values is None:
            return 404, headers, b"No endpoint found\n"
        if "since" in query and found[3] != "groups" and (int(query["since"]) or not self.is_new):
            values = [value for value in values if value["version"] > int(query["since"])]
        if (sort := query.get("sort", "dateModified")) in ("dateAdded", "dateModified") and "items" in found[3]:
            values.sort(key=lambda value: value["data"][sort], reverse=query.get("direction", "desc") == "desc")
        total, start = len(values), int(query.get("start", 0))
        limit = int(query.get("limit", 0)) or total - start
        values = values[start : start + limit]
        headers |= {"Total-Results": str(total), "Link": _link(f"http://{host}{path}", query, start + limit, total)}
        if found[3] != "groups":
            headers["Last-Modified-Version"] = str(library.version)
        headers["Content-Type"] = "application/json"
        if query.get("format") == "versions":
            return 200, headers, json.dumps({value["key"]: value["version"] for value in values}).encode()
        return 200, headers, json.dumps(values, indent=4).encode()

    def _values(self, library: FakeLibrary, rest: str) -> list[Object] | None:
        """Return the objects that the end of a path names, None for what is no endpoint; `/deleted` is none."""
        if rest == "groups":
            return [
                {"id": number, "version": 3, "links": {}, "meta": {}, "data": {"id": number, "name": name}}
                for number, (name, _) in self.groups.items()
            ]
        if rest == "collections":
            return [_wrapped(data) for data in library.collections.values() if not data.get("deleted")]
        place = re.fullmatch(r"(?:collections/(\w+)/)?items(/top)?", rest)
        if not place:
            return None
        shown = [data for data in library.items.values() if not data.get("deleted")]
        return [
            _wrapped(data)
            for data in shown
            if (not place[1] or place[1] in data["collections"]) and not (place[2] and "parentItem" in data)
        ]


def _wrapped(data: Object) -> Object:
    parsed = {"parsedDate": data["date"]} if data.get("date") else {}
    library = {"type": "user", "id": 0, "name": "", "links": {}}
    return {
        "key": data["key"],
        "version": data["version"],
        "library": library,
        "links": {},
        "meta": parsed,
        "data": data,
    }


def _link(address: str, query: dict[str, str], following: int, total: int) -> str:
    links = {"last": f"{address}?{urlencode(query)}", "alternate": "https://www.zotero.org/users/0/items"}
    if following < total:
        links["next"] = f"{address}?{urlencode({**query, 'start': following})}"
    return ", ".join(f'<{url}>; rel="{name}"' for name, url in links.items())


@contextmanager
def serving(zotero: FakeZotero) -> Iterator[str]:
    """Serve what Zotero holds on this machine, and yield the address of its API."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            zotero.asked.append(self.path)
            status, headers, body = zotero.answer(parts.path, query, self.headers["Host"])
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/api"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
