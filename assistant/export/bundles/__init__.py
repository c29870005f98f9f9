"""Answer bundles: an answer in a folder with the evidence for it, checked again later without a model."""

from assistant.export.bundles.verification import verify, verify_answer
from assistant.export.bundles.writing import check_folder, write

__all__ = ["check_folder", "verify", "verify_answer", "write"]
