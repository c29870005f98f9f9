"""Trends as pictures that a person can read, and as pages."""
