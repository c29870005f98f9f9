"""XML elements as a stream: nothing is fetched, no entity is expanded, and memory does not grow with the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, BinaryIO

from lxml import etree  # type: ignore[import-untyped]

from assistant.ingestion.readers.markup import mathml_text
from assistant.types import Problem, ReaderItem, Record

Element = Any
"""An lxml element; the library comes without types."""

PIECE = 1 << 16  # bytes read at once
DEEPEST = 100  # elements within elements, of which text is read with regard to what they are
BEHIND_THE_END = (etree.ErrorTypes.ERR_DOCUMENT_END, etree.ErrorTypes.ERR_RESERVED_XML_NAME)
LONGEST_END_TAG = 1000  # bytes, with the space behind it
LARGEST_ELEMENT = 64_000_000  # bytes between the ends of two elements that are asked for

PROLOGUE = r"\ufeff?\s*(?:<\?[^>]*\?>\s*|<!--(?:(?!-->).)*-->\s*|<!DOCTYPE(?:[^\[>]|\[[^\]]*\])*>\s*)*"
ROOT = re.compile(rf"{PROLOGUE}<(?:[\w.-]+:)?([\w.-]+)(?=[\s/>])", re.DOTALL)

PICTURES = frozenset("graphic inline-graphic inline-media media fig fig-group supplementary-material object-id".split())
NOTES = frozenset({"fn", "fn-group", "table-fn", "corresp", "aff"})
BLOCKS = frozenset("p sec title list list-item disp-formula disp-quote def-list def-item def term break".split())


def root_of(head: str) -> tuple[int, str] | None:
    """Return where the root element stands in the beginning of a document and its name, None if this is not XML."""
    found = ROOT.match(head)
    return (found.start(1) - 1, found[1]) if found else None


def read_elements(
    stream: BinaryIO,
    file: str,
    names: tuple[str, ...],
    read: Callable[[Element, str], ReaderItem | None],
    *,
    are_outermost: bool = False,
) -> Iterator[ReaderItem]:
    """Yield what `read` makes of each element with one of these names, in whatever namespace, as soon as it is whole.

    An element of which `read` makes None is passed over; with `are_outermost`, so are those that do not stand directly
    in the root. Documents that stand one behind the other in a file are read in turn. Of a document that breaks off, or
    holds more than fits into memory, what stood before is read, and one Problem says where it breaks.
    """
    parser, root, before, lines_before = _parser(names), "", b"", 0
    waiting, line, piece = 0, 1, stream.read(PIECE)
    while True:
        if not root and (found := root_of(piece.decode("utf-8", "replace"))):
            root = found[1]
        broken = _feed(parser, piece, line)
        for _, element in parser.read_events():
            if are_outermost and not _is_outermost(element):
                continue
            waiting = 0
            if item := read(element, file):
                yield replace(item, line=item.line + lines_before) if isinstance(item, Record | Problem) else item
            forget(element)
        if broken and _is_behind_the_end(parser) and (behind := _behind_document(before + piece, root)):
            lines_before += line - 1 + piece.count(b"\n") - behind.count(b"\n")
            parser, root, before, line, piece = _parser(names), "", b"", 1, behind
            continue
        line += piece.count(b"\n")
        waiting += len(piece)
        if not broken and waiting > LARGEST_ELEMENT:
            broken = line, f"no record ends within {LARGEST_ELEMENT // 1_000_000} MB"
        if broken:
            line, why = broken[0] + lines_before, broken[1]
            reason = f"The XML is broken here ({why}), so nothing after this line could be read. Fetch the file again."
            yield Problem(file, line, reason)
        if broken or not piece:
            return
        before, piece = piece[-LONGEST_END_TAG:], stream.read(PIECE)


def _parser(names: tuple[str, ...]) -> etree.XMLPullParser:
    return etree.XMLPullParser(
        events=("end",),
        tag=[f"{{*}}{name}" for name in names],
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _is_behind_the_end(parser: etree.XMLPullParser) -> bool:
    """Tell whether what broke the document is that something stands behind its end, or that another begins."""
    fatal = next((entry for entry in parser.feed_error_log if entry.level_name == "FATAL"), None)
    return fatal is not None and fatal.type in BEHIND_THE_END


def _behind_document(piece: bytes, root: str) -> bytes:
    """Return the next document in a piece in which the one with this root ends; b"" where none begins behind it."""
    end = re.search(rb"</(?:[\w.-]+:)?" + re.escape(root.encode()) + rb"\s*>", piece) if root else None
    behind = piece[end.end() :].removeprefix(b"\n").lstrip(b"\xef\xbb\xbf") if end else b""
    return behind.lstrip() if behind.lstrip().startswith(b"<") else b""


def _is_outermost(element: Element) -> bool:
    parent = element.getparent()
    return parent is not None and parent.getparent() is None


def _feed(parser: etree.XMLPullParser, piece: bytes, line: int) -> tuple[int, str] | None:
    """Give the parser the next piece, or its end; return the line in which something is wrong with it, and what.

    The parser is silent on some errors (an entity that nobody declared) and would take what follows for a new document,
    so its log is asked. A prefix that nobody declared is no reason to stop, though the parser raises at the end.
    """
    raised: etree.XMLSyntaxError | None = None
    try:
        if piece:
            parser.feed(piece)
        else:
            parser.close()
    except etree.XMLSyntaxError as error:
        raised = error
    fatal = next((entry for entry in parser.feed_error_log if entry.level_name == "FATAL"), None)
    if fatal:
        return fatal.line, fatal.message
    if not raised or raised.code == etree.ErrorTypes.NS_ERR_UNDEFINED_NAMESPACE:
        return None
    return raised.lineno or line, str(raised.msg or "it is not XML").split(", line ")[0]


def local_name(element: Element) -> str:
    """Return the element's name without namespace, or prefix that nobody declared; "" for what is not an element."""
    return element.tag.rpartition("}")[2].rpartition(":")[2] if isinstance(element.tag, str) else ""


