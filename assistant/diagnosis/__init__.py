"""Diagnosis: what keeps the program from working well on this machine, what mends it, and a self-test."""

from assistant.diagnosis.checks import Check, Verdict
from assistant.diagnosis.diagnosis import Diagnosis, diagnose, last, verdict_of
from assistant.diagnosis.self_test import MEASURES, SelfTest

__all__ = ["MEASURES", "Check", "Diagnosis", "SelfTest", "Verdict", "diagnose", "last", "model_check", "verdict_of"]
