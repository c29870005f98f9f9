"""Numbers as people write them in a request: "three", "drei", "trois", "tres", "三", "third"."""

from __future__ import annotations

import re

_CARDINALS = (
    "one once eins ein eine un une uno una 一",
    "two twice both couple zweimal zwei deux dos 二 两",
    "three thrice few drei trois tres 三 几",
    "four vier quatre cuatro 四",
    "five fünf cinq cinco 五",
    "six sechs seis 六",
    "seven sieben sept siete 七",
    "eight acht huit ocho 八",
    "nine neun neuf nueve 九",
    "ten zehn dix diez decade jahrzehnt décennie década 十",
    "eleven elf onze",
    "twelve zwölf douze doce",
    "thirteen",
    "fourteen",
    "fifteen fünfzehn quinze quince",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty zwanzig vingt veinte 二十",
)
_ORDINALS = (
    "first 1st erste premier première primer primero primera 第一",
    "second 2nd runner-up zweit deuxième second seconde segundo segunda 第二",
    "third 3rd dritt troisième tercer tercero tercera 第三",
    "fourth 4th viert quatrième cuarto cuarta 第四",
    "fifth 5th fünft cinquième quinto quinta 第五",
    "sixth 6th sechst sixième sexto sexta 第六",
    "seventh 7th siebt septième séptimo séptima 第七",
    "eighth 8th acht huitième octavo octava 第八",
    "ninth 9th neunt neuvième noveno novena 第九",
    "tenth 10th zehnt dixième décimo décima 第十",
)
_NUMBER = {word: number for number, words in enumerate(_CARDINALS, 1) for word in words.split()}
_PLACE = {word: number for number, words in enumerate(_ORDINALS, 1) for word in words.split()}
_ORDINAL = re.compile(
    "|".join(
        rf"{re.escape(word)}" if not word[0].isascii() and "第" in word else rf"\b{re.escape(word)}(?:e[nrsm]?)?\b"
        for word in sorted(_PLACE, key=len, reverse=True)
        if word != "acht"
    ),
    re.IGNORECASE,
)
_HAN = re.compile(r"[\u4e00-\u9fff]")
_HAN_TENS = re.compile(r"([二三四五六七八九])?十([一二三四五六七八九])?")
_TWENTY = re.compile(r"\btwenty[- ](\w+)")


def number(text: str) -> int | None:
    """Return the number that a text holds, in figures or in words; None without one."""
    if figures := re.search(r"\d{1,4}", text):
        return int(figures.group())
    if tens := _HAN_TENS.search(text):
        return 10 * _NUMBER.get(tens[1] or "一", 1) + (_NUMBER[tens[2]] if tens[2] else 0)
    if (units := _TWENTY.search(text.casefold())) and units[1] in _NUMBER:
        return 20 + _NUMBER[units[1]]
    words = re.findall(r"[^\W\d_]+", text.casefold())
    found = next((_NUMBER[word] for word in words if word in _NUMBER), None)
    return found or next((_NUMBER[sign] for sign in _HAN.findall(text) if sign in _NUMBER), None)


def place(text: str) -> tuple[int, re.Match[str]] | None:
    """Return the place that a text asks for and where it says so ("the third"); None without one."""
    found = _ORDINAL.search(text)
    if found is None:
        return None
    said = found.group().casefold()
    known = _PLACE.get(said) or next(value for word, value in _PLACE.items() if said.startswith(word))
    return known, found
