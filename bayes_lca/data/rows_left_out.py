"""Rows that no model can use."""


class RowsLeftOutWarning(UserWarning):
    """Rows are left out, for they lack what the model needs."""
