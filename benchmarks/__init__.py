"""Measurements of quality and speed, each a command that prints its figures: `python -m benchmarks.NAME`."""
