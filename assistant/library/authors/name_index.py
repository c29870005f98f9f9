"""The names of a library, each with the fullest name that it stands for."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations, product

from assistant.library.authors.names import (
    NameMatch,
    ParsedName,
    collapse,
    match,
    parse,
    reversed_order,
    shortened,
    uncapitalised,
)
from assistant.text import same_person

_SHARED = 0.05
"""Commonness from which on a name without its middle name may be somebody else's."""

_RARELY = 0.1
"""A word is not a family name where the share of its uses as one is at most this."""


class NameIndex:
    """The names of a library by their keys (`ParsedName.key`). Not changed once it is made."""

    def __init__(self, spellings: Mapping[str, int]) -> None:
        """Read the spellings of a library, each with how often it stands on a paper.

        `names` holds the parsed names, `key_of` the key of a spelling; `reversed` are the spellings with the family
        name first. `head_of` leads from a key to the key of the fullest name that it surely stands for, `match_of` says
        why; `candidates` holds for each other key the fullest names that it may stand for.
        """
        self.names: dict[str, ParsedName] = {}
        self.key_of: dict[str, str] = {}
        self.reversed: set[str] = set()
        self._of_word: dict[str, list[str]] = defaultdict(list)
        self._of_native: dict[str, list[str]] = defaultdict(list)
        self._family_uses: Counter[str] = Counter()
        self._given_uses: Counter[str] = Counter()
        self._read(spellings)
        for key, name in self.names.items():
            for word in dict.fromkeys((*name.words, *map(collapse, name.words))):
                self._of_word[word].append(key)
            if name.native:
                self._of_native[name.native].append(key)
        self.matches: dict[str, dict[str, NameMatch]] = defaultdict(dict)
        for one, other, why in self._matches():
            self.matches[one][other] = self.matches[other][one] = why
        self.head_of: dict[str, str] = {}
        self.match_of: dict[str, NameMatch] = {}
        self.candidates: dict[str, dict[str, NameMatch]] = {}
        self._find_heads()

    def _read(self, spellings: Mapping[str, int]) -> None:
        parsed = {spelling: name for spelling in spellings if (name := parse(spelling)).family}
        uses: Counter[str] = Counter()
        known: dict[str, ParsedName] = {}
        for spelling, name in parsed.items():
            key = name.key
            known[key] = name
            uses[key] += spellings[spelling]
        for name in known.values():
            self._family_uses[name.family[-1]] += 1
            self._given_uses.update(name.given[:1])
        for spelling, name in parsed.items():
            if changed := uncapitalised(spelling):  # "Wei Li" for "Wei LI", unless Wei is the family name
                name = max(parse(changed), name, key=lambda each: self._family_uses[each.family[-1]])
            turned = reversed_order(name)
            if turned is not None and self._is_reversed(name, turned, uses):
                self.reversed.add(spelling)
                name = turned
            self._add(spelling, name)

    def _add(self, spelling: str, name: ParsedName) -> None:
        key = name.key
        known = self.names.get(key)
        if known is not None and known != name:
            # hyphens part a name into more words; any spelling may tell the marks or the other script
            fuller = max(known, name, key=lambda each: (each.fullness, each.words))
            is_marked = known.has_marked_vowel or name.has_marked_vowel
            name = replace(fuller, native=known.native or name.native, has_marked_vowel=is_marked)
        self.names[key] = name
        self.key_of[spelling] = key

    def _is_reversed(self, name: ParsedName, turned: ParsedName, uses: Mapping[str, int]) -> bool:
        """Tell whether the library has "Naibin Gu" beside "Gu Naibin", and uses the words mostly in that order.

        Where no other name tells, the order that stands on more papers is the usual one.
        """
        key, other = name.key, turned.key
        if other not in uses or other == key:
            return False
        mine, theirs = self._family_share(name), self._family_share(turned)
        return mine <= _RARELY and (theirs > mine or (uses[key], key) < (uses[other], other))

    def _family_share(self, name: ParsedName) -> float:
        """Return in which share of the library's other names with this one's last word it is a family name."""
        word = name.family[-1]
        return (self._family_uses[word] - 1) / max(1, self._family_uses[word] + self._given_uses[word] - 1)

    def commonness(self, name: ParsedName, own: int = 1) -> float:
        """Return how many others of this name the library would hold if given and family names went by chance.

        `own` of the library's names are taken for this one's own.
        """
        if not name.given:
            return 0.0
        given, family = self._given_uses[name.given[0]], self._family_uses[name.family[-1]]
        return max(0, given - own) * max(0, family - own) / max(1, len(self.names))

    def _matches(self) -> Iterator[tuple[str, str, NameMatch]]:
        """Yield the pairs of names that may be one person's: of one block, or by a rule that changes the block."""
        buckets: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for key, name in self.names.items():
            first = name.given[0] if name.given and len(name.given[0]) > 1 else ""
            buckets[name.block][collapse(first)].append(key)
        for block in buckets.values():
            initials = block.pop("", [])
            pairs = [*combinations(initials, 2)]
            for bucket in block.values():
                pairs += [*combinations(bucket, 2), *product(bucket, initials)]
            for one, other in pairs:
                if why := match(self.names[one], self.names[other]):
                    yield one, other, why
        for key, name in self.names.items():
            short, turned = shortened(name), reversed_order(name)
            if short and short.key != key and short.key in self.names and (why := match(name, self.names[short.key])):
                yield key, short.key, why
            if turned and turned.key != key and turned.key in self.names:
                yield key, turned.key, NameMatch("family name first", 0.8, needs_coauthors=True)
        for keys in self._of_native.values():
            for one, other in combinations(keys, 2):
                yield one, other, NameMatch("a source writes the name in both scripts", 0.95, is_exact=True)

    def _find_heads(self) -> None:
        """Put each name, the fullest first, to the fullest name that it matches; where these are several, note all."""
        self.head_of = {key: key for key in self.names if key not in self.matches}
        order = {key: (self.names[key].fullness, self._family_share(self.names[key]), key) for key in self.matches}
        for key in sorted(order, key=order.__getitem__, reverse=True):
            heads: dict[str, NameMatch] = {}
            exact: dict[str, NameMatch] = {}
            for other, why in self.matches[key].items():
                head = self.head_of.get(other)
                if head is None:
                    continue
                if head not in heads or why.confidence > heads[head].confidence:
                    heads[head] = why
                if why.is_exact:
                    exact[head] = why
            chosen = exact if len(exact) == 1 else heads
            if not chosen:
                self.head_of[key] = key
                continue
            head, why = next(iter(chosen.items()))
            is_shared = why.omits_name and self.commonness(self.names[key], own=2) > _SHARED
            if len(chosen) > 1 or why.needs_coauthors or is_shared:
                self.candidates[key] = heads
            else:
                self.head_of[key], self.match_of[key] = head, why

    def find(self, words: str) -> list[str]:
        """Return the keys of the names that words may mean, of the best rank only; see `authors.find`."""
        asked = parse(words)
        if not asked.family:
            return []
        native = set(self._of_native.get(asked.native, ())) if asked.native else set()
        orders = [asked, *_family_first(asked)]
        if len(asked.words) > 1 and (other := parse(uncapitalised(words))).family:
            orders.append(other)
        said = {each for order in orders for word in order.words if len(word) > 1 for each in (word, collapse(word))}
        near = {key for word in said for key in self._of_word.get(word, ())}
        if len(asked.words) == 1:
            return sorted(near | native)
        matches = {key: [why for order in orders if (why := match(self.names[key], order))] for key in near}
        if asked.has_full_given_name:
            same = {key for key, found in matches.items() if any(why.is_exact for why in found)}
            if same or native:
                return sorted(same | native)
        matching = {key for key, found in matches.items() if found}
        if not matching:
            text = " ".join(asked.words)
            matching = {key for key in near if same_person(text, " ".join(self.names[key].words))}
        return sorted(matching | native)


def _family_first(name: ParsedName) -> list[ParsedName]:
    """Return a name read with its first word, or its first two, as the family name: "gu naibin", "gu n"."""
    words = (*name.given, *name.family)
    if name.particles or len(words) < 2:
        return []
    return [
        ParsedName(words[cut:], words[:cut], (), name.suffix, name.native, name.has_marked_vowel)
        for cut in (1, 2)
        if len(words) > cut
    ]
