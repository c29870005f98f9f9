"""The diagnosis: all checks in order, then the self-test, and the last one kept with the library."""

from __future__ import annotations

import json
import re
import shlex
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from assistant import wiring
from assistant.diagnosis import installation, library_state, machine, model_files, network, self_test
from assistant.diagnosis.checks import Check, Verdict, carried_out
from assistant.diagnosis.self_test import SelfTest
from assistant.errors import AssistantError, EmbedderMismatch, LibraryLocked, UsageError
from assistant.library import FILE_NAME
from assistant.protocols import LanguageModel
from assistant.settings import PROGRAM_VERSION, Settings, load
from assistant.types import PaperFilter, ProgressListener
from assistant.workspace import Workspace

_KEPT = "diagnosis.json"
"""Name of the file in the library's folder that holds the last diagnosis."""

_ASSISTANT = re.compile(r"(?:^|(?<=&& ))assistant (?=[a-z])")
"""Where a command that mends something calls the program."""

_FLAGS = (
    *("library", "model", "device", "quantize", "embedder", "llm_url", "llm_model", "llm_key_env", "judge"),
    *("embed_url", "embed_model", "embed_key_env", "chroma_url"),
)
"""The settings that a flag before the command sets, but for those that may hold a secret."""

_ANSWERS = ("machine", "disk", "models", "library", "server")
"""Parts of which none may be wrong before the self-test is begun."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found: the worst verdict, every check, and the self-test, None where it was not made.

    `made` is when, in UTC; `without_self_test` says why it was not made, "" where nobody asked for it.
    """

    version: str
    made: str
    verdict: Verdict
    checks: tuple[Check, ...]
    self_test: SelfTest | None = None
    without_self_test: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as the object that `doctor --json` prints."""
        value: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return value


def diagnose(
    flags: Mapping[str, Any],
    *,
    deep: bool = False,
    with_self_test: bool = True,
    seed: int = 0,
    seconds: float = self_test.SECONDS,
    workspace: Workspace | None = None,
    open_workspace: Callable[[Settings], Workspace] = Workspace,
    server: library_state.ServerState = lambda _: {},
    on_check: Callable[[Check], None] = lambda _: None,
    on_progress: ProgressListener = lambda _: None,
) -> Diagnosis:
    """Look at everything, ask questions for `seconds`, and keep the result with the library. Raises nothing.

    `flags` are settings by name. With `deep` files of models are compared with their checksums, and every row of the
    library is read. An open `workspace` is used as it is; without one `open_workspace` opens the library, for the
    self-test only, and `server` tells whether a server of commands has it. Commands that mend something carry the
    settings that a shell would not find by itself.
    """
    settings, of_settings = (workspace.settings, None) if workspace else _settings(flags)
    called = _called(settings)

    def tell(check: Check) -> Check:
        check = replace(check, mend=_ASSISTANT.sub(lambda _: f"{called} ", check.mend))
        on_check(check)
        return check

    lookings = (
        *installation.CHECKS,
        *machine.CHECKS,
        *model_files.checks(deep=deep),
        *library_state.checks(deep=deep, server=server),
        *network.checks(),
    )
    checks = [tell(check) for check in (*filter(None, [of_settings]), *carried_out(lookings, settings))]
    found = Diagnosis(PROGRAM_VERSION, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", verdict_of(checks), tuple(checks))
    if with_self_test:
        test = partial(self_test.run, seed=seed, seconds=seconds, on_progress=on_progress)
        found = _with_self_test(found, settings, test, _asked(settings, workspace, open_workspace, on_progress), tell)
    _keep(found, settings.library)
    return found


def verdict_of(checks: Sequence[Check]) -> Verdict:
    """Return the worst verdict."""
    verdicts = {check.verdict for check in checks}
    return "wrong" if "wrong" in verdicts else "warning" if "warning" in verdicts else "fine"


def last(folder: Path) -> Diagnosis | None:
    """Return the last diagnosis of the library in a folder; None where none is kept that this program can read."""
    try:
        return TypeAdapter(Diagnosis).validate_json((folder / _KEPT).read_bytes())
    except (OSError, ValidationError):
        return None


def _settings(flags: Mapping[str, Any]) -> tuple[Settings, Check]:
    """Return the settings and what is to be said of them; where they are wrong the defaults stand for the others."""
    try:
        settings = load(**flags)
    except UsageError as error:
        mend = "Correct it in assistant.toml, the variable or the flag; docs/settings.md has all of them."
        paths: dict[str, Any] = {name: value for name, value in flags.items() if isinstance(value, Path)}
        return Settings.model_construct(**paths), Check("settings", "settings", "wrong", str(error), mend)
    found = f"library {settings.library}, models {settings.models}"
    return settings, Check("settings", "settings", "fine", found)


def _called(settings: Settings) -> str:
    """Return how a shell in this folder calls the program with these settings: by flags where it would have others."""
    try:
        usual = load()
    except UsageError:
        return "assistant"
    differing = (name for name in _FLAGS if getattr(settings, name) != getattr(usual, name))
    return shlex.join(["assistant", *(f"--{name.replace('_', '-')}={getattr(settings, name)}" for name in differing)])


def _with_self_test(
    found: Diagnosis,
    settings: Settings,
    test: Callable[..., SelfTest],
    asked: AbstractContextManager[tuple[Workspace, bool]],
    tell: Callable[[Check], Check],
) -> Diagnosis:
    wrong = [check for check in found.checks if check.verdict == "wrong" and check.part in (*_ANSWERS, "settings")]
    if wrong:
        names = ", ".join(f"{check.part}: {check.name}" for check in wrong)
        return replace(found, without_self_test=f"What is wrong keeps it from being made: {names}.")
    try:
        with asked as (workspace, is_sample):
            tested = test(workspace, is_sample=is_sample)
            probes = _probes(settings, workspace.language_model())
    except (LibraryLocked, UsageError) as error:
        return replace(found, without_self_test=str(error))
    except Exception as error:  # noqa: BLE001 - whatever breaks here is what the person wants to know
        why = str(error) if isinstance(error, AssistantError) else f"{type(error).__name__}: {error}"
        mend = "assistant reindex" if isinstance(error, EmbedderMismatch) else "assistant models check"
        failed = tell(Check("models", "self-test", "wrong", f"it broke off: {why}", mend))
        return replace(found, verdict="wrong", checks=(*found.checks, failed), without_self_test=failed.found)
    more = f"assistant doctor --seconds {tested.all_seconds}" if tested.asked < tested.planned else ""
    answers = Check("models", "self-test", "fine", tested.said(), more)
    if tested.right * 2 < tested.asked:
        answers = replace(answers, verdict="warning", mend="assistant doctor --deep")
    checks = (*found.checks, *(tell(check) for check in (probes, answers)))
    return replace(found, verdict=verdict_of(checks), checks=checks, self_test=tested)


def _probes(settings: Settings, model: LanguageModel) -> Check:
    """Look whether the chat model has the probes by which it judges."""
    if not model.depth:
        return Check("models", "probes", "fine", "none fit a model without hidden states; it judges by its yes and no")
    count, lacking = wiring.probes_lacking(settings, model)
    said = f"{count - len(lacking)} of {count} fit the chat model"
    if lacking:
        return Check("models", "probes", "warning", said, "assistant models calibrate")
    return Check("models", "probes", "fine", said)


@contextmanager
def _asked(
    settings: Settings,
    workspace: Workspace | None,
    open_workspace: Callable[[Settings], Workspace],
    on_progress: ProgressListener,
) -> Iterator[tuple[Workspace, bool]]:
    """Open what is asked: the library, or the sample library in a folder of its own where that holds no abstract.

    Raises UsageError where a workspace that is open holds none.
    """
    if workspace:
        if not workspace.library.count(PaperFilter(has_abstract=True)):
            raise UsageError("The library holds no abstract that could be asked about.")
        yield workspace, False
        return
    if (settings.library / FILE_NAME).exists():
        with open_workspace(settings) as opened:
            if opened.library.count(PaperFilter(has_abstract=True)):
                yield opened, False
                return
    with tempfile.TemporaryDirectory(prefix="assistant-doctor-") as folder:
        local = settings.model_copy(update={"library": Path(folder) / "library", "chroma_url": ""})
        with Workspace(local) as opened:
            opened.add_sample(on_progress)
            yield opened, True


def _keep(found: Diagnosis, folder: Path) -> None:
    """Write it into the library's folder, if there is one and it can be written."""
    draft = folder / f"{_KEPT}.part"
    with suppress(OSError):
        if (folder / FILE_NAME).exists():
            try:
                draft.write_text(json.dumps(found.to_json(), ensure_ascii=False), encoding="utf-8")
                draft.replace(folder / _KEPT)
            finally:
                draft.unlink(missing_ok=True)
