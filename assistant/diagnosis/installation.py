"""Installation: Python, the packages that the program asks for, and how they are installed and upgraded."""

from __future__ import annotations

import json
import sys
from importlib import metadata
from pathlib import Path
from shlex import join, quote
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from assistant.diagnosis.checks import Found, Looking
from assistant.settings import Settings

_PACKAGE = "abstract-assistant"


def python(_: Settings) -> Found:
    """Look at the version of Python."""
    version = ".".join(map(str, sys.version_info[:3]))
    wanted = metadata.metadata(_PACKAGE)["Requires-Python"] or ""
    if not SpecifierSet(wanted).contains(version, prereleases=True):
        mend = "Make an environment of a Python that fits and install it there: docs/installing.md"
        return "wrong", f"Python {version}; {wanted} is needed", mend
    if sys.maxsize < 2**32:
        return "wrong", f"Python {version} of 32 bits", "Install Python for 64 bits."
    return "fine", f"Python {version}", ""


def packages(_: Settings) -> Found:
    """Compare the packages that are installed with those that the program asks for."""
    off: dict[str, str] = {}
    for requirement in map(Requirement, metadata.requires(_PACKAGE) or ()):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            off[f"{requirement.name}{requirement.specifier}"] = f"{requirement.name} is missing"
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            off[f"{requirement.name}{requirement.specifier}"] = (
                f"{requirement.name} {version} (wanted {requirement.specifier})"
            )
    if off:
        return "wrong", "; ".join(off.values()), join([sys.executable, "-m", "pip", "install", *off])
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("torch", "transformers", "chromadb", "gradio"))
    return "fine", versions, ""


def upgrading() -> str:
    """Return the command that installs a newer program, from where this one came."""
    origin = json.loads(metadata.distribution(_PACKAGE).read_text("direct_url.json") or "{}")
    parts = urlsplit(origin.get("url", ""))
    pip = join([sys.executable, "-m", "pip", "install", "--upgrade"])
    if parts.scheme != "file":
        return f"{pip} {_PACKAGE}"
    folder = Path(url2pathname(parts.path))
    place = f"--editable {quote(str(folder))}" if origin.get("dir_info", {}).get("editable") else quote(str(folder))
    return f"git -C {quote(str(folder))} pull && {pip} {place}" if (folder / ".git").exists() else f"{pip} {place}"


CHECKS = (Looking("machine", "Python", python), Looking("machine", "packages", packages))
