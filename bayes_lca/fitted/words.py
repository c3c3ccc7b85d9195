"""What a model is in words, for reports."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """A model in words, for reports.

    Attributes
    ----------
    title : str
        The model in a few words.
    summary : str
        What it assumes, in a sentence or two.
    formula : str
        Its likelihood, a line or two; empty where the regression's line says all.
    references : tuple of str
    classes_of_groups : str
        The line of the class logits where groups have classes in place of random effects; empty elsewhere.
    """

    title: str
    summary: str
    formula: str
    references: tuple[str, ...]
    classes_of_groups: str = ""
