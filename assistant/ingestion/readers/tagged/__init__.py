"""Formats whose lines begin with a tag: RIS, MEDLINE, EndNote and their kin."""

__all__ = ["ris"]
