"""The themes of a set of papers: key phrases, groups of papers near in meaning, ids and names that last."""

__all__ = ["saved_themes"]
