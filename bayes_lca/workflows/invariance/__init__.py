"""Do groups, or random halves, answer the items alike given the class."""
