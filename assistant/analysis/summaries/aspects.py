"""Aspects of a paper in the words of its abstract: what it does, how, with what result and with which limits.

Abstracts move through zones: what was lacking, what is done here, how, what came out. Words tell the zones apart
(argumentative zoning: Teufel, "Argumentative Zoning", 1999; Teufel and Moens, "Summarizing scientific articles",
2002), and so do the labels of structured abstracts ("Methods: ..."). The words stand in `aspects.toml`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

from assistant.text import prompt_safety, split_sentences

Zone = Literal["", "background", "what", "how", "result", "conclusion", "limits"]

_LONGEST = 20_000
"""Characters of an abstract that are read."""

_LABEL = re.compile(r"\W{0,3}((?:[^\W\d_]|[/&,()' -]){3,45}?)\s*(?:[:：]|[.–—-](?=\s|$))\s*")

_AND = re.compile(r"\s*(?:[/&,]|\band\b)\s*")

_STRONG, _WEAK, _BESIDE = 2.0, 1.0, 0.3

_BEHIND = {1: 0.6, 2: 0.3}
"""What speaks for a sentence as the one that says how, for standing so far behind the one that says what."""

_ENOUGH = 0.3
"""The least that speaks for a sentence that is taken for an aspect."""


@dataclass(frozen=True, slots=True)
class Aspects:
    """What a paper does, how, what came out and where it falls short: verbatim from its abstract, "" if not stated."""

    what: str = ""
    how: str = ""
    result: str = ""
    limits: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One sentence of an abstract without the label of its section, the section's zone, and the cues it holds.

    Cues are named as in `aspects.toml`: "aim.strong", "limits.sure" ...
    """

    text: str
    zone: Zone
    cues: frozenset[str]

    def weight(self, group: str) -> float:
        """Weigh the cues of a group: one for sure counts most, and one beside it little more."""
        strong, weak = f"{group}.strong" in self.cues, f"{group}.weak" in self.cues
        return _STRONG + _BESIDE * weak if strong else _WEAK * weak

    @property
    def is_outcome(self) -> bool:
        """Tell whether the sentence surely says what came out."""
        return "outcome.strong" in self.cues

    @property
    def is_limit(self) -> bool:
        """Tell whether the sentence says where the paper falls short."""
        if self.zone in ("limits", "background", "what"):
            return self.zone == "limits"
        return bool(self.cues & {"limits.sure", "limits.later"}) and not self.cues & {"limits.never", "aim.strong"}


def find(abstract: str) -> Aspects:
    """Return the sentence of an abstract that states each aspect; sentences that give orders to a reader are none.

    One sentence serves two aspects only where it says both and no other does.
    """
    found = parts(abstract)
    if not found:
        return Aspects()
    what = _what(found)
    result = _result(found, what)
    how = _how(found, what, result)
    limits = _limits(found, what)
    return Aspects(*("" if i is None else found[i].text for i in (what, how, result, limits)))


def parts(abstract: str) -> tuple[Part, ...]:
    """Return the sentences of an abstract with their zones and cues; a section's label is no sentence.

    Labels count where there are two of different zones: one alone may be any word before a colon.
    """
    said = prompt_safety.without_orders(abstract[:_LONGEST])
    read = [(sentence, *_label(sentence)) for sentence in split_sentences(said)]
    is_labelled = len({zone for _, zone, _ in read if zone}) > 1
    found: list[Part] = []
    current: Zone = ""
    for sentence, zone, rest in read:
        if is_labelled and zone:
            current = zone
        text = rest if is_labelled and zone else sentence
        if any(character.isalnum() for character in text):
            found.append(Part(text, current if is_labelled else "", _cues(text)))
    return tuple(found)


def _cues(sentence: str) -> frozenset[str]:
    """Return the names of the groups of cues of which a sentence holds one ("aim.strong", "outcome.weak" ...)."""
    lowered = " ".join(sentence.split()).lower().replace("’", "'")
    patterns, _ = _rules()
    return frozenset(name for name, pattern in patterns.items() if pattern.search(lowered))


def _label(sentence: str) -> tuple[Zone, str]:
    """Return the zone of the section that a sentence opens, and the sentence without the label.

    The zone of "Patients and methods" is that of the first word known.
    """
    if match := _LABEL.match(sentence):
        whole, (_, zones) = " ".join(match[1].lower().split()), _rules()
        for name in (whole, *_AND.split(whole)):
            if name in zones:
                return zones[name], sentence[match.end() :]
    return "", sentence


