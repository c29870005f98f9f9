"""XML of databases, publishers and reference managers."""
