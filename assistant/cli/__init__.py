"""Command line."""

__all__ = ["client", "main"]
