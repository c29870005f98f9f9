"""Evaluation: labelled questions, verdicts, statistics, and probes fitted on labelled examples."""

__all__ = ["calibration", "question_files", "scoring", "statistics"]
