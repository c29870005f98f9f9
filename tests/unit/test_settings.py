from pathlib import Path

import pytest

from assistant import settings
from assistant.errors import UsageError


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ASSISTANT_MODELS", raising=False)


def test_a_flag_wins_over_the_environment_and_that_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("assistant.toml").write_text('library = "from-file"\npassages = 3\nanswer_tokens = 100\n')
    monkeypatch.setenv("ASSISTANT_LIBRARY", "from-environment")
    monkeypatch.setenv("ASSISTANT_PASSAGES", "4")
    read = settings.load(library=Path("from-flag"), model=None)
    assert (read.library, read.passages, read.answer_tokens) == (Path("from-flag"), 4, 100)
    assert settings.load().library == Path("from-environment")


def test_the_defaults_keep_library_and_models_in_the_person_s_own_folders() -> None:
    read = settings.load()
    assert read.library.is_absolute()
    assert "abstract-assistant" in str(read.library)
    assert "abstract-assistant" in str(read.models)


def test_a_tilde_is_the_person_s_own_folder_wherever_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(Path.cwd() / "home"))
    monkeypatch.setenv("ASSISTANT_MODELS", "~/models")
    Path("assistant.toml").write_text('library = "~/papers"\n')
    read = settings.load()
    assert (read.library, read.models) == (Path.cwd() / "home" / "papers", Path.cwd() / "home" / "models")
    with pytest.raises(UsageError, match="library"):
        settings.load(library=Path("~no-such-person/papers"))


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_LIBRARY", "")
    monkeypatch.setenv("ASSISTANT_PASSAGES", "")
    assert settings.load().library.is_absolute()
    assert settings.load().passages == 4


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("pasages = 3", "pasages"),
        ("passages = 0", "passages"),
        ("passages = 'x'", "passages"),
        ("= =", "assistant.toml"),
        ("device = 'gpu'", "device"),
        ("device = 'mps:1'", "device"),
        ("quantize = 3", "quantize"),
    ],
)
def test_a_wrong_setting_is_named(text: str, named: str) -> None:
    Path("assistant.toml").write_text(text)
    with pytest.raises(UsageError, match=named):
        settings.load()


@pytest.mark.parametrize(
    ("text", "read"), [("", "no"), ("true", "auto"), ("false", "no"), ("8", "8"), ("4", "4"), ("'auto'", "auto")]
)
def test_bits_are_a_word_a_number_or_yes_and_no(text: str, read: str) -> None:
    Path("assistant.toml").write_text(f"quantize = {text}" if text else "")
    assert settings.load().quantize == read


@pytest.mark.parametrize("device", ["auto", "cpu", "mps", "cuda", "cuda:1", "xpu:0"])
def test_devices_are_named_as_pytorch_names_them(device: str) -> None:
    assert settings.load(device=device).device == device
