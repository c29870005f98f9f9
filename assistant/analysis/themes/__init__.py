"""The themes of a set of papers: phrases, groups of papers near in meaning, names that last."""

__all__ = ["kept_themes", "theme_names"]
