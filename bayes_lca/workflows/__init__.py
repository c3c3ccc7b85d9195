"""Several fits that answer one question."""
