"""Numbers in the style of the American Psychological Association: what is worth printing, and no more.

American Psychological Association (2020). Publication Manual, seventh edition, section 6.36.
https://doi.org/10.1037/0000165-000
"""

import numpy as np

from bayes_lca.decimals import interval_decimals

NOTHING, MINUS = "–", "\N{MINUS SIGN}"
SMALLEST_P = 0.001


def p_text(p: float) -> str:
    """A p-value without its zero, three decimals, never zero itself.

    Examples
    --------
    >>> p_text(9e-261), p_text(0.0234), p_text(0.9999)
    ('< .001', '.023', '> .999')
    """
    if np.isnan(p):
        return NOTHING
    if p < SMALLEST_P:
        return "< .001"
    return "> .999" if p > 1 - SMALLEST_P else f"{p:.3f}".lstrip("0")


def number_text(value: float, decimals: int = 2) -> str:
    """A number with so many decimals, and a sign that is no hyphen.

    Examples
    --------
    >>> number_text(-0.456), number_text(-0.001), number_text(float("nan"))
    ('−0.46', '0.00', '–')
    """
    if not np.isfinite(value):
        return NOTHING
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", MINUS)


def count_text(n: int, of: int) -> str:
    """``12 (34.3)``: a number of respondents and its percentage.

    Examples
    --------
    >>> count_text(12, 35), count_text(0, 0)
    ('12 (34.3)', '0 (–)')
    """
    return f"{n} ({100 * n / of:.1f})" if of else f"{n} ({NOTHING})"


def quartile_text(values: np.ndarray) -> str:
    """``41.0 [35.5, 50.2]``: the median and the quartiles.

    Examples
    --------
    >>> quartile_text(np.array([1.0, 2.0, 4.0]))
    '2.0 [1.5, 3.0]'
    """
    if not len(values):
        return NOTHING
    low, middle, high = (number_text(value, 1) for value in np.quantile(values, [0.25, 0.5, 0.75]))
    return f"{middle} [{low}, {high}]"


def interval_text(lower: float, upper: float, no_effect: float) -> str:
    """``[0.64, 0.87]``, with decimals enough to tell it from a point and from no effect.

    Examples
    --------
    >>> interval_text(0.642, 0.867, 1.0), interval_text(1.0004, 1.31, 1.0)
    ('[0.64, 0.87]', '[1.0004, 1.3100]')
    """
    if not (np.isfinite(lower) and np.isfinite(upper)):
        return NOTHING
    (decimals,) = interval_decimals(lower, upper, no_effect, fewest=2, units=1)
    ends = [f"{end:.{decimals}f}".replace("-", MINUS) for end in (lower, upper)]
    return f"[{', '.join(ends)}]"


def direction_text(probability: float, n_draws: int) -> str:
    """A probability of direction, which draws can tell from 1 up to one in their number.

    Examples
    --------
    >>> direction_text(0.9876, 4000), direction_text(1.0, 4000), direction_text(1.0, 50)
    ('.988', '> .999', '> .980')
    """
    most = 1 - max(1 / n_draws, SMALLEST_P)
    return f"> {most:.3f}".replace("0.", ".") if probability > most else p_text(probability)
