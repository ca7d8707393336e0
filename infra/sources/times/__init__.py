"""Columns of text to moments: which form a column is written in, what it says, and in which zone."""
