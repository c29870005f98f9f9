"""Bring the translations of the page up to date with what its templates and modules say.

`python docs/translate.py` rewrites assistant/ui/locale/<language>.po for each language of the page: a new phrase
stands there without its translation, and one that is no longer said is gone.
"""

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from assistant.ui import answers, duplicates, plan_fields
from assistant.ui.site import LANGUAGES

PAGE = Path(__file__).parents[1] / "assistant" / "ui"
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
OPTIONS = {"**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "newstyle_gettext": "true", "silent": "false"}}
PROGRESS = ("Choosing papers", "Reading papers", "Grouping papers by meaning", "Naming themes", "Waiting for others")
PROGRESS += ("Comparing terms of titles and abstracts",)
"""What the engine says of how far it is, and the page in the reader's language."""


def phrases() -> Catalog:
    """Return every phrase that the page says in the reader's language, with the files that say it."""
    found = Catalog()
    for file, _, phrase, comments, context in sorted(
        extract_from_dir(PAGE, METHODS, OPTIONS), key=lambda each: each[:2]
    ):
        found.add(phrase, locations=[(file, 1)], auto_comments=comments, context=context)
    choices = [words for words, _ in (*plan_fields.KINDS, *plan_fields.MEASURES, *plan_fields.CODE)]
    for phrase in (*choices, *answers.STATUSES.values(), *answers.COLUMNS.values(), *duplicates.FIELDS, *PROGRESS):
        found.add(phrase)
    return found


def updated(code: str) -> Catalog:
    """Return the translations into a language for the phrases as they are now."""
    file = PAGE / "locale" / f"{code}.po"
    known = Catalog(code, project="abstract-assistant", fuzzy=False)
    if file.exists():
        with file.open("rb") as text:
            known = read_po(text, code)
    known.update(phrases(), no_fuzzy_matching=True, update_creation_date=False)
    return known


if __name__ == "__main__":
    for language in set(LANGUAGES) - {"en"}:
        catalog = updated(language)
        with (PAGE / "locale" / f"{language}.po").open("wb") as text:
            write_po(text, catalog, 120, ignore_obsolete=True, include_lineno=False, sort_by_file=True)
