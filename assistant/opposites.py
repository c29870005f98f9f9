"""Negations, directions and comparisons: what turns a sentence into its opposite while nearly all words stay."""

from __future__ import annotations

import itertools
import re
from difflib import SequenceMatcher

from assistant.literals import GENERIC, TOKEN, names, stem
from assistant.names import fold
from assistant.words import STOP_WORDS

_NEGATIONS = frozenset(
    "not no never without cannot neither nor none nothing hardly barely lack lacks lacking fail fails failed unable "
    "instead rather unlike free n't isn't doesn't don't didn't wasn't aren't can't won't couldn't weren't".split()
)

_NEGATION_REACH = 2
"""Content words behind a negation that it is taken to negate; of a direction, the next two words."""

_AXES: tuple[tuple[frozenset[str], frozenset[str]], ...] = tuple(
    (frozenset(one.split()), frozenset(other.split()))
    for one, other in (
        (
            "increase increases increased increasing raise raises raised rise rises more higher larger greater longer "
            "bigger grow grows",
            "decrease decreases decreased decreasing reduce reduces reduced reducing lower lowers fewer less smaller "
            "shorter drop drops shrink shrinks decline declines",
        ),
        (
            "improve improves improved improving improvement improvements outperform outperforms outperformed "
            "outperforming surpass surpasses surpassed beat beats better superior exceed exceeds exceeded best gain "
            "gains boost boosts enhance enhances enhanced",
            "degrade degrades degraded worsen worsens worsened underperform underperforms underperformed worse "
            "inferior worst hurt hurts harm harms degradation",
        ),
        ("fast faster quick quicker quickly rapidly speeds accelerates speedup", "slow slower slowly slows"),
        ("easy easier simple simpler", "hard harder difficult complex"),
        ("strong stronger strongly robust", "weak weaker weakly fragile"),
        ("all every always each", "none never"),
        ("first", "last"),
        ("high frequent often common", "low rare rarely infrequent seldom"),
        ("before early earlier", "after late later"),
        ("online", "offline"),
        ("supervised", "unsupervised"),
        ("maximize maximizes maximise maximum maximal", "minimize minimizes minimise minimum minimal"),
        ("positive positively", "negative negatively"),
        ("largest highest longest", "smallest lowest shortest"),
        ("sufficient sufficiently enough suffices", "insufficient"),
        ("effective effectively efficient", "ineffective inefficient"),
        ("similar same identical", "different dissimilar"),
        ("necessary essential crucial important", "unnecessary unimportant irrelevant"),
        ("stable", "unstable"),
        ("linear linearly", "nonlinear exponential exponentially"),
        ("local", "global"),
    )
)

_COMPARISON = re.compile(
    r"\b(?:than|over|outperform\w*|surpass\w*|beat\w*|exceed\w*|underperform\w*|compared (?:to|with))\b", re.IGNORECASE
)


def contradicts(sentence: str, span: str) -> tuple[float, float]:
    """Compare two readable texts on the same matter; each figure is 0 where they agree and 1 where they do not.

    The first: a word that one negates stands in the other only without negation. The second: one goes up where the
    other goes down.
    """
    said, held = _polarity(sentence), _polarity(span)
    negated = any(len(held[word]) == 1 and held[word] != signs for word, signs in said.items() if word in held)
    return float(negated), float(_turned_axis(sentence, span))


def swapped_roles(sentence: str, span: str) -> float:
    """Return 1 where "A better than B" meets "B better than A", for the names next to the comparing word."""
    said, held = _roles(sentence), _roles(span)
    return float(bool(said and held and said[0] == held[1] and said[1] == held[0] and said[0] != said[1]))


def _polarity(text: str) -> dict[str, set[bool]]:
    """Return, for each content stem, whether it stands negated, unnegated or both."""
    signs: dict[str, set[bool]] = {}
    left = 0
    for match in re.finditer(r"[\w']+|[,;:.()]", text.lower()):
        word = match.group()
        if word in _NEGATIONS or word.endswith("n't"):
            left = _NEGATION_REACH
        elif word in ",;:.()" or word in {"but", "and", "while", "although"}:
            left = 0
        elif word not in STOP_WORDS:
            root = stem(fold(word))
            if root not in GENERIC or left:
                signs.setdefault(root, set()).add(left > 0)
            left -= left > 0
    return signs


