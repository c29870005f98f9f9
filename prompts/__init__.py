"""Every prompt, one Markdown file each, loaded by name."""

from __future__ import annotations

from importlib import resources
from string import Template


def load(name: str, **values: str) -> str:
    """Return the prompt `name` with its `$names` filled in.

    Raises FileNotFoundError for an unknown prompt and KeyError for a name without a value; a value is never itself
    searched for names, so that text from papers and people stays text.
    """
    text = (resources.files("prompts") / f"{name}.md").read_text(encoding="utf-8")
    return Template(text).substitute(values).strip()
