"""Calls: arguments added, dropped, swapped; the call itself taken away."""

from __future__ import annotations

import ast
from typing import List, Optional

from regoose_guest.alone import changed
from regoose_guest.repair.build import called, constant, empty_dict, empty_list, name
from regoose_guest.repair.kinds import SURELY, is_number
from regoose_guest.repair.scope import FileScope, Scope
from regoose_guest.repair.source import DEFINITIONS, Definition
from regoose_guest.repair.templates.site import Proposal, Proposals, Site

_CLASSES = ("list", "tuple", "set", "dict", "str", "int", "float", "bytes", "slice", "bool", "frozenset", "complex")
_FIXED_ARITY = frozenset(("len", "str", "int", "isinstance", "any", "all", "abs", "bool"))
_EXTRA = (1, 0, True, "", -1)


def taken_away(site: Site) -> Proposals:
    """The call replaced by its argument or by what the method is called on."""
    node = site.node
    if not isinstance(node, ast.Call):
        return
    if len(node.args) == 1 and not isinstance(node.args[0], ast.Starred):
        yield Proposal("call dropped", 0.4, node.args[0])
    if isinstance(node.func, ast.Attribute):
        yield Proposal("method call dropped", 0.3, node.func.value)
    if len(node.args) > 1:
        for argument in node.args:
            if not isinstance(argument, ast.Starred):
                yield Proposal("call replaced by its argument", 0.12, argument)


def arguments(site: Site) -> Proposals:
    """Arguments swapped, dropped or unpacked."""
    node = site.node
    if not isinstance(node, ast.Call):
        return
    given = node.args
    for one in range(len(given)):
        for other in range(one + 1, len(given)):
            swapped = [*given]
            swapped[one], swapped[other] = swapped[other], swapped[one]
            yield Proposal("arguments swapped", 0.6 if len(given) == 2 else 0.4, changed(node, args=swapped))
    for index, argument in enumerate(given):
        receiver = isinstance(argument, ast.Name) and argument.id in {site.scope.receiver, "self", "cls"}
        prior = 0.65 if receiver else 0.3
        yield Proposal("argument dropped", prior, changed(node, args=given[:index] + given[index + 1 :]))
        if isinstance(argument, ast.Starred):
            plain = [*given[:index], argument.value, *given[index + 1 :]]
            yield Proposal("argument not unpacked", 0.3, changed(node, args=plain))
        elif not isinstance(argument, ast.Constant) and is_number(argument) != SURELY:
            unpacked = [*given[:index], ast.Starred(argument, ast.Load()), *given[index + 1 :]]
            yield Proposal("argument unpacked", 0.12, changed(node, args=unpacked))
    for index in range(len(node.keywords)):
        rest = node.keywords[:index] + node.keywords[index + 1 :]
        yield Proposal("keyword dropped", 0.3, changed(node, keywords=rest))


def signature_of(scope: Scope, file: FileScope, node: ast.Call) -> Optional[Definition]:
    """Find the definition that a call means, where the module tells."""
    function = node.func
    if isinstance(function, ast.Name):
        found = scope.nested.get(function.id) or file.functions.get(function.id)
        if found is None and function.id in file.classes:
            members = file.classes[function.id].body
            found = next((m for m in members if isinstance(m, DEFINITIONS) and m.name == "__init__"), None)
        return found
    if isinstance(function, ast.Attribute):
        if isinstance(function.value, ast.Name) and function.value.id in {"self", "cls"}:
            return scope.methods.get(function.attr)
        if isinstance(function.value, ast.Call) and function.attr == scope.function.name:
            return scope.function
    return None


def missing_arguments(site: Site) -> Proposals:
    """A parameter of the called function that the call leaves out; above all one that the caller has too."""
    node = site.node
    if not isinstance(node, ast.Call) or any(isinstance(argument, ast.Starred) for argument in node.args):
        return
    definition = signature_of(site.scope, site.file, node)
    if definition is None:
        return
    names = [argument.arg for argument in (*definition.args.posonlyargs, *definition.args.args)]
    if isinstance(node.func, ast.Attribute) or definition.name == "__init__":
        names = names[1:]
    given = {keyword.arg for keyword in node.keywords}
    for parameter in names[len(node.args) :] + [argument.arg for argument in definition.args.kwonlyargs]:
        if parameter not in given:
            yield from _passed(site, node, parameter)


def _passed(site: Site, node: ast.Call, parameter: str) -> Proposals:
    def with_value(value: ast.expr) -> ast.Call:
        return changed(node, keywords=[*node.keywords, ast.keyword(parameter, value)])

    if parameter in site.scope.locals:
        yield Proposal("parameter passed on", 0.6, with_value(name(parameter)))
    if site.scope.receiver and parameter in site.scope.receiver_attributes:
        own = ast.Attribute(name(site.scope.receiver), parameter, ast.Load())
        yield Proposal("parameter passed on", 0.4, with_value(own))
    for variable in site.scope.near(node, 6):
        if variable != parameter:
            yield Proposal("argument added", 0.12, with_value(name(variable)))
    for value in (True, False, None):
        yield Proposal("argument added", 0.12, with_value(ast.Constant(value)))