def foreign_direction(sentence: str, span: str, held: str) -> bool:
    """Tell whether a sentence negates where its span never does, or goes in a direction that a source never takes."""
    said, known = _directions(sentence), _directions(held)
    words = set(re.findall(r"[\w']+", held.lower()))
    foreign = any(
        said[axis] - known[axis]
        for axis in range(len(_AXES))
        if not {word for word in re.findall(r"[\w']+", sentence.lower()) if axis in _AXIS_OF.get(word, ())} <= words
    )
    return foreign or (_negates(sentence) and not _negates(span))


def replaced(sentence: str, span: str) -> float:
    """Return 1 where a sentence is its span word for word but for one word that means another thing, else 0.

    One content word against another, between two pairs of equal words (or one pair at an end of the sentence).
    """
    said = [stem(word) for word in fold(sentence).split()][:200]
    held = [stem(word) for word in fold(span).split()][:400]
    blocks = SequenceMatcher(None, said, held, autojunk=False).get_matching_blocks()
    for one, other in itertools.pairwise(blocks):
        left, right = one.a + one.size, one.b + one.size
        gap, lack = said[left : other.a], held[right : other.b]
        near = one.size >= 2 and (other.size >= 2 or (other.size == 1 and other.a + 1 == len(said)))
        if near and len(gap) == 1 and len(lack) == 1 and not _means_little(gap[0]) and not _are_forms(gap[0], lack[0]):
            return 1.0
    return 0.0


def _means_little(word: str) -> bool:
    return word in GENERIC or word in STOP_WORDS or len(word) < 3


def _are_forms(one: str, other: str) -> bool:
    return one[:5] == other[:5] or one in other or other in one


def _negates(text: str) -> bool:
    return any(word in _NEGATIONS or word.endswith("n't") for word in re.findall(r"[\w']+", text.lower()))


def _turned_axis(sentence: str, span: str) -> bool:
    """Tell whether a word of direction meets its opposite in the span, among the same words or where no other is."""
    said, held = _bound_directions(sentence), _bound_directions(span)
    for axis, upward, near in said:
        rivals = [(len(near & around), up == upward) for other, up, around in held if other == axis]
        if rivals and not max(rivals)[1]:
            return True
    return False


def _bound_directions(text: str) -> list[tuple[int, bool, frozenset[str]]]:
    """Return axis and direction of each such word of a text, with the stems of the content words near it."""
    words = re.findall(r"[\w']+", text.lower())
    roots = [stem(word) if word not in STOP_WORDS else "" for word in words]
    bound, left = [], 0
    for place, word in enumerate(words):
        if word in _NEGATIONS or word.endswith("n't"):
            left = _NEGATION_REACH
            continue
        near = frozenset(roots[max(0, place - 4) : place] + roots[place + 1 : place + 5]) - {""}
        bound += [(axis, (word in _AXES[axis][0]) != (left > 0), near) for axis in _AXIS_OF.get(word, ())]
        left -= left > 0
    return bound


def _directions(text: str) -> list[set[bool]]:
    """Return, for each axis, in which directions a text goes; a negation before the word turns it."""
    directions: list[set[bool]] = [set() for _ in _AXES]
    left = 0
    for word in re.findall(r"[\w']+", text.lower()):
        if word in _NEGATIONS or word.endswith("n't"):
            left = _NEGATION_REACH
            continue
        for axis in _AXIS_OF.get(word, ()):
            directions[axis].add((word in _AXES[axis][0]) != (left > 0))
        left -= left > 0
    return directions


_AXIS_OF: dict[str, list[int]] = {}

for _axis, _sides in enumerate(_AXES):
    for _word in _sides[0] | _sides[1]:
        _AXIS_OF.setdefault(_word, []).append(_axis)


def _roles(text: str) -> tuple[str, str] | None:
    """Return the names next to the first comparing word, on its left and on its right."""
    match = _COMPARISON.search(text)
    if not match:
        return None
    known = set(names("x " + text))
    before = [token.group() for token in TOKEN.finditer(text[: match.start()]) if token.group() in known]
    behind = [token.group() for token in TOKEN.finditer(text[match.end() :]) if token.group() in known]
    if not before or not behind:
        return None
    subject = before[0] if len(before) == 1 or text[match.start() : match.start() + 4].lower() == "over" else before[-1]
    return fold(subject), fold(behind[0])