def text_of(element: Element | None) -> str:
    """Return the text within, on one line: formulas as one can type them; no pictures, notes or marks of notes.

    Raised text keeps its tags (10<sup>6</sup>), because what a reader makes of it is decided for all formats at once.
    """
    return " ".join(_text(element, 0).split()) if element is not None else ""


def text_at(element: Element, *paths: str) -> str:
    """Return the text of the first of these paths below an element that leads to any, else ""."""
    return next(filter(None, (text_of(element.find(path)) for path in paths)), "")


def _text(element: Element, depth: int) -> str:
    name = local_name(element)
    if not name:
        return str(element.text or "")  # an entity that was not expanded
    if depth > DEEPEST:
        return "".join(element.itertext())
    if name in PICTURES or name in NOTES or _is_mark(element, name):
        return ""
    if name == "math":
        return mathml_text(element)
    children = list(element)
    if name == "alternatives":
        children = sorted(children, key=lambda child: local_name(child) != "math")[:1]
    inner = (element.text or "") + "".join(_text(child, depth + 1) + (child.tail or "") for child in children)
    if name == "sup":
        return f"<sup>{inner}</sup>"
    return f" {inner} " if name in BLOCKS else inner


def _is_mark(element: Element, name: str) -> bool:
    """Tell whether this only points to a note or, raised, to a reference."""
    if name == "xref":
        is_raised = len(element) == 1 and local_name(element[0]) == "sup" and not (element.text or "").strip()
        return is_raised or element.get("ref-type") in NOTES
    return name == "sup" and len(element) > 0 and all(local_name(child) == "xref" for child in element)


def forget(element: Element) -> None:
    """Empty an element and drop what stands before it."""
    parent = element.getparent()
    element.clear(keep_tail=False)
    if parent is not None:
        while parent[0] is not element:
            del parent[0]
