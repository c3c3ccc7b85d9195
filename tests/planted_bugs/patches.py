"""Patches of syntax trees: a pattern that stands once in a symbol, and what takes its place there.

A pattern is an expression or a statement, so that formatting, quotes and comments do not matter. In it ``_1``, ``_2``
and so on stand for any expression, the same one wherever the same number stands, and ``f(...)`` for a call with any
arguments. The replacement can use them again. No text for a replacement removes a statement.
"""

import ast
import builtins
import re
from collections.abc import Iterator

from symbols import Symbol

METAVARIABLE = re.compile(r"_\d+")
ARGUMENTS = "..."

Captured = dict[str, ast.AST]
"""What stands in the source for a metavariable; for `ARGUMENTS` the call that has them."""


def patched(symbol: Symbol, pattern: str, replacement: str) -> str:
    """Source of the module of a symbol, changed in one place of the symbol and nowhere else.

    Raises
    ------
    ValueError
        If the pattern does not stand once in the symbol, or the replacement has names that mean nothing there.
    """
    wanted, substitute = _parse(pattern, replacement)
    matches = [(node, captured) for node in ast.walk(symbol.node) if (captured := _match(wanted, node)) is not None]
    where = f"{symbol.name} of {symbol.module.file}"
    if len(matches) != 1:
        lines = f" (lines {', '.join(str(node.lineno) for node, _ in matches)})" if matches else ""
        raise ValueError(f"{pattern!r} stands {len(matches)} times in {where}{lines}, not once")
    ((node, captured),) = matches
    unknown = sorted(set(_names_read(substitute)) - _names_known(symbol) - set(captured))
    if unknown:
        raise ValueError(f"{replacement!r} has names unknown in {where}: {', '.join(unknown)}")
    text = ast.unparse(_Filled(captured).visit(substitute))
    text = f"({text})" if isinstance(substitute, ast.expr) else text.replace("\n", "\n" + " " * node.col_offset)
    source = symbol.module.source.encode()
    start, end = _offset(source, node.lineno, node.col_offset), _offset(source, node.end_lineno, node.end_col_offset)
    return (source[:start] + text.encode() + source[end:]).decode()


def _parse(pattern: str, replacement: str) -> tuple[ast.AST, ast.AST]:
    """Both as expressions or, if one of them is none, as a statement and the statements that take its place."""
    try:
        return ast.parse(pattern, mode="eval").body, ast.parse(replacement, mode="eval").body
    except SyntaxError:
        (statement,) = ast.parse(pattern).body
        return statement, ast.parse(replacement or "pass")


def _match(pattern: ast.AST, node: ast.AST) -> Captured | None:
    """What the metavariables of the pattern stand for, None if the node is something else."""
    captured: Captured = {}
    return captured if _equal(pattern, node, captured) else None


def _equal(pattern, node, captured: Captured) -> bool:
    """Whether two trees, lists of them or plain values are equal but for metavariables of the first."""
    if _is_metavariable(pattern):
        return isinstance(node, ast.expr) and _equal(captured.setdefault(pattern.id, node), node, {})
    if type(pattern) is not type(node):
        return False
    if isinstance(pattern, list):
        return len(pattern) == len(node) and all(_equal(*pair, captured) for pair in zip(pattern, node, strict=True))
    if not isinstance(pattern, ast.AST):
        return pattern == node
    fields = [field for field in pattern._fields if field not in ("ctx", "kind", "type_comment")]
    if _has_any_arguments(pattern):
        known = captured.setdefault(ARGUMENTS, node)
        fields = ["func"]
        if not all(_equal(getattr(known, field), getattr(node, field), {}) for field in ("args", "keywords")):
            return False
    return all(_equal(getattr(pattern, field), getattr(node, field), captured) for field in fields)


class _Filled(ast.NodeTransformer):
    """A replacement with what its metavariables stand for."""

    def __init__(self, captured: Captured):
        self.captured = captured

    def visit_Name(self, node):
        return self.captured[node.id] if _is_metavariable(node) else node

    def visit_Call(self, node):
        self.generic_visit(node)
        if _has_any_arguments(node):
            known = self.captured[ARGUMENTS]
            return ast.Call(node.func, known.args, known.keywords)
        return node


def _is_metavariable(node) -> bool:
    return isinstance(node, ast.Name) and METAVARIABLE.fullmatch(node.id) is not None


def _has_any_arguments(node) -> bool:
    match node:
        case ast.Call(args=[ast.Constant(value=value)], keywords=[]):
            return value is ...
    return False


def _names_read(tree: ast.AST) -> Iterator[str]:
    """Names that a replacement does not bind itself, `ARGUMENTS` among them."""
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    bound = {name.id for name in names if isinstance(name.ctx, ast.Store)}
    yield from (name.id for name in names if name.id not in bound or _is_metavariable(name))
    yield from (ARGUMENTS for node in ast.walk(tree) if _has_any_arguments(node))


def _names_known(symbol: Symbol) -> set[str]:
    """Names in a symbol, at the top of its module, and of Python itself."""
    known = {*dir(builtins), *_identifiers(symbol.node)}
    for statement in symbol.module.tree.body:
        defines = isinstance(statement, ast.FunctionDef | ast.ClassDef)
        known.update([statement.name] if defines else _identifiers(statement))
    return known


def _identifiers(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.FunctionDef(name=name):
                yield name
            case ast.alias(name=name, asname=alias):
                yield alias or name.partition(".")[0]


def _offset(source: bytes, line: int, column: int) -> int:
    """Place in the source of a position as syntax trees have it, in bytes of a line."""
    return sum(map(len, source.splitlines(keepends=True)[: line - 1])) + column
