"""Answers kept with their evidence, and checked again without a model."""
