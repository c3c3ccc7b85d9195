"""Formulas as MathML, which browsers draw by themselves: no script, and nothing to fetch."""

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
READ_AS = {r"\dots": r"\ldots", r"\Big": r"\big"}
"""Commands that docutils does not know, and what they are read as."""


def as_mathml(visitor, node):
    """Write a formula, inline or on its own, and skip what is below it."""
    block = isinstance(node, nodes.math_block)
    formula = node.astext()
    for command, known in READ_AS.items():
        formula = formula.replace(command, known)
    if block and r"\\" in formula and r"\begin" not in formula:
        formula = rf"\begin{{aligned}}{formula}\end{{aligned}}"
    try:
        markup = tex2mathml(formula, as_block=block)
    except Exception as error:
        LOGGER.warning("formula %r cannot be read: %s", formula, error, location=node)
        markup = f"<code>{visitor.encode(formula)}</code>"
    visitor.body.append(f'<div class="formula" tabindex="0">{markup}</div>' if block else markup)
    raise nodes.SkipNode
