"""Names: the wrong variable, function, method or attribute."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from typing import Dict, List

from regoose_guest.alone import changed
from regoose_guest.repair.build import called, name
from regoose_guest.repair.scope import loaded
from regoose_guest.repair.templates.site import Proposal, Proposals, Site

_GROUPS = (
    "min max", "any all", "append extend add update insert appendleft extendleft", "strip lstrip rstrip",
    "upper lower title capitalize casefold swapcase", "find index rfind rindex", "startswith endswith",
    "floor ceil round trunc", "keys values items", "pop popleft remove discard popitem", "get setdefault pop",
    "split rsplit splitlines", "partition rpartition split", "isdigit isdecimal isnumeric isalpha isalnum isspace",
    "union intersection difference symmetric_difference", "list tuple set frozenset sorted iter reversed",
    "int float str bool", "match search fullmatch", "issubset issuperset", "removeprefix removesuffix",
    "isinstance issubclass", "type isinstance", "sort reverse", "zip zip_longest", "ljust rjust center",
    "range reversed", "str repr ascii", "getattr hasattr", "difference_update intersection_update update",
    "islice takewhile dropwhile", "copy deepcopy", "combinations permutations product combinations_with_replacement",
    "read readline readlines", "date datetime", "sub subn", "findall finditer", "isupper islower istitle",
    "popleft pop", "sum len", "abs int", "divmod pow",
    "bisect bisect_left bisect_right", "heappop heappush heappushpop heapreplace",
    "iskeyword isidentifier", "encode decode", "add discard remove", "lower casefold", "items iteritems",
)  # fmt: skip


def _groups() -> Dict[str, List[str]]:
    members: Dict[str, List[str]] = defaultdict(list)
    for group in _GROUPS:
        words = group.split()
        for word in words:
            members[word] += [other for other in words if other != word and other not in members[word]]
    return members


_ALTERNATIVES = _groups()


def variable(site: Site) -> Proposals:
    """Another variable in scope, those used closest by and of a type in common first."""
    node = site.node
    if not isinstance(node, ast.Name) or not loaded(node) or _is_called(site):
        return
    near = site.scope.near(node)
    for rank, other in enumerate(near):
        if other != node.id and not _is_passed_to(site, other):
            alike = site.scope.alike(node.id, other)
            share = 1.0 if alike is None else 1.15 if alike else 0.5
            yield Proposal("variable", 0.6 * share / (1 + 0.08 * rank), name(other))
    for other in site.file.globals:
        if other != node.id and other not in near and _same_fashion(site, node.id, other):
            yield Proposal("variable of the module", 0.3, name(other))
    for other in near[:8]:
        for attribute, _ in site.file.attributes[other].most_common(6):
            yield Proposal("variable to attribute", 0.18, ast.Attribute(name(other), attribute, ast.Load()))
    receiver = site.scope.receiver
    if receiver and node.id != receiver:
        for attribute, _ in site.scope.receiver_attributes.most_common(12):
            prior = 0.6 if attribute == node.id else 0.2
            yield Proposal("variable to own attribute", prior, ast.Attribute(name(receiver), attribute, ast.Load()))


def _same_fashion(site: Site, one: str, other: str) -> bool:
    classes = site.file.classes
    return (one.isupper() and other.isupper()) or (one in classes and other in classes)


def _is_passed_to(site: Site, other: str) -> bool:
    """Whether the name would be an argument of the function of that name, which is never meant."""
    return isinstance(site.parent, ast.Call) and isinstance(site.parent.func, ast.Name) and site.parent.func.id == other


def _is_called(site: Site) -> bool:
    return isinstance(site.parent, ast.Call) and site.field == "func"


def function(site: Site) -> Proposals:
    """Another function of the same group, or another of the module's own."""
    node = site.node
    if not isinstance(node, ast.Name) or not _is_called(site):
        return
    for other in _ALTERNATIVES.get(node.id, ()):
        if other in site.scope.visible:
            yield Proposal("function of the same group", 0.5, name(other))
    functions = dict.fromkeys([*site.file.functions, *site.scope.nested])
    weighted = [(other, "another function", 0.45 if _alike(other, node.id) else 0.25) for other in functions]
    weighted += [(other, "another class", 0.12) for other in site.file.classes]
    for other, template, prior in weighted:
        if other != node.id:
            yield Proposal(template, prior, name(other))
    if site.scope.receiver and node.id in site.scope.methods:
        yield Proposal("own method", 0.6, ast.Attribute(name(site.scope.receiver), node.id, ast.Load()))


def _alike(one: str, other: str) -> bool:
    """Whether two names share their first or last word."""
    first, second = one.strip("_").split("_"), other.strip("_").split("_")
    return len(first) > 1 and len(second) > 1 and (first[0] == second[0] or first[-1] == second[-1])


def attribute(site: Site) -> Proposals:
    """Another method of the same group; another attribute seen on the same variable."""
    node = site.node
    if not isinstance(node, ast.Attribute) or not loaded(node):
        return
    if _is_called(site):
        for other in _ALTERNATIVES.get(node.attr, ()):
            yield Proposal("method of the same group", 0.5, changed(node, attr=other))
        yield from _seen_on_variable(site, node, "another method", 0.2)
        own = isinstance(node.value, ast.Name) and node.value.id == site.scope.receiver
        for other in site.scope.methods if own else ():
            if other != node.attr and not other.startswith("__"):
                yield Proposal("another own method", 0.15, changed(node, attr=other))
        return
    yield from _seen_on_variable(site, node, "another attribute", 0.4)
    yield from _seen_anywhere(site, node)
    yield Proposal("attribute dropped", 0.3, node.value)


def _seen_anywhere(site: Site, node: ast.Attribute) -> Proposals:
    """Yield the module's commonest attributes, for what is no plain variable."""
    if isinstance(node.value, (ast.Attribute, ast.Call, ast.Subscript)):
        pool: Counter[str] = Counter()
        for seen in site.file.attributes.values():
            pool.update(seen)
        for other, _ in pool.most_common(8):
            if other != node.attr:
                yield Proposal("another attribute", 0.1, changed(node, attr=other))


def _seen_on_variable(site: Site, node: ast.Attribute, template: str, prior: float) -> Proposals:
    if isinstance(node.value, ast.Name):
        for other, _ in site.file.attributes[node.value.id].most_common(14):
            if other != node.attr:
                yield Proposal(template, prior, changed(node, attr=other))


def keyword_of_call(site: Site) -> Proposals:
    """A keyword of the wrong name, as other calls of the same function spell it."""
    node = site.node
    if not isinstance(node, ast.Call):
        return
    given = {keyword.arg for keyword in node.keywords}
    for index, keyword in enumerate(node.keywords):
        for other in site.file.keywords[called(node)].values():
            if other.arg not in given:
                keywords = [*node.keywords]
                keywords[index] = ast.keyword(other.arg, keyword.value)
                yield Proposal("keyword", 0.15, changed(node, keywords=keywords))


TEMPLATES = (variable, function, attribute, keyword_of_call)
