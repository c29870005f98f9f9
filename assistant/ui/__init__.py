"""The web page: what a browser shows of a workspace."""
