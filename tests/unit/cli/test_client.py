"""The client of a server: what it hands over, and to whom."""

import errno
import os
from pathlib import Path

import pytest
import typer.main

from assistant import settings
from assistant.cli import client, listening, main, options
from assistant.errors import AssistantError


def test_what_a_server_runs_are_commands() -> None:
    assert set(typer.main.get_command(main.app).commands) >= client.COMMANDS  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("ask this", "ask"),
        ("--library ask papers", "papers"),
        ("--library=x --quantize 8 --no-server papers", "papers"),
        ("--help", ""),
        ("", ""),
    ],
)
def test_the_command_is_found_behind_the_options(line: str, command: str) -> None:
    assert client._command(line.split()) == command


def test_the_options_without_a_value_are_known() -> None:
    options = [each for each in typer.main.get_command(main.app).params if getattr(each, "is_flag", False)]
    switches = {name for each in options for name in (*each.opts, *each.secondary_opts) if name.startswith("--")}
    assert {"--help", *switches - {"--install-completion", "--show-completion"}} == set(client._SWITCHES)


def test_what_names_files_of_this_process_runs_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "connect", lambda _: pytest.fail("A server was asked."))
    assert client.run(["ask", "--from", "/dev/fd/63"]) is None
    assert client.run(["search", "--from=/dev/stdin"]) is None


def test_a_library_may_have_a_name_that_is_no_text(tmp_path: Path) -> None:
    assert client.address(tmp_path / "caf\udce9") != client.address(tmp_path / "caf\udcea")


def test_a_full_disk_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(main, "app", full)
    assert main.run(["papers"]) == 1
    assert "no room" in capsys.readouterr().err


def test_a_place_for_sockets_that_others_may_change_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: object) -> str:
        raise PermissionError("runtime directory is writable by another user")

    monkeypatch.setattr(client, "address", refused)
    with pytest.raises(AssistantError, match="writable by another"):
        listening._listen(Path("library"))
    assert client.ask("library", "status") == {}


def test_the_library_is_read_as_the_settings_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from assistant import settings

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ASSISTANT_LIBRARY", raising=False)
    assert client.library([]) == str(settings.load().library)
    Path("assistant.toml").write_text('library = "from the file"')
    assert client.library([]) == str(settings.load().library) == "from the file"
    monkeypatch.setenv("ASSISTANT_LIBRARY", "from the environment")
    assert client.library([]) == str(settings.load().library)
    assert client.library(["--library", "given", "papers"]) == client.library(["--library=given"]) == "given"


@pytest.mark.parametrize(
    ("arguments", "environment", "file", "is_wanted"),
    [
        ([], "", "", True),
        (["--no-server"], "1", "", False),
        ([], "0", "", False),
        ([], "", "server = false", False),
        (["--server"], "0", "server = false", True),
    ],
)
def test_a_server_is_used_unless_that_is_turned_off(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    environment: str,
    file: str,
    is_wanted: bool,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSISTANT_SERVER", environment)
    Path("assistant.toml").write_text(file)
    assert client._is_wanted(arguments) is is_wanted


def test_no_socket_is_used_in_a_folder_that_others_enter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o755)
    monkeypatch.setattr(client, "address", lambda _: str(folder / "x.sock"))
    with pytest.raises(AssistantError, match="open to others"):
        listening._listen(tmp_path)
    folder.chmod(0o700)
    _, listener = listening._listen(tmp_path)
    with listener:
        client.connect(tmp_path).close()
        folder.chmod(0o755)
        with pytest.raises(OSError):
            client.connect(tmp_path)


def test_only_what_a_command_obeys_is_passed_on() -> None:
    assert client.passed({"ASSISTANT_MODEL": "x", "HOME": "y", "COLUMNS": "3", "https_proxy": "z"}) == {
        "ASSISTANT_MODEL": "x",
        "COLUMNS": "3",
        "https_proxy": "z",
    }
    assert client.passed({"OUR_KEY": "x", "HOME": "y"}, ["OUR_KEY", ""]) == {"OUR_KEY": "x"}


@pytest.mark.parametrize(
    ("arguments", "variables", "file"),
    [
        (["--llm-key-env", "OUR_KEY", "ask", "Why?"], {}, ""),
        (["ask", "Why?"], {"ASSISTANT_LLM_KEY_ENV": "OUR_KEY"}, ""),
        (["ask", "Why?"], {}, 'llm_key_env = "OUR_KEY"'),
    ],
)
def test_the_variable_that_holds_a_key_is_known_without_the_settings(
    arguments: list[str], variables: dict[str, str], file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    Path("assistant.toml").write_text(file)
    assert client._key_variables(arguments) == ["OUR_KEY", ""]


def test_processes_differ_in_settings_and_in_keys_that_both_have(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = settings.load(llm_url="http://127.0.0.1:1", llm_key_env="OUR_KEY")
    without = options.essentials(ours)
    monkeypatch.setenv("OUR_KEY", "one")
    one = options.essentials(ours)
    monkeypatch.setenv("OUR_KEY", "two")
    two = options.essentials(ours.model_copy(update={"passages": 9, "idle_minutes": 1.0}))
    assert options.differing(one, one) == options.differing(without, one) == []
    assert options.differing(one, without) == ["the key in OUR_KEY"]
    assert options.differing(two, one) == ["passages", "the key in OUR_KEY"]
