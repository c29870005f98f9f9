"""What installs the program: the lock files fit what it depends on, and the container starts as it should."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from io import BytesIO
from pathlib import Path

import pytest
from dockerfile_parse import DockerfileParser
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from assistant.library import Library, Users

ROOT = Path(__file__).parents[2]
LOCKED = "requirements.lock"
LOCKED_TORCH = "requirements-torch.lock"


def dependencies() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [Requirement(each) for each in project["dependencies"]]


def locked(file: str) -> list[Requirement]:
    """Return the pins of a lock file, after seeing that each has hashes and nothing else."""
    lines = (ROOT / file).read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    pins = []
    for line in lines:
        if not line.startswith("#"):
            pin, *hashes = re.split(r"\s+--hash=", line.strip())
            assert hashes, line
            assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes), line
            pins.append(Requirement(pin))
    return pins


def test_every_dependency_is_locked_within_its_range() -> None:
    pins = locked(LOCKED) + locked(LOCKED_TORCH)
    for dependency in dependencies():
        name = canonicalize_name(dependency.name)
        versions = [next(iter(pin.specifier)).version for pin in pins if canonicalize_name(pin.name) == name]
        assert versions, f"{name} is not locked: run make lock"
        outside = [version for version in versions if not dependency.specifier.contains(version)]
        assert not outside, f"{name} is locked at {outside}: run make lock"


def test_what_only_cuda_needs_is_locked_with_torch() -> None:
    of_cuda = re.compile("torch|triton|(?:cuda|nvidia)-.*")
    assert not [pin.name for pin in locked(LOCKED) if of_cuda.fullmatch(pin.name)]
    assert "torch" in {pin.name for pin in locked(LOCKED_TORCH)}


def test_the_lock_files_agree_and_name_no_index() -> None:
    pins = locked(LOCKED)
    both = {str(pin) for pin in locked(LOCKED_TORCH) if pin.name in {each.name for each in pins}}
    assert both
    assert both <= {str(pin) for pin in pins}
    for file in (LOCKED, LOCKED_TORCH):
        assert "://" not in (ROOT / file).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def dockerfile() -> DockerfileParser:
    return DockerfileParser(fileobj=BytesIO((ROOT / "Dockerfile").read_bytes()))


def test_the_image_copies_what_is_there_and_not_ignored(dockerfile: DockerfileParser) -> None:
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").split() if line[0] == "!"]
    copied = [each["value"].split()[:-1] for each in dockerfile.structure if each["instruction"] == "COPY"]
    files = [file for line in copied if not line[0].startswith("--from") for file in line]
    assert {"assistant", "prompts", "vectorstore", "pyproject.toml", LOCKED, LOCKED_TORCH} <= set(files)
    for file in files:
        assert (ROOT / file).exists(), file
        assert any(Path(Path(file).parts[0]).match(name) for name in kept), file


def test_the_image_runs_as_somebody_who_is_not_root_and_tells_whether_it_is_well(
    dockerfile: DockerfileParser,
) -> None:
    said = {each["instruction"]: each["value"] for each in dockerfile.structure}
    instructions = [each["instruction"] for each in dockerfile.structure]
    last_stage = instructions[len(instructions) - instructions[::-1].index("FROM") :]
    assert {"USER", "HEALTHCHECK", "VOLUME", "ENTRYPOINT", "CMD"} <= set(last_stage)
    assert said["USER"].isdecimal()
    assert int(said["USER"]) > 0
    assert said["VOLUME"] == "/library"
    assert "'/login'" in said["HEALTHCHECK"]
    assert said["CMD"] == '["serve", "--host", "0.0.0.0", "--no-open"]'
    assert "HF_HUB_OFFLINE=1" in said["ENV"]


@pytest.mark.skipif(os.name == "nt", reason="the container has a POSIX shell")
def test_the_first_start_adds_one_user_whose_password_it_prints(tmp_path: Path) -> None:
    for name, module in (("assistant", "-m assistant"), ("python", "")):
        command = tmp_path / name
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" {module} "$@"\n', encoding="utf-8")
        command.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "ASSISTANT_LIBRARY": str(tmp_path / "library"),
    }

    def start(*arguments: str) -> str:
        command = [str(ROOT / "container" / "start"), *arguments]
        return subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    assert "password" not in start("serve", "--no-open", "--help")
    first = start("serve", "--host", "0.0.0.0", "--help")
    password = re.search(r"log in as admin with the password (\S{12,})\n", first)
    assert password, first
    assert "First start" not in start("serve", "--host", "0.0.0.0", "--help")
    library = Library(tmp_path / "library")
    try:
        assert [(user.name, user.is_admin) for user in Users(library).all()] == [("admin", True)]
        assert Users(library).log_in("admin", password[1])
    finally:
        library.close()


@pytest.mark.skipif(os.name == "nt" or (hasattr(os, "geteuid") and os.geteuid() == 0), reason="root writes anywhere")
def test_a_library_that_belongs_to_somebody_else_is_told_with_what_mends_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    environment = {**os.environ, "ASSISTANT_LIBRARY": str(tmp_path)}
    done = subprocess.run([ROOT / "container" / "start", "serve"], env=environment, capture_output=True, text=True)
    tmp_path.chmod(0o700)
    assert done.returncode == 1
    assert re.fullmatch(r"The folder at \S+ cannot be written by the user \d+: .*chown.*\n", done.stderr)
