"""JSON that is none by the letter, as events of JSON: what Python prints, what JavaScript holds, what people wrote.

Read are commas too many or too few, comments, quotation marks of either kind or none around names, breaks in texts,
None, True, NaN and undefined, tuples, dates and ids as calls ("ObjectId(...)"), an assignment or a call around it all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TextIO

from assistant.ingestion.readers.objects.json_values import LARGEST_VALUE, PIECE, CutError, EndlessTextError, Progress

TOKEN = re.compile(
    r"(?P<space>[\s,\ufeff]+)|(?P<comment>//[^\n]*|#[^\n]*|/\*.*?\*/)|(?P<open>[{\[(])|(?P<close>[}\])])"
    r"|(?P<sign>[:=;])|[uUbBrR]{0,2}(?P<text>\"[^\"\\]*+(?:\\.[^\"\\]*+)*+\"|'[^'\\]*+(?:\\.[^'\\]*+)*+'|`[^`\\]*+(?:\\.[^`\\]*+)*+`)"
    r"|(?P<call>(?:new\s+)?[A-Za-z_$][\w.$]*\((?P<inside>[^()\[\]{}]{0,200})\))|(?P<word>[\w.$+-]+)",
    re.DOTALL,
)
CLOSED_BY = {"{": "}", "[": "]", "(": ")"}
CONSTANTS: dict[str, bool | None] = {
    "true": True,
    "false": False,
    **dict.fromkeys(("null", "none", "nan", "undefined", "infinity")),
}
STATEMENTS = frozenset({"export", "default", "return"})
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|\r?(.))", re.DOTALL)
ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "", "f": "\f", "v": "\v", "0": "", "\n": ""}


def lenient_events(stream: TextIO, progress: Progress) -> Iterator[tuple[str, Any]]:
    """Yield the events of JSON, those before an error too. Raises ValueError, CutError and EndlessTextError."""
    around: list[str] = []  # the brackets that are open
    expected: list[str] = []  # in each: "name", "sign" or "value" of an object, "" in a list
    is_said = False  # outside of all brackets: a word that nothing is done with
    for kind, text in _tokens(stream, progress):
        if not around and not (kind == "open" and text != "("):
            is_said = kind in ("word", "call", "text") and text not in STATEMENTS
            if kind == "close" and text != ")":
                raise ValueError(f"“{text}” closes nothing")
            continue
        if is_said:
            break
        state = expected[-1] if expected else ""
        if kind == "sign":
            if text != ":" or state != "sign":
                raise ValueError(f"“{text}” stands in the wrong place")
            expected[-1] = "value"
        elif kind == "close":
            if text != CLOSED_BY[around.pop()] or state in ("sign", "value"):
                raise ValueError(f"“{text}” stands in the wrong place")
            expected.pop()
            yield "end_map" if text == "}" else "end_array", None
        elif state == "sign":
            raise ValueError("a colon is missing behind a name")
        elif state == "name":
            if kind not in ("text", "word"):
                raise ValueError("a name is expected")
            yield "map_key", _text(text) if kind == "text" else text
            expected[-1] = "sign"
        else:
            if state == "value":
                expected[-1] = "name"
            if kind == "open":
                around.append(text)
                expected.append("name" if text == "{" else "")
                yield "start_map" if text == "{" else "start_array", None
            else:
                yield _value(kind, text)
    if around:
        raise CutError
    if is_said:
        raise ValueError("text stands here that is no JSON")


def _tokens(stream: TextIO, progress: Progress) -> Iterator[tuple[str, str]]:
    """Yield the kind and the text of each token but spaces and comments. Raises ValueError and EndlessTextError."""
    text, place, is_end = "", 0, False
    while True:
        found = TOKEN.match(text, place)
        if not is_end and (found is None or found.end() == len(text)):
            held = len(text) - place
            if held > LARGEST_VALUE:
                raise EndlessTextError
            more = stream.read(min(max(PIECE, held), LARGEST_VALUE + 1 - held))
            text, place, is_end = text[place:] + more, 0, not more
            continue
        if place == len(text):
            return
        if not found:
            if text[place] in "\"'`" or text.startswith("/*", place):
                raise CutError
            raise ValueError(f"“{text[place]}” stands in the wrong place")
        kind = found.lastgroup or ""
        kind = "call" if kind == "inside" else kind
        if kind not in ("space", "comment"):
            yield kind, found[kind if kind != "call" else "inside"]
        place = found.end()
        progress.position += place - found.start()
        progress.line += found[0].count("\n")


def _value(kind: str, text: str) -> tuple[str, Any]:
    if kind == "text":
        return "string", _text(text)
    if kind == "call":
        return "string", "-".join(part.strip(" \n\"'").rjust(2, "0") for part in text.split(","))
    if text.lower().lstrip("+-") in CONSTANTS:
        constant = CONSTANTS[text.lower().lstrip("+-")]
        return ("null", None) if constant is None else ("boolean", constant)
    try:
        return "number", int(text)
    except ValueError:
        try:
            return "number", float(text)
        except ValueError:
            raise ValueError(f"“{text[:40]}” stands where a value is expected") from None


def _text(written: str) -> str:
    """Return what stands between quotation marks."""
    if written[0] == '"':
        try:
            return str(json.loads(written, strict=False))
        except ValueError:
            pass
    text = ESCAPE.sub(_unescaped, written[1:-1])
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _unescaped(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    return chr(int(code, 16)) if code else ESCAPED.get(found[3], found[3])
