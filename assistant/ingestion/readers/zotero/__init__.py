"""Zotero: its database, its items and its RDF."""
