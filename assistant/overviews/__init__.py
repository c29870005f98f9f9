"""Summaries of one paper, of many, and comparisons: what each says, grouped, written up and proved."""
