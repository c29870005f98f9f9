"""What every embedder does, tried on each of them."""

from pathlib import Path

import numpy as np
import pytest

from assistant.errors import ModelError
from assistant.protocols import Embedder
from tests.fakes import HashingEmbedder
from tests.tiny_models import tiny_embedder


@pytest.fixture(params=["hashing", "transformer"])
def embedder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    if request.param == "hashing":
        return HashingEmbedder()
    from assistant.embedding import TransformerEmbedder

    return TransformerEmbedder(str(tiny_embedder(tmp_path_factory.mktemp("embedder"))))


def test_every_text_gets_a_unit_vector_in_order(embedder: Embedder) -> None:
    texts = ["low rank adapters", "sourdough bread", "?", "low rank adapters", "long " * 2000]
    vectors = embedder.embed(texts)
    assert vectors.shape == (5, embedder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(vectors[0], vectors[3], atol=2e-2)


def test_the_fingerprint_is_the_same_for_the_same_model(embedder: Embedder) -> None:
    assert embedder.fingerprint
    assert embedder.fingerprint == embedder.fingerprint


def test_two_models_have_two_fingerprints(tmp_path: Path) -> None:
    from assistant.embedding import TransformerEmbedder

    one = TransformerEmbedder(str(tiny_embedder(tmp_path / "one", seed=1)))
    other = TransformerEmbedder(str(tiny_embedder(tmp_path / "other", seed=2)))
    moved = TransformerEmbedder(str((tmp_path / "one").rename(tmp_path / "moved")))
    assert one.fingerprint != other.fingerprint
    assert one.fingerprint == moved.fingerprint


def test_a_model_of_the_hub_is_known_by_its_commit() -> None:
    from assistant.embedding import _identity

    assert _identity("a/b", "c0ffee", 384) != _identity("a/b", "decaf", 384)
    assert _identity("a/b", None, 384) != _identity("a/b", None, 768)


def test_a_failing_embedder_is_an_error_for_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from assistant.embedding import TransformerEmbedder

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("not enough memory")

    model = TransformerEmbedder(str(tiny_embedder(tmp_path / "model")))
    monkeypatch.setattr(model._model, "encode", broken)
    with pytest.raises(ModelError, match="not enough memory"):
        model.embed(["text"])
