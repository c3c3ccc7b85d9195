"""Draws in, draws or tables or pictures out; nothing here knows how the draws were made."""
