"""Why draws are refused: a summary of them would describe nothing."""


class SeveralModesError(ValueError):
    """Chains stayed in different modes; a summary over all of them would describe none."""


class NotRelabelledError(ValueError):
    """Class labels are not aligned over draws; a summary would average over different classes."""
