"""Intents and slots of requests, read in the chat model's hidden states.

The request stands twice in the prompt, so that the tokens of its second copy have seen all of it. Their mean and the
last token's state tell the kind, each token's own state what it names: an author, one left out, a topic, a year.
`intent_training` fits the probes. A model that has none writes what a request asks for (`written_intents`).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

import prompts
from assistant.models import Probe, probes
from assistant.protocols import LanguageModel, Reading, Vectors
from assistant.types import Message

Kind = Literal[
    "content",
    "count",
    "list",
    "ranking_people",
    "ranking_years",
    "ranking_venues",
    "per_year",
    "per_category",
    "coauthors",
    "joint_papers",
    "newest",
    "oldest",
    "first_author",
    "last_author",
    "detail",
    "yesno_catalogue",
    "comparison_papers",
    "comparison_people",
    "overview",
    "trend",
    "paper_summary",
    "author_profile",
    "reading_list",
    "similar",
    "export",
    "meta",
    "out_of_scope",
    "followup",
]
Slot = Literal[
    "author",
    "not_author",
    "co_author",
    "topic",
    "not_topic",
    "venue",
    "not_venue",
    "year",
    "year_from",
    "year_to",
    "not_year",
    "title",
    "not_title",
    "title_word",
    "category",
    "not_category",
    "limit",
    "min_count",
    "max_count",
    "exact_count",
    "main",
    "label",
    "not_label",
]
Mode = Literal["", "narrow", "change", "refer"]
TASKS = ("kind", "of", "order", "position", "language", "ask", "mode", "slots")
"""What is read of a request, a probe each; `slots` at every token, the others once."""

LABEL = "label"
"""What a probe of its own reads at every token, where there is one: whether the word names a collection or a tag."""

LABELS: tuple[Slot, ...] = ("label", "not_label")
"""A collection or a tag that papers bear, and one that they do not."""

KINDS: tuple[Kind, ...] = get_args(Kind)

LONGEST = 1000
"""Characters of a request that are read; what is asked stands in fewer."""

_EARLIER = 2
"""Questions of the talk that are shown before the request."""

_CHANGE = 1.0
"""What it costs, in nats, that a word names something else than the one before it; see E22 in docs/experiments."""

_NAMED = 0.5
"""How sure it must be that a word names a collection for a request to follow nothing."""

_PROSE = frozenset({"content", "paper_summary", "comparison_papers"})
_OVERVIEWS = frozenset({"overview", "trend", "author_profile"})
_ABOUT = frozenset({"meta", "out_of_scope"})
_OTHER = {"first": "last", "last": "first"}

_HAN = r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
_UNIT = re.compile(rf"{_HAN}|(?:19|20)\d\d(?![^\W_])|(?:(?!{_HAN})[^\W_])+(?:['’.+&-]+(?:(?!{_HAN})[^\W_])+)*")
"""A word; names such as BM-25 are one, years of a range two, and each Chinese character is one."""

_BETWEEN = re.compile(
    r"\s*[,;/&、，]\s*|\s+(?:and|or|nor|und|oder|noch|et|ou|ni|y|e|o|u)\s+|[和与或及跟]", re.IGNORECASE
)
_PARTED: frozenset[str] = frozenset({"author", "not_author", "co_author", "venue", "not_venue", "category", "year"})
"""Roles of which several stand in a list: "A, B and C"."""


@dataclass(frozen=True, slots=True)
class Named:
    """A passage of a request and what it names there; `start` and `end` are characters."""

    slot: Slot
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it was read. `share` is how probable its kind is.

    `of` is what is counted or ranked, `order` from which end, `position` the place that an author is to have among the
    authors. Of one that follows up on the talk, `ask` is the kind that it has now ("same": as before), and `mode` tells
    whether it narrows what was found, changes what was asked, or speaks of a paper of the answer. `labelling` says of
    each token, by characters, how probably it names a collection or a tag. Where `has_abstract` is told, papers are
    meant that have one, or have none.
    """

    text: str
    kind: Kind
    named: tuple[Named, ...] = ()
    of: Literal["papers", "people", "venues", "years", "authors"] = "papers"
    order: Literal["", "asc", "desc"] = ""
    position: Literal["", "first", "last"] = ""
    language: str = "en"
    share: float = 1.0
    ask: str = "same"
    mode: Mode = ""
    labelling: tuple[tuple[int, int, float], ...] = ()
    has_abstract: bool | None = None

    def said(self, *slots: Slot) -> tuple[Named, ...]:
        """Return what is named in these roles, in reading order."""
        return tuple(each for each in self.named if each.slot in slots)


