"""Translations of the page: each phrase has one, with its placeholders and tags, and the browser's language chooses."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from starlette.requests import Request

from assistant.ui import site

ROOT = Path(__file__).parents[3]
TRANSLATED = sorted(set(site.LANGUAGES) - {"en"})
HELD = re.compile(r"%\(\w+\)s|%%|</?\w+>")


def read(code: str) -> Catalog:
    with (Path(site.__file__).with_name("locale") / f"{code}.po").open("rb") as text:
        return read_po(text, code)


@pytest.mark.parametrize("code", TRANSLATED)
def test_what_the_page_says_is_translated_and_nothing_else(code: str) -> None:
    said = runpy.run_path(str(ROOT / "docs" / "translate.py"))["phrases"]()
    known = read(code)
    assert {phrase.id for phrase in known} == {phrase.id for phrase in said}, "run make docs"
    assert not known.obsolete


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_translation_holds_what_its_phrase_holds(code: str) -> None:
    known = read(code)
    for phrase in known:
        if not phrase.id:
            continue
        forms = phrase.string if isinstance(phrase.string, tuple) else (phrase.string,)
        assert len(forms) == (known.num_plurals if phrase.pluralizable else 1), phrase.id
        words = phrase.id[-1] if isinstance(phrase.id, tuple) else phrase.id
        for form in forms:
            assert form.strip(), phrase.id
            assert sorted(HELD.findall(form)) == sorted(HELD.findall(words)), phrase.id
            assert "%" not in HELD.sub("", form), phrase.id
        assert not phrase.fuzzy, phrase.id


@pytest.mark.parametrize(
    ("asked", "chosen", "spoken"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "", "en"),
        ("de-DE,de;q=0.9,en;q=0.7,zh;q=0.5", "", "en"),
        ("de", "", "en"),
        ("", "", "en"),
        ("zh-CN", "en", "en"),
        ("de", "zh", "zh"),
        ("zh", "de", "zh"),
    ],
)
def test_the_language_is_as_chosen_else_as_the_browser_asks(asked: str, chosen: str, spoken: str) -> None:
    headers = [(b"accept-language", asked.encode()), (b"cookie", f"language={chosen}".encode())]
    assert site.language(Request({"type": "http", "headers": headers})) == spoken
