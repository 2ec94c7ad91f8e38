"""Expressions as one line of source, spaced as black and ruff space them."""

from __future__ import annotations

import ast
from typing import Callable, Dict, Iterator, List, Optional, Tuple, Type, cast

from regoose_guest.testgen.writing.literal import constant

_LAMBDA, _IF, _OR, _AND, _NOT, _COMPARE, _UNARY, _POWER, _AWAIT, _ATOM = 1, 2, 3, 4, 5, 6, 13, 14, 15, 16
_BINARY: Dict[Type[ast.operator], Tuple[str, int]] = {
    ast.BitOr: ("|", 7),
    ast.BitXor: ("^", 8),
    ast.BitAnd: ("&", 9),
    ast.LShift: ("<<", 10),
    ast.RShift: (">>", 10),
    ast.Add: ("+", 11),
    ast.Sub: ("-", 11),
    ast.Mult: ("*", 12),
    ast.Div: ("/", 12),
    ast.FloorDiv: ("//", 12),
    ast.Mod: ("%", 12),
    ast.MatMult: ("@", 12),
    ast.Pow: ("**", _POWER),
}
_COMPARISONS: Dict[Type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
_PREFIXES: Dict[Type[ast.unaryop], str] = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}


class Flat:
    """Writes expressions on one line; `quote` is the preferred one for strings."""

    def __init__(self, quote: str) -> None:
        self.quote = quote
        self._writers: Dict[type, Callable[..., Tuple[str, int]]] = {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.Subscript: self._subscript,
            ast.Call: self._call,
            ast.List: self._list,
            ast.Set: self._set,
            ast.Tuple: self._tuple,
            ast.Dict: self._dict,
            ast.UnaryOp: self._unary,
            ast.BinOp: self._binary,
            ast.BoolOp: self._boolean,
            ast.Compare: self._compare,
            ast.IfExp: self._choice,
            ast.Lambda: self._lambda,
            ast.Starred: self._starred,
            ast.Await: self._await,
            ast.Slice: self._slice,
            ast.ListComp: self._list_comprehension,
            ast.SetComp: self._set_comprehension,
            ast.GeneratorExp: self._generator,
            ast.DictComp: self._dict_comprehension,
        }

    def __call__(self, node: ast.expr) -> str:
        """Return the source of a whole expression."""
        return self._write(node)[0]

    def at(self, node: ast.expr, binding: int) -> str:
        """Return the source of an operand, in parentheses where it binds less tightly than `binding`."""
        text, own = self._write(node)
        return f"({text})" if own < binding else text

    def items(self, node: ast.Dict) -> Iterator[str]:
        """Give the items of a dictionary display."""
        for key, value in zip(node.keys, node.values):
            yield self.key(key) + self.at(value, _LAMBDA if key is not None else _UNARY)

    def key(self, key: Optional[ast.expr]) -> str:
        """Return what stands before a value in a dictionary display."""
        return "**" if key is None else f"{self.at(key, _LAMBDA)}: "

    def arguments(self, node: ast.Call) -> List[str]:
        """Return the arguments of a call, in order."""
        if len(node.args) == 1 and not node.keywords and isinstance(node.args[0], ast.GeneratorExp):
            return [self._comprehension(node.args[0].elt, node.args[0])]
        given = [self.at(one, _LAMBDA if not isinstance(one, ast.Starred) else 0) for one in node.args]
        return given + [self.keyword(one) + self.at(one.value, _LAMBDA) for one in node.keywords]

    @staticmethod
    def keyword(one: ast.keyword) -> str:
        """Return what stands before the value of a keyword argument."""
        return "**" if one.arg is None else f"{one.arg}="

    def _write(self, node: ast.expr) -> Tuple[str, int]:
        writer = self._writers.get(type(node))
        if writer is None:
            return ast.unparse(node), 0
        return writer(node)

    def _join(self, nodes: List[ast.expr]) -> str:
        return ", ".join(self.at(one, _LAMBDA if not isinstance(one, ast.Starred) else 0) for one in nodes)

    def _constant(self, node: ast.Constant) -> Tuple[str, int]:
        value = node.value
        text = constant(value, self.quote)
        is_signed = isinstance(value, complex) and not text.endswith(")") and text.startswith("-")
        return text, _UNARY if is_signed else _ATOM

    def _name(self, node: ast.Name) -> Tuple[str, int]:
        return node.id, _ATOM

    def _list(self, node: ast.List) -> Tuple[str, int]:
        return f"[{self._join(node.elts)}]", _ATOM

    def _set(self, node: ast.Set) -> Tuple[str, int]:
        return f"{{{self._join(node.elts)}}}", _ATOM

    def _dict(self, node: ast.Dict) -> Tuple[str, int]:
        return f"{{{', '.join(self.items(node))}}}", _ATOM

    def _starred(self, node: ast.Starred) -> Tuple[str, int]:
        return "*" + self.at(node.value, _UNARY), 0

    def _await(self, node: ast.Await) -> Tuple[str, int]:
        return "await " + self.at(node.value, _ATOM), _AWAIT

    def _attribute(self, node: ast.Attribute) -> Tuple[str, int]:
        text = self.at(node.value, _ATOM)
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, int):
            text = f"({text})"
        return f"{text}.{node.attr}", _ATOM

    def _subscript(self, node: ast.Subscript) -> Tuple[str, int]:
        index = node.slice
        if isinstance(index, ast.Tuple) and index.elts and not any(isinstance(one, ast.Starred) for one in index.elts):
            inner = self._join(index.elts) + ("," if len(index.elts) == 1 else "")
        else:
            inner = self(cast("ast.expr", index))
        return f"{self.at(node.value, _ATOM)}[{inner}]", _ATOM

    def _slice(self, node: ast.Slice) -> Tuple[str, int]:
        space = "" if all(_is_simple(one) for one in (node.lower, node.upper, node.step) if one is not None) else " "
        lower = self.at(node.lower, _IF) + space if node.lower is not None else ""
        upper = space + self.at(node.upper, _IF) if node.upper is not None else ""
        step = f"{space}:{space}{self.at(node.step, _IF)}" if node.step is not None else ""
        return f"{lower}:{upper}{step}", 0

    def _call(self, node: ast.Call) -> Tuple[str, int]:
        return f"{self.at(node.func, _ATOM)}({', '.join(self.arguments(node))})", _ATOM

    def _tuple(self, node: ast.Tuple) -> Tuple[str, int]:
        return f"({self._join(node.elts)}{',' if len(node.elts) == 1 else ''})", _ATOM

    def _unary(self, node: ast.UnaryOp) -> Tuple[str, int]:
        if isinstance(node.op, ast.Not):
            return f"not {self.at(node.operand, _NOT)}", _NOT
        operand = self.at(node.operand, _UNARY)
        if operand[0] in "+-" and not isinstance(node.op, ast.Invert):
            operand = f"({operand})"  # `--x` reads as a decrement
        return _PREFIXES[type(node.op)] + operand, _UNARY

    def _binary(self, node: ast.BinOp) -> Tuple[str, int]:
        sign, binding = _BINARY[type(node.op)]
        if isinstance(node.op, ast.Pow):
            space = "" if _is_simple(node.left) and _is_simple(node.right) else " "
            return f"{self.at(node.left, _AWAIT)}{space}**{space}{self.at(node.right, _UNARY)}", binding
        return f"{self.at(node.left, binding)} {sign} {self.at(node.right, binding + 1)}", binding

    def _boolean(self, node: ast.BoolOp) -> Tuple[str, int]:
        word, binding = (" or ", _OR) if isinstance(node.op, ast.Or) else (" and ", _AND)
        return word.join(self.at(one, binding + 1) for one in node.values), binding

    def _compare(self, node: ast.Compare) -> Tuple[str, int]:
        parts = [self.at(node.left, _COMPARE + 1)]
        for sign, operand in zip(node.ops, node.comparators):
            parts += [_COMPARISONS[type(sign)], self.at(operand, _COMPARE + 1)]
        return " ".join(parts), _COMPARE

    def _choice(self, node: ast.IfExp) -> Tuple[str, int]:
        return f"{self.at(node.body, _OR)} if {self.at(node.test, _OR)} else {self.at(node.orelse, _IF)}", _IF

    def _lambda(self, node: ast.Lambda) -> Tuple[str, int]:
        parameters = ", ".join(self._parameters(node.args))
        return f"lambda{' ' if parameters else ''}{parameters}: {self.at(node.body, _LAMBDA)}", _LAMBDA

    def _parameters(self, node: ast.arguments) -> Iterator[str]:
        positional = node.posonlyargs + node.args
        undefaulted: List[Optional[ast.expr]] = [None] * (len(positional) - len(node.defaults))
        for number, (one, default) in enumerate(zip(positional, undefaulted + list(node.defaults)), 1):
            yield self._parameter(one, default)
            if number == len(node.posonlyargs):
                yield "/"
        if node.vararg is not None or node.kwonlyargs:
            yield "*" + (node.vararg.arg if node.vararg is not None else "")
        for one, default in zip(node.kwonlyargs, node.kw_defaults):
            yield self._parameter(one, default)
        if node.kwarg is not None:
            yield "**" + node.kwarg.arg

    def _parameter(self, one: ast.arg, default: Optional[ast.expr]) -> str:
        return one.arg if default is None else f"{one.arg}={self.at(default, _LAMBDA)}"

    def _comprehension(self, element: ast.expr, node: ast.expr) -> str:
        return " ".join([self.at(element, _LAMBDA), *self._loops(node)])

    def _list_comprehension(self, node: ast.ListComp) -> Tuple[str, int]:
        return f"[{self._comprehension(node.elt, node)}]", _ATOM

    def _set_comprehension(self, node: ast.SetComp) -> Tuple[str, int]:
        return f"{{{self._comprehension(node.elt, node)}}}", _ATOM

    def _generator(self, node: ast.GeneratorExp) -> Tuple[str, int]:
        return f"({self._comprehension(node.elt, node)})", _ATOM

    def _dict_comprehension(self, node: ast.DictComp) -> Tuple[str, int]:
        item = f"{self.at(node.key, _LAMBDA)}: {self.at(node.value, _LAMBDA)}"
        return f"{{{' '.join([item, *self._loops(node)])}}}", _ATOM

    def _loops(self, node: ast.expr) -> Iterator[str]:
        for loop in cast("List[ast.comprehension]", getattr(node, "generators", [])):
            target = self._join(loop.target.elts) if isinstance(loop.target, ast.Tuple) else self(loop.target)
            yield f"{'async ' if loop.is_async else ''}for {target} in {self.at(loop.iter, _OR)}"
            for condition in loop.ifs:
                yield f"if {self.at(condition, _OR)}"


def _is_simple(node: ast.expr) -> bool:
    """Whether black lets an operator hug this operand: a name, a number, an attribute, negated or not."""
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, (ast.USub, ast.UAdd, ast.Invert)) and _is_simple(node.operand)
    if isinstance(node, ast.Attribute):
        return _is_simple(node.value) and not isinstance(node.value, (ast.Constant, ast.UnaryOp))
    return isinstance(node, ast.Name) or (isinstance(node, ast.Constant) and isinstance(node.value, (int, float)))
