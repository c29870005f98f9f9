"""Whether sources support a sentence, as a model that reads both says."""

from assistant.grounding import support
from assistant.types import Source
from tests.fakes import ScriptedModel

BREAD = Source(1, "b", "Bread", (), "2023", "", "Sourdough rises slowly. It needs wild yeast.")


def test_a_model_that_says_yes_or_no_tells_how_likely_sources_support_a_sentence() -> None:
    model = ScriptedModel()
    model.denied = ("quickly",)
    supports = support.reader(model, None, 3000)
    slow, quick = supports("Sourdough rises slowly.", [BREAD]), supports("Sourdough rises quickly.", [BREAD])
    assert slow is not None
    assert quick is not None
    assert slow > 0.9 > 0.1 > quick


def test_a_model_that_tells_nothing_leaves_support_open() -> None:
    assert support.reader(ScriptedModel(), None, 3000)("Sourdough rises slowly.", [BREAD]) is None