class Reads(Protocol):
    """Tells what a request asks for."""

    def read(self, text: str, earlier: Sequence[str] = (), stop: threading.Event | None = None) -> Request:
        """Read a request that follows these earlier ones."""

    def known(self, text: str) -> Request | None:
        """Read a request without the chat model; None where only the model can."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads requests with the chat model, which is loaded when it is first needed; `made` is where probes were made.

    What a model without probes is asked is left to `written`; without that every request is one for the abstracts.
    """

    model: Callable[[], LanguageModel]
    made: Path | None = None
    written: Reads | None = None

    def read(self, text: str, earlier: Sequence[str] = (), stop: threading.Event | None = None) -> Request:
        """Read a request that follows these earlier ones; where `stop` was set, as one for the abstracts."""
        model = self.model()
        found = _probes(model.fingerprint, self.made)
        if not found:
            return self.written.read(text, earlier, stop) if self.written else Request(text, "content", share=0.0)
        said = text[:LONGEST]
        reading = model.read(messages(said, earlier), layers=layers(found), of=said, stop=stop or threading.Event())
        if reading is None or not reading.tokens:
            return Request(text, "content", share=0.0)
        return understood(text, reading, found, is_first=not earlier)

    def known(self, text: str) -> None:
        """Leave every request to the model."""


def messages(text: str, earlier: Sequence[str] = ()) -> tuple[Message, Message]:
    """Return the prompt in which a request is read."""
    return (
        Message("system", prompts.load("request_system")),
        Message("user", prompts.load("request", before=earlier_text(earlier), request=text)),
    )


def earlier_text(earlier: Sequence[str]) -> str:
    """Return the last questions before a request as a prompt shows them, a line each."""
    return "".join(f"Earlier question: {question[:LONGEST]}\n" for question in earlier[-_EARLIER:])


def _probes(fingerprint: str, made: Path | None) -> Mapping[str, Probe]:
    """Return the probes of a model by task; none where one is missing."""
    found = {task: probe for task in TASKS if (probe := probes.find(fingerprint, f"request_{task}", made))}
    label = probes.find(fingerprint, f"request_{LABEL}", made)
    return {} if len(found) < len(TASKS) else {**found, LABEL: label} if label else found


def layers(found: Mapping[str, Probe]) -> tuple[int, int]:
    """Return the layers that are looked at: that of the tokens and that of the last token."""
    return found["slots"].layer, found["kind"].layer


def summary(reading: Reading, of_tokens: int, of_last: int) -> Vectors:
    """Return what the kind is told from: the mean of the request's tokens, then the last token's state."""
    return np.concatenate([reading.tokens[of_tokens].mean(axis=0), reading.last[of_last]])


def understood(text: str, reading: Reading, found: Mapping[str, Probe], *, is_first: bool = False) -> Request:
    """Return a request as probes read its hidden states; the first of a talk that names something follows nothing."""
    state = summary(reading, *layers(found))
    shares = {task: found[task].probabilities(state) for task in TASKS if task != "slots"}
    named = named_in(
        text, reading.spans, found["slots"].probabilities(reading.tokens[layers(found)[0]]), found["slots"]
    )
    labelling = _labelling(reading, found)
    if is_first and (named or any(share > _NAMED for _, _, share in labelling)):
        shares["kind"][found["kind"].labels.index("followup")] = 0.0
    best = {task: found[task].labels[int(each.argmax())] for task, each in shares.items()}
    best["kind"] = _kind(dict(zip(found["kind"].labels, shares["kind"], strict=True)), best["position"])
    values = {task: "" if value == "none" else value for task, value in best.items()}
    share = float(shares["kind"][found["kind"].labels.index(best["kind"])])
    return Request(text, named=named, share=share, labelling=labelling, **values)  # type: ignore[arg-type]


