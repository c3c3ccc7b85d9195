"""Are the classes of one fit those of another."""
