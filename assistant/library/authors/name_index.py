"""All spellings of names in a library, by what may make two of them one person's."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from assistant.library.authors.names import Form, collapse, fit, parse, shortened, swapped, uncapitalised
from assistant.text import same_person

Key = tuple[str, str]

_RARE = 3
"""Names of one family name and initial, at most, that count as one person's where they are a co-author's."""

_COMMON = 0.5
"""How many people of one name there would be by chance, from which on a co-author of that name proves little."""

_SHARED = 0.05
"""The same, from which on a name without its middle name may be somebody else's."""

_MOSTLY = 0.1
"""A word is no family name where it is one at most so often as it is a given name."""


class NameIndex:
    """Which names share a family name and an initial, and which of those lists belong together."""

    def __init__(self, spellings: Mapping[str, int]) -> None:
        """Read the spellings of a library, each with how often it stands on a paper."""
        self.forms: dict[str, Form] = {}
        self.spellings: dict[str, list[str]] = defaultdict(list)
        self.plain_of: dict[str, str] = {}
        self.turned: set[str] = set()
        self._of_key: dict[Key, list[str]] = defaultdict(list)
        self._of_word: dict[str, list[str]] = defaultdict(list)
        self._of_native: dict[str, list[str]] = defaultdict(list)
        self._linked: dict[str, set[str]] = defaultdict(set)
        self._tokens: dict[str, tuple[str, bool]] = {}
        self.family_uses: Counter[str] = Counter()
        self.given_uses: Counter[str] = Counter()
        parsed = [(spelling, parse(spelling)) for spelling in spellings]
        uses: Counter[str] = Counter()
        known: dict[str, Form] = {}
        for spelling, form in parsed:
            if form.family:
                uses[form.plain] += spellings[spelling]
                known[form.plain] = form
        for form in known.values():
            self.family_uses[form.family[-1]] += 1
            self.given_uses.update(form.given[:1])
        for spelling, form in parsed:
            if form.family:
                self._add(spelling, self._in_usual_order(self._without_capitals(spelling, form), uses))
        for plain, form in self.forms.items():
            self._of_key[form.key].append(plain)
            for word in dict.fromkeys((*form.words, *(collapse(word) for word in form.words))):
                self._of_word[word].append(plain)
            if form.native:
                self._of_native[form.native].append(plain)
        for plain, form in self.forms.items():
            for other in (shortened(form), swapped(form)):
                if other is not None and other.plain in self.forms and other.plain != plain:
                    self._linked[plain].add(other.plain)
                    self._linked[other.plain].add(plain)
            if form.native and len(self._of_native[form.native]) > 1:
                self._linked[plain].update(self._of_native[form.native])

    def _add(self, spelling: str, form: Form) -> None:
        known = self.forms.get(form.plain)
        if known is None:
            self.forms[form.plain] = form
        else:  # hyphens part a name into more words; any spelling may tell the marks or the other script
            fuller = max(known, form, key=lambda each: (each.fullness, each.words))
            self.forms[form.plain] = replace(
                fuller, native=known.native or form.native, spelt_out=known.spelt_out or form.spelt_out
            )
        self.spellings[form.plain].append(spelling)
        self.plain_of[spelling] = form.plain

    def _without_capitals(self, spelling: str, form: Form) -> Form:
        """Return "Wei Li" for "Wei LI", where Li is a family name of the library rather than Wei."""
        other = parse(uncapitalised(spelling))
        if other.family and self.family_uses[other.family[-1]] >= self.family_uses[form.family[-1]]:
            return other
        return form

    def _in_usual_order(self, form: Form, uses: Mapping[str, int]) -> Form:
        """Return "Naibin Gu" for "Gu Naibin", where the library has that too and its words are mostly used so.

        Where no other name uses the words at all, the order that stands on more papers is the usual one.
        """
        other = swapped(form)
        if other is None or other.plain not in uses or other.plain == form.plain:
            return form
        mine, theirs = self.usualness(form), self.usualness(other)
        is_rarer = (uses[form.plain], form.plain) < (uses[other.plain], other.plain)
        if mine <= _MOSTLY and (theirs > mine or (theirs == mine == 0.0 and is_rarer and self._is_unknown(form))):
            self.turned.add(form.plain)
            return other
        return form

    def usualness(self, form: Form) -> float:
        """Return how usual it is, in [0, 1], that the last word is a family name and the first a given one."""
        if not form.given or not form.family:
            return 0.0
        family, given = form.family[-1], form.given[0]
        shares = (
            (self.family_uses[family] - 1) / max(1, self.family_uses[family] + self.given_uses[family] - 1),
            (self.given_uses[given] - 1) / max(1, self.family_uses[given] + self.given_uses[given] - 1),
        )
        return min(shares) if max(shares) else 0.0

    def _is_unknown(self, form: Form) -> bool:
        """Tell whether no other name speaks for reading this one as it stands."""
        return self.family_uses[form.family[-1]] <= 1 and self.given_uses[form.given[0]] <= 1

    def is_common(self, form: Form) -> bool:
        """Tell whether several people of the library may well have this name."""
        if not form.given:
            return True
        others = max(0, self.given_uses[form.given[0]] - 2), max(0, self.family_uses[form.family[-1]] - 2)
        return others[0] * others[1] / max(1, len(self.forms)) > _SHARED

    def block(self, plain: str, links: dict[str, set[str]]) -> list[str]:
        """Return every name that may have to do with this one, itself among them, in a fixed order.

        `links` are names that a person's decisions join.
        """
        seen, waiting = {self.forms[plain].key}, [self.forms[plain].key]
        while waiting:
            for name in self._of_key[waiting.pop()]:
                for other in (*self._linked.get(name, ()), *links.get(name, ())):
                    key = self.forms[other].key
                    if key not in seen:
                        seen.add(key)
                        waiting.append(key)
        return sorted(name for key in seen for name in self._of_key[key])

    def same_in_scripts(self, plain: str) -> list[str]:
        """Return the names that are this one in another script, as a source writes both."""
        native = self.forms[plain].native
        return [other for other in self._of_native[native] if other != plain] if native else []

    def first_name(self, plain: str) -> str:
        """Return the first given name in letters that do not tell whether vowels are spelt out; "" for an initial."""
        given = self.forms[plain].given
        return collapse(given[0]) if given and len(given[0]) > 1 else ""

    def token(self, spelling: str) -> tuple[str, bool]:
        """Return a word for a co-author, equal for spellings of one name, and whether the name is a common one.

        The word is "" where the name says too little, as an initial and a common family name do.
        """
        known = self._tokens.get(spelling)
        if known is None:
            known = self._tokens[spelling] = self._token(spelling)
        return known

    def _token(self, spelling: str) -> tuple[str, bool]:
        plain = self.plain_of.get(spelling, "")
        if not plain:
            return "", False
        form = self.forms[plain]
        if len(self._of_key[form.key]) <= _RARE:
            return " ".join(form.key), False
        return (plain, self.commonness(form) > _COMMON) if form.has_full_given_name else ("", False)

    def commonness(self, form: Form) -> float:
        """Return how many others of this name the library would hold if given and family names went by chance."""
        if not form.given:
            return 0.0
        given = self.given_uses[form.given[0]] if form.has_full_given_name else len(self._of_key[form.key])
        return max(0, given - 1) * max(0, self.family_uses[form.family[-1]] - 1) / max(1, len(self.forms))

    def named(self, words: str) -> list[str]:
        """Return the names that the words may mean, those of the best rank only; see `authors.find`."""
        asked = parse(words)
        if not asked.family:
            return []
        native = set(self._of_native.get(asked.native, ())) if asked.native else set()
        said = [word for word in asked.words if len(word) > 1]
        near = self._holding(said)
        if len(asked.words) == 1:
            return sorted(near | native)
        orders = [asked, *_other_orders(asked)]
        if (other := parse(uncapitalised(words))).family:
            orders.append(other)
            near |= self._holding(word for word in other.words if len(word) > 1)
        if asked.has_full_given_name:
            same = {plain for plain in near if any(_is_same(self.forms[plain], form) for form in orders)}
            if same or native:
                return sorted(same | native)
        fitting = {plain for plain in near if any(fit(self.forms[plain], form) for form in orders)}
        if not fitting:
            text = " ".join(asked.words)
            fitting = {plain for plain in near if same_person(text, " ".join(self.forms[plain].words))}
        return sorted(fitting | native)

    def _holding(self, words: Iterable[str]) -> set[str]:
        """Return the names of which one of the words, spelt out or not, is a part."""
        found: set[str] = set()
        for word in words:
            found.update(self._of_word.get(word, ()), self._of_word.get(collapse(word), ()))
        return found


def _is_same(known: Form, asked: Form) -> bool:
    found = fit(known, asked)
    return found is not None and found.is_sure


def _other_orders(form: Form) -> list[Form]:
    """Return a name read with its first word, or its first two, as the family name: "gu naibin", "gu n"."""
    words = (*form.given, *form.family)
    if form.particles or len(words) < 2:
        return []
    return [
        Form(words[cut:], words[:cut], (), form.suffix, form.native, form.spelt_out)
        for cut in (1, 2)
        if len(words) > cut
    ]