def _what(found: Sequence[Part]) -> int | None:
    """Return the sentence that says what the paper brings or asks; some papers only begin to tell."""
    scores = [_aim(part, index / len(found)) for index, part in enumerate(found)]
    best = _best(scores)
    if best is not None or any(part.zone for part in found):
        return best
    hinted = [i for i, part in enumerate(found) if part.weight("aim") and "background.strong" not in part.cues]
    if hinted:
        return max(hinted, key=scores.__getitem__)
    told = [i for i, part in enumerate(found) if part.weight("way") and not part.weight("background")]
    return next((i for i in told if not found[i].is_outcome), told[0] if told else None)


def _aim(part: Part, place: float) -> float:
    """Weigh a sentence as the one that says what is done; `place` is 0 for the first, near 1 for the last."""
    score = part.weight("aim") + {"what": 2.0, "how": -0.5, "": 0.0, "background": 0.0}.get(part.zone, -1.5)
    if "aim.strong" not in part.cues:
        score -= 0.25 * part.weight("background") + 0.75 * part.is_outcome + 1.5 * ("detail.available" in part.cues)
    score -= 0.75 * ("detail.adds" in part.cues) + 0.25 * ("detail.points_back" in part.cues)
    return score - place


def _result(found: Sequence[Part], what: int | None) -> int | None:
    scores = []
    for index, part in enumerate(found):
        score = part.weight("outcome") + {"result": 2.0, "conclusion": 2.0, "": 0.0}.get(part.zone, -2.0)
        if not part.zone:
            score -= _background(part, index, what) + 1.5 * ("aim.strong" in part.cues)
            score -= 1.5 * (what is not None and index < what) + ("aim.weak" in part.cues and not part.is_outcome)
            score += 0.3 * index / len(found)
        score -= 0.5 * ("detail.adds" in part.cues) + 2.0 * ("detail.available" in part.cues) + 2.0 * part.is_limit
        scores.append(score if index != what else 0.0)
    best = _best(scores, 1.1)
    return what if best is None and what is not None and found[what].is_outcome else best


def _how(found: Sequence[Part], what: int | None, result: int | None) -> int | None:
    is_labelled = any(part.zone == "how" for part in found)
    scores = []
    for index, part in enumerate(found):
        score = part.weight("way") + (2.5 if part.zone == "how" else -2.0 if part.zone and is_labelled else 0.0)
        if not part.zone:
            score -= _background(part, index, what) + 0.75 * part.weight("outcome")
            score += 0.5 * ("aim.strong" in part.cues or "aim.weak" in part.cues)
        score -= 2.5 * (what is not None and index < what and part.zone != "how")
        score -= 2.0 * ("detail.available" in part.cues) + 0.5 * ("detail.adds" in part.cues) + 2.0 * part.is_limit
        if what is not None and not part.zone and part.weight("way"):
            score += _BEHIND.get(index - what, 0.0)
        scores.append(score - 0.5 * index / len(found) if index not in (what, result) else 0.0)
    best = _best(scores)
    says_both = what is not None and what != result and found[what].weight("way") > 0
    return what if best is None and says_both else best


def _background(part: Part, index: int, what: int | None) -> float:
    """Return what speaks against a sentence for telling the background; behind the aim, weak signs are none."""
    is_told = what is not None and index > what and "background.strong" not in part.cues
    return 0.0 if is_told else 0.5 * part.weight("background")


def _limits(found: Sequence[Part], what: int | None) -> int | None:
    """Return the sentence that says where the paper falls short: a limit stands behind what the paper brings."""
    said = [i for i, part in enumerate(found) if part.is_limit and (what is None or i > what or part.zone)]
    return next(
        (i for i in said if found[i].zone == "limits" or "limits.sure" in found[i].cues), said[0] if said else None
    )


def _best(scores: Sequence[float], enough: float = _ENOUGH) -> int | None:
    """Return where the highest score stands, the first of equal ones; None where none is enough."""
    best = max(range(len(scores)), key=scores.__getitem__)
    return best if scores[best] >= enough else None


@cache  # they ship with the program
def _rules() -> tuple[Mapping[str, re.Pattern[str]], Mapping[str, Zone]]:
    """Return a pattern for each group of cues, and the zones of labels."""
    file = resources.files("assistant.analysis.summaries") / "aspects.toml"
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    words, labels = dict[str, str](), table.pop("labels")

    def filled(pattern: str) -> str:
        return re.sub(r"\{([a-z]+)\}", lambda name: words[name[1]], pattern)

    for name, pattern in table.pop("words").items():
        words[name] = filled(pattern)
    cues = {
        f"{group}.{name}": re.compile("|".join(map(filled, patterns)))
        for group, by_name in table.items()
        for name, patterns in by_name.items()
    }
    return cues, {label: zone for zone, known in labels.items() for label in known}
