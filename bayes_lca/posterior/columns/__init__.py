"""Columns of a frame against classes or against each other, and the reliability of a sum of items."""
