"""The commands about users: add, list, password, remove; and serving beyond this machine."""

import io
from pathlib import Path

import pytest

from assistant.library import Library, Users
from tests.unit.cli.test_main import CommandLine, model, run

__all__ = ["model", "run"]

PASSWORD = "correct horse battery"


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\nanother line\n"))


def logs_in(run: CommandLine, name: str, password: str = PASSWORD) -> bool:
    library = Library(run.library)
    try:
        return Users(library).log_in(name, password) is not None
    finally:
        library.close()


@pytest.mark.usefixtures("say")
def test_users_are_added_and_listed_with_the_password_from_standard_input(run: CommandLine) -> None:
    run("users", "add", "ada", "--stdin")
    assert "administrator" in run.stderr
    assert PASSWORD not in run.stdout + run.stderr
    assert [(one["name"], one["is_admin"]) for one in run.json("users", "list")] == [("ada", True)]
    assert "ada" in run("users", "list")
    assert logs_in(run, "ada")


@pytest.mark.usefixtures("say")
def test_a_token_is_printed_for_a_program(run: CommandLine) -> None:
    run("users", "add", "ada", "--stdin")
    token = run("users", "token", "ada").strip()
    library = Library(run.library)
    owner = Users(library).of_session(token)
    library.close()
    assert owner is not None
    assert owner.name == "ada"
    run("users", "token", "bob", code=2)
    assert "no user bob" in run.stderr


def test_a_password_is_asked_for_twice_and_never_taken_from_the_command_line(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, object]] = []
    monkeypatch.setattr("typer.prompt", lambda _, **how: asked.append(how) or PASSWORD)
    run("users", "add", "ada")
    assert asked[0]["hide_input"] is asked[0]["confirmation_prompt"] is True
    run("users", "add", "bob", PASSWORD, code=2)
    monkeypatch.setattr("typer.prompt", lambda *_, **__: f"{PASSWORD} staple")
    run("users", "password", "ada")
    assert logs_in(run, "ada", f"{PASSWORD} staple")
    assert not logs_in(run, "ada")


@pytest.mark.usefixtures("say")
def test_users_are_removed_and_wrong_names_said(run: CommandLine) -> None:
    run("users", "add", "ada", "--stdin")
    run("users", "remove", "eve", code=2)
    assert "The users are ada" in run.stderr
    run("users", "remove", "ada")
    assert "0 users left" in run.stderr
    assert run.json("users", "list") == []


def test_a_library_that_is_not_there_yet_has_no_users(run: CommandLine) -> None:
    assert run.json("users", "list") == []


@pytest.mark.parametrize("options", [["--host", "0.0.0.0"], ["--allowed-host", "papers.example.org"]])
def test_others_are_served_only_where_there_are_users(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    served: list[object] = []
    monkeypatch.setattr("assistant.ui.serve", lambda *_, reach, **__: served.append(reach))
    run("serve", "--no-open", *options, code=2)
    assert "assistant users add" in run.stderr.replace("\n", " ")
    assert not served
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD))
    run("users", "add", "ada", "--stdin")
    run("serve", "--no-open", *options, "--root-path", "/x/", "--trusted-proxy", "10.0.0.1")
    assert (served[0].root_path, served[0].trusted_proxies) == ("/x", ("10.0.0.1",))  # type: ignore[attr-defined]
    assert Path(run.library).exists()
