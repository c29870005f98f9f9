"""How themes and terms come and go, with intervals."""
