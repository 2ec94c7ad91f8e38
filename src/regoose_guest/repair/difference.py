"""Find the smallest spans of text by which two nodes differ."""

from __future__ import annotations

import ast
import re
from typing import Dict, List, Optional, Sequence, Tuple, Type, cast

from regoose_guest.repair.source import Source, Span
from regoose_guest.repair.wording import Wording

_OPERATORS: Dict[Type[ast.AST], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.LShift: "<<", ast.RShift: ">>", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^", ast.MatMult: "@",
    ast.And: "and", ast.Or: "or",
}  # fmt: skip
_STATEMENT_LISTS = ("body", "orelse", "finalbody")


class Unlike(Exception):
    """The nodes cannot be told apart by local spans."""


class Differ:
    """Compares old nodes with new ones that share children with them."""

    def __init__(self, source: Source, wording: Wording, *, parenthesise: bool) -> None:
        self._source = source
        self._wording = wording
        self._parenthesise = parenthesise

    def expression(self, old: ast.AST, new: ast.AST) -> List[Span]:
        """Return spans that turn `old` into `new`."""
        if new is old or ast.dump(old) == ast.dump(new):
            return []
        if type(old) is type(new):
            inner = self._inner(old, new)
            if inner is not None:
                return inner
        if not isinstance(old, (ast.expr, ast.stmt)):
            raise Unlike
        start, end = self._source.range_of(old)
        text = self._wording.expression(new, old)
        return [Span(start, end, f"({text})" if self._parenthesise else text)]

    def statements(self, old: ast.stmt, new: Sequence[ast.stmt]) -> List[Span]:
        """Return spans that put `new` in the place of `old`."""
        if len(new) == 1 and type(new[0]) is type(old):
            inner = self._inner(old, new[0])
            if inner is not None:
                return inner
        if len(new) == 1 and self._source.margin(old) is None:
            start, end = self._source.range_of(old)
            return [Span(start, end, self._wording.statement(new[0], ""))]
        if not new:
            return [self._without(old)]
        return self._body([old], new)

    def _without(self, old: ast.stmt) -> Span:
        parent, field = self._source.parents[id(old)]
        siblings: List[ast.stmt] = getattr(parent, field)
        start, end = self._source.range_of(old)
        if len(siblings) == 1:
            if field in {"orelse", "finalbody"}:
                raise Unlike
            return Span(start, end, "pass")
        if self._source.margin(old) is None:
            raise Unlike
        stop = self._source.line_end(end)
        rest = self._source.utf8[end:stop].strip()
        if rest and not rest.startswith(b"#"):
            raise Unlike
        after = self._source.utf8[stop : stop + 2]
        return Span(self._source.line_start(start), stop + (2 if after == b"\r\n" else len(after[:1])), "")

    def _inner(self, old: ast.AST, new: ast.AST) -> Optional[List[Span]]:
        """Spans of the parts by which two nodes of one type differ; None where parts cannot be told."""
        spans: List[Span] = []
        for field in old._fields:
            before: object = getattr(old, field, None)
            after: object = getattr(new, field, None)
            if before is after or _same(before, after):
                continue
            part = self._field(old, field, before, after)
            if part is None:
                return None
            spans += part
        return spans

    def _field(self, old: ast.AST, field: str, before: object, after: object) -> Optional[List[Span]]:
        try:
            if field in {"op", "ops"}:
                return self._operator(old, before, after)
            if field == "attr" and isinstance(old, ast.Attribute):
                end = self._source.range_of(old)[1]
                return [Span(end - len(old.attr.encode()), end, str(after))]
            if isinstance(before, ast.expr) and isinstance(after, ast.expr):
                return self.expression(before, after)
            if isinstance(before, list) and isinstance(after, list):
                return self._lists(old, field, cast("List[ast.AST]", before), cast("List[ast.AST]", after))
        except Unlike:
            return None
        return None

    def _lists(self, old: ast.AST, field: str, before: List[ast.AST], after: List[ast.AST]) -> Optional[List[Span]]:
        if field in _STATEMENT_LISTS and isinstance(old, ast.stmt):
            if not before:
                return self._new_else(old, field, after)
            statements = [s for s in after if isinstance(s, ast.stmt)]
            return self._body([s for s in before if isinstance(s, ast.stmt)], statements)
        if len(before) == len(after):
            spans: List[Span] = []
            for one, other in zip(before, after):
                spans += self.expression(one, other) if isinstance(one, ast.expr) else self._same_kind(one, other)
            return spans
        return self._commas(before, after) if isinstance(old, (ast.Call, ast.Tuple, ast.List, ast.Set)) else None

    def _same_kind(self, one: ast.AST, other: ast.AST) -> List[Span]:
        inner = self._inner(one, other) if type(one) is type(other) else None
        if inner is None:
            raise Unlike
        return inner

    def _operator(self, old: ast.AST, before: object, after: object) -> Optional[List[Span]]:
        if isinstance(old, ast.Compare) and isinstance(before, list) and isinstance(after, list):
            operands = [old.left, *old.comparators]
            pairs: List[Tuple[ast.AST, ast.AST]] = list(
                zip(cast("List[ast.AST]", before), cast("List[ast.AST]", after))
            )
        elif isinstance(old, ast.BoolOp):
            operands = list(old.values)
            pairs = [(old.op, after)] * (len(operands) - 1) if isinstance(after, ast.AST) else []
        elif isinstance(old, ast.BinOp):
            operands = [old.left, old.right]
            pairs = [(old.op, after)] if isinstance(after, ast.AST) else []
        else:
            return None
        if len(pairs) != len(operands) - 1:
            return None
        spans: List[Span] = []
        for (one, other), left, right in zip(pairs, operands, operands[1:]):
            if type(one) is not type(other):
                spans.append(self._operator_span(one, other, left, right))
        return spans

    def _operator_span(self, one: ast.AST, other: ast.AST, left: ast.AST, right: ast.AST) -> Span:
        start, end = self._source.range_of(left)[1], self._source.range_of(right)[0]
        symbol = _OPERATORS[type(one)]
        pattern = re.escape(symbol).replace(r"\ ", r"\s+").encode()
        if symbol.isalpha() or " " in symbol:
            pattern = rb"\b" + pattern + rb"\b"
        found = re.search(pattern, self._source.utf8[start:end])
        if found is None:
            raise Unlike
        return Span(start + found.start(), start + found.end(), _OPERATORS[type(other)])

    def _commas(self, before: List[ast.AST], after: List[ast.AST]) -> Optional[List[Span]]:
        """Drop or append one element of a list in brackets."""
        if any(not isinstance(item, ast.expr) for item in (*before, *after)) or not before:
            return None
        if len(after) == len(before) - 1:
            gone = next((i for i, item in enumerate(before) if i >= len(after) or after[i] is not item), 0)
            if before[:gone] + before[gone + 1 :] != after or not after:
                return None
            start, end = self._source.range_of(before[gone])
            if gone:
                return [Span(self._source.range_of(before[gone - 1])[1], end, "")]
            return [Span(start, self._source.range_of(before[1])[0], "")]
        if after[: len(before)] == before and len(after) == len(before) + 1:
            end = self._source.range_of(before[-1])[1]
            return [Span(end, end, ", " + self._wording.expression(after[-1]))]
        return None

    def _new_else(self, old: ast.stmt, field: str, after: Sequence[ast.AST]) -> Optional[List[Span]]:
        margin = self._source.margin(old)
        body: List[ast.stmt] = getattr(old, "body", [])
        if field != "orelse" or margin is None or not body or self._source.margin(body[-1]) is None:
            return None
        inner = self._source.margin(body[-1]) or ""
        written = [f"{margin}else:"]
        written += [self._wording.statement(one, inner) for one in after if isinstance(one, ast.stmt)]
        end = self._source.line_end(self._source.range_of(body[-1])[1])
        return [Span(end, end, self._source.newline + self._source.newline.join(written))]

    def _body(self, before: Sequence[ast.stmt], after: Sequence[ast.stmt]) -> List[Span]:
        """Turn one list of statements into another, the kept ones untouched."""
        stays = {id(s) for s in before} & {id(t) for t in after}
        if not stays:
            return [self._instead(before, after)]
        if [id(s) for s in before if id(s) in stays] != [id(t) for t in after if id(t) in stays]:
            raise Unlike
        spans = [self._without(s) for s in before if id(s) not in stays]
        run: List[ast.stmt] = []
        previous: Optional[ast.stmt] = None
        for statement in after:
            if id(statement) not in stays:
                run.append(statement)
                continue
            if run:
                spans.append(self._before(statement, run) if previous is None else self._after(previous, run))
                run = []
            previous = statement
        if run and previous is not None:
            spans.append(self._after(previous, run))
        return sorted(spans)

    def _margin(self, statement: ast.stmt) -> str:
        margin = self._source.margin(statement)
        if margin is None:
            raise Unlike
        return margin

    def _before(self, statement: ast.stmt, new: Sequence[ast.stmt]) -> Span:
        margin = self._margin(statement)
        at = self._source.line_start(self._source.range_of(statement)[0])
        newline = self._source.newline
        return Span(at, at, "".join(self._wording.statement(one, margin) + newline for one in new))

    def _after(self, statement: ast.stmt, new: Sequence[ast.stmt]) -> Span:
        margin = self._margin(statement)
        at = self._source.line_end(self._source.range_of(statement)[1])
        newline = self._source.newline
        return Span(at, at, "".join(newline + self._wording.statement(one, margin) for one in new))

    def _instead(self, before: Sequence[ast.stmt], after: Sequence[ast.stmt]) -> Span:
        margin = self._margin(before[0])
        start = self._source.line_start(self._source.range_of(before[0])[0])
        end = self._source.range_of(before[-1])[1]
        return Span(start, end, self._source.newline.join(self._wording.statement(one, margin) for one in after))


def _same(before: object, after: object) -> bool:
    same_kind = before.__class__ is after.__class__
    if isinstance(before, ast.AST) and isinstance(after, ast.AST):
        return ast.dump(before) == ast.dump(after)
    if isinstance(before, list) and isinstance(after, list):
        ones, others = cast("List[object]", before), cast("List[object]", after)
        return len(ones) == len(others) and all(_same(one, other) for one, other in zip(ones, others))
    return same_kind and before == after
