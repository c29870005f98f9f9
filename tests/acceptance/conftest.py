"""What the acceptance tests share: the real default models, which CI must have."""

from __future__ import annotations

import os

import pytest

from assistant import settings, wiring
from assistant.models import registry


@pytest.fixture(scope="session", autouse=True)
def _models() -> None:
    known = wiring.registry(settings.load())
    needed = (wiring.default_chat_model(known), registry.default_embedder())
    missing = [name for name in needed if not known.is_present(name)]
    if missing and not os.environ.get("CI"):
        pytest.skip(f"the models {missing} are not here; `make models` fetches them")
    assert not missing, f"CI must have the models {missing}"
