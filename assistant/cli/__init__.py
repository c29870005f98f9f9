"""Command line."""

__all__ = ["main"]
