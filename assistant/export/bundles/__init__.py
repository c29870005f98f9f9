"""Answers kept with their evidence, and checked again without a model."""

from assistant.export.bundles.bundles import check_folder, write
from assistant.export.bundles.verification import verify

__all__ = ["check_folder", "verify", "write"]
