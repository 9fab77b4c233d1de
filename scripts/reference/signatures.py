"""Signatures as they are written: what `inspect` shows of them differs between versions of Python."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from types import FunctionType

LONGEST = 110


def signature(function: FunctionType, name: str) -> str:
    """Return how ``function`` is called, in one line, or one line per parameter where that is too long."""
    node = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    given = list(parameters(node.args))
    returns = ast.unparse(node.returns).strip("'\"") if node.returns and name[0].islower() else ""
    arrow = f" -> {returns}" if returns else ""
    line = f"{name}({', '.join(given)}){arrow}"
    if len(line) <= LONGEST:
        return line
    lines = "".join(f"    {each},\n" for each in given)
    return f"{name}(\n{lines}){arrow}"


def parameters(args: ast.arguments) -> Iterator[str]:
    """Yield each parameter with its type and its default, without ``self``."""
    plain = [each for each in args.args if each.arg != "self"]
    defaults = [None] * (len(plain) - len(args.defaults)) + list(args.defaults)
    for each, default in zip(plain, defaults, strict=True):
        yield parameter(each, default)
    if args.kwonlyargs:
        yield "*"
    for each, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        yield parameter(each, default)


def parameter(each: ast.arg, default: ast.expr | None) -> str:
    """Return one parameter."""
    kind = f": {ast.unparse(each.annotation)}" if each.annotation else ""
    return f"{each.arg}{kind}" + (f" = {ast.unparse(default)}" if default else "")
