"""BibTeX and LaTeX."""

__all__ = ["bibtex", "latex"]