def seen_keywords(site: Site) -> Proposals:
    """A keyword argument that other calls of this function carry."""
    node = site.node
    if not isinstance(node, ast.Call):
        return
    given = {keyword.arg for keyword in node.keywords}
    for keyword in list(site.file.keywords[called(node)].values())[:8]:
        if keyword.arg not in given and site.scope.sees(keyword.value, node):
            yield Proposal("keyword added", 0.3, changed(node, keywords=[*node.keywords, keyword]))


def more_arguments(site: Site) -> Proposals:
    """One more argument at the end, or a bound for `min` and `max`."""
    node = site.node
    if not isinstance(node, ast.Call):
        return
    function = called(node)
    if len(node.args) <= 2 and function not in _FIXED_ARITY:
        for variable in site.scope.near(node, 6):
            yield Proposal("argument added", 0.12, changed(node, args=[*node.args, name(variable)]))
        for value in _EXTRA:
            yield Proposal("argument added", 0.06, changed(node, args=[*node.args, constant(value)]))
    if function in {"strip", "rstrip", "lstrip", "split"} and node.args:
        yield Proposal("argument dropped", 0.1, changed(node, args=[]))
    yield from _defaults(node, function)
    yield from _sorting(site, node, function)


def _defaults(node: ast.Call, function: str) -> Proposals:
    """Bounds and defaults of `min`, `max` and `get`."""
    if function in {"pop", "get", "getattr", "next"} and node.args:
        yield Proposal("default for a missing key", 0.3, changed(node, args=[*node.args, ast.Constant(None)]))
    if function in {"max", "min"}:
        if len(node.args) >= 2:
            for value in (0, 1):
                yield Proposal("argument added", 0.25, changed(node, args=[constant(value), *node.args]))
        elif len(node.args) == 1:
            default = ast.keyword("default", constant(0))
            yield Proposal("default for empty input", 0.2, changed(node, keywords=[*node.keywords, default]))
    if function == "get" and len(node.args) == 1:
        for default in (constant(0), constant(""), empty_list(), empty_dict()):
            yield Proposal("default for a missing key", 0.25, changed(node, args=[*node.args, default]))


def _sorting(site: Site, node: ast.Call, function: str) -> Proposals:
    """Sort keys and directions."""
    if function not in {"sorted", "sort", "min", "max", "nlargest", "nsmallest"}:
        return
    given = {keyword.arg for keyword in node.keywords}
    if "reverse" not in given and function in {"sorted", "sort"}:
        flag = ast.keyword("reverse", ast.Constant(value=True))
        yield Proposal("sorting direction", 0.3, changed(node, keywords=[*node.keywords, flag]))
    if "key" not in given:
        for key in ("len", "str"):
            yield Proposal("sort key", 0.15, changed(node, keywords=[*node.keywords, ast.keyword("key", name(key))]))
        for function_name in [*site.scope.nested, *site.file.functions][:6]:
            keyword = ast.keyword("key", name(function_name))
            yield Proposal("sort key", 0.1, changed(node, keywords=[*node.keywords, keyword]))


def ranges(site: Site) -> Proposals:
    """Start and step of `range` and `enumerate`."""
    node = site.node
    if not isinstance(node, ast.Call) or called(node) not in {"range", "enumerate"}:
        return
    given: List[ast.expr] = node.args
    if called(node) == "enumerate":
        if len(given) == 1:
            yield Proposal("start of range", 0.4, changed(node, args=[*given, constant(1)]))
        return
    if len(given) == 1:
        yield Proposal("start of range", 0.4, changed(node, args=[constant(1), *given]))
    if len(given) == 2:
        yield Proposal("step of range", 0.3, changed(node, args=[*given, constant(-1)]))


def instance_checks(site: Site) -> Proposals:
    """`isinstance` with another class, or with one more."""
    node = site.node
    if not isinstance(node, ast.Call) or called(node) != "isinstance" or len(node.args) != 2:
        return
    classes = node.args[1]
    old = classes.elts if isinstance(classes, ast.Tuple) else [classes]
    for extra in _CLASSES:
        if not any(isinstance(one, ast.Name) and one.id == extra for one in old):
            wider = ast.Tuple([*old, name(extra)], ast.Load())
            yield Proposal("type check widened", 0.25, changed(node, args=[node.args[0], wider]))
            yield Proposal("type check", 0.12, changed(node, args=[node.args[0], name(extra)]))
    imported = [known for known in sorted(site.file.globals) if known[:1].isupper() and not known.isupper()]
    for extra in imported:
        yield Proposal("type check", 0.2, changed(node, args=[node.args[0], name(extra)]))
        wider = ast.Tuple([*old, name(extra)], ast.Load())
        yield Proposal("type check widened", 0.1, changed(node, args=[node.args[0], wider]))


TEMPLATES = (
    taken_away,
    arguments,
    missing_arguments,
    seen_keywords,
    more_arguments,
    ranges,
    instance_checks,
)