def _labelling(reading: Reading, found: Mapping[str, Probe]) -> tuple[tuple[int, int, float], ...]:
    probe = found.get(LABEL)
    if probe is None:
        return ()
    shares = probe.probabilities(reading.tokens[layers(found)[0]])[:, probe.labels.index(LABEL)]
    return tuple((start, end, float(share)) for (start, end), share in zip(reading.spans, shares, strict=True))


def _kind(shares: Mapping[str, float], position: str) -> str:
    """Return the most probable kind of those that are answered in the way that is most probable together.

    A place among the authors is asked for only where the request is read so as a whole, too.
    """
    fitting = {kind: share for kind, share in shares.items() if kind != f"{_OTHER.get(position, '')}_author"}
    if position == "none":
        fitting = {kind: share for kind, share in fitting.items() if kind not in ("first_author", "last_author")}
    ways = [[kind for kind in fitting if kind in way] for way in (_PROSE, _OVERVIEWS, _ABOUT, {"followup"})]
    ways.append([kind for kind in fitting if not any(kind in way for way in ways)])
    likeliest = max(ways, key=lambda way: sum(fitting[kind] for kind in way))
    return max(likeliest, key=fitting.__getitem__)


def named_in(
    text: str, spans: Sequence[tuple[int, int]], shares: NDArray[np.float64], probe: Probe
) -> tuple[Named, ...]:
    """Return what a request names, from the probabilities of each token: whole words, neighbours of a role as one."""
    units = [match.span() for match in _UNIT.finditer(text)]
    logs = np.log(np.clip(shares, 1e-6, None))
    held = [[n for n, (start, end) in enumerate(spans) if start < last and first < end] for first, last in units]
    known = [(unit, logs[tokens].mean(axis=0)) for unit, tokens in zip(units, held, strict=True) if tokens]
    if not known:
        return ()
    roles = [probe.labels[place] for place in _path(np.stack([log for _, log in known]))]
    return tuple(
        Named(role, text[start:end], start, end)
        for role, group in groupby(zip(roles, (unit for unit, _ in known), strict=True), key=lambda pair: pair[0])
        if role != "none"
        for start, end in _passages(text, [unit for _, unit in group], is_list=role in _PARTED)
    )


def _path(logs: NDArray[np.float64]) -> list[int]:
    """Return the most probable label of each word, where another than the one before costs `_CHANGE` (Viterbi)."""
    best, came = logs[0], []
    for row in logs[1:]:
        stay, leave = best, best.max() - _CHANGE
        came.append(np.where(stay >= leave, np.arange(len(row)), best.argmax()))
        best = np.maximum(stay, leave) + row
    path = [int(best.argmax())]
    for back in reversed(came):
        path.append(int(back[path[-1]]))
    return path[::-1]


def _passages(text: str, units: Sequence[tuple[int, int]], *, is_list: bool) -> Iterator[tuple[int, int]]:
    """Yield the passages that neighbouring words make: one, or each of a list; without a possessive's ending."""
    first, end = units[0][0], units[-1][1]
    cuts = [match.span() for match in _BETWEEN.finditer(text, first, end)] if is_list else []
    for start, stop in zip([first, *(cut[1] for cut in cuts)], [*(cut[0] for cut in cuts), end], strict=True):
        said = re.sub(r"(?:['’]s|['’])$", "", text[start:stop])
        if said.strip():
            yield start, start + len(said)
