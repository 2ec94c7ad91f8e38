"""
Inputs on which a repaired QuixBugs program is compared with its reference.

Each generator makes valid inputs of one program from its signature and stated preconditions: edge cases first,
then random ones. Graphs and linked lists are built of `Node`, which has the attributes those programs use.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

Arguments = tuple[object, ...]
Generator = Callable[[random.Random], Iterator[Arguments]]

RANDOM_INPUTS = 400


@dataclass(eq=False, repr=False)
class Node:
    """A node of a list or graph; equal to itself alone, as in QuixBugs."""

    value: object = None
    successor: Node | None = None
    successors: list[Node] = field(default_factory=list["Node"])
    predecessors: list[Node] = field(default_factory=list["Node"])
    incoming_nodes: list[Node] = field(default_factory=list["Node"])
    outgoing_nodes: list[Node] = field(default_factory=list["Node"])

    def __repr__(self) -> str:
        """Show what follows by value alone: spelled out, a dense graph has more paths than anyone can wait for."""
        following = [*([self.successor] if self.successor else []), *self.successors, *self.outgoing_nodes]
        return f"Node({self.value!r} -> {[node.value for node in following]!r})"


def _integers(rng: random.Random, length: int, low: int = -20, high: int = 20) -> list[int]:
    return [rng.randint(low, high) for _ in range(length)]


def _text(rng: random.Random, length: int, alphabet: str) -> str:
    return "".join(rng.choice(alphabet) for _ in range(length))


def _lists(rng: random.Random, longest: int = 14) -> Iterator[list[int]]:
    """Yield lists of integers: empty, single, sorted, reversed, with duplicates, random."""
    yield from (
        [],
        [0],
        [5],
        [-3],
        [1, 2],
        [2, 1],
        [1, 1],
        [3, 1, 2],
        [2, 2, 1, 1],
        list(range(9)),
        list(range(9, 0, -1)),
    )
    for _ in range(RANDOM_INPUTS):
        spread = rng.choice([2, 5, 20, 1000])
        yield _integers(rng, rng.randint(0, longest), rng.choice([0, -spread]), spread)


def _of_lists(rng: random.Random) -> Iterator[Arguments]:
    yield from ((values,) for values in _lists(rng))


def _bitcount(rng: random.Random) -> Iterator[Arguments]:
    yield from ((n,) for n in range(300))
    yield from ((rng.getrandbits(rng.randint(1, 70)),) for _ in range(RANDOM_INPUTS))


def _bucketsort(rng: random.Random) -> Iterator[Arguments]:
    yield from (([], 0), ([], 3), ([0], 1), ([0, 0], 1), ([2], 3))
    for _ in range(RANDOM_INPUTS):
        k = rng.randint(1, 15)
        yield _integers(rng, rng.randint(0, 12), 0, k - 1), k


def _graph(rng: random.Random) -> list[Node]:
    nodes = [Node(index) for index in range(rng.randint(1, 8))]
    density = rng.choice([0.05, 0.15, 0.3, 0.6])
    for a, b in itertools.product(nodes, nodes):
        if rng.random() < density:
            a.successors.append(b)
            b.predecessors.append(a)
    return nodes


def _search(rng: random.Random) -> Iterator[Arguments]:
    alone, other, loop = Node("a"), Node("b"), Node("c")
    loop.successors = [loop]
    yield from ((alone, alone), (alone, other), (loop, loop), (loop, other))
    for _ in range(RANDOM_INPUTS):
        nodes = _graph(rng)
        yield rng.choice(nodes), rng.choice([*nodes, Node("elsewhere")])


def _chain(length: int) -> list[Node]:
    nodes = [Node(index) for index in range(length)]
    for node, follower in itertools.pairwise(nodes):
        node.successor = follower
    return nodes


def _detect_cycle(_rng: random.Random) -> Iterator[Arguments]:
    for length in range(1, 16):
        yield (_chain(length)[0],)
        for back in range(length):
            nodes = _chain(length)
            nodes[-1].successor = nodes[back]
            yield (nodes[0],)


def _reverse_linked_list(_rng: random.Random) -> Iterator[Arguments]:
    yield (None,)
    yield from ((_chain(length)[0],) for length in range(1, 40))


def _sorted_and_wanted(rng: random.Random) -> Iterator[Arguments]:
    yield from (([], 1), ([1], 1), ([1], 0), ([1], 2), ([1, 1, 1], 1), ([1, 2], 2), ([1, 2], 3), ([1, 2], 0))
    for values in _lists(rng):
        values.sort()
        yield values, rng.choice([*values, *_integers(rng, 2), max(values, default=0) + 1, min(values, default=0) - 1])


def _distinct_sorted_and_wanted(rng: random.Random) -> Iterator[Arguments]:
    for values, wanted in _sorted_and_wanted(rng):
        assert isinstance(values, list)
        yield sorted(set(values)), wanted  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def _nested(rng: random.Random, depth: int) -> list[object]:
    size = rng.randint(0, 4)
    return [
        _nested(rng, depth - 1) if depth and rng.random() < 0.4 else rng.choice([0, 1, 7, "a", "xy", None, (1, 2)])
        for _ in range(size)
    ]


def _flatten(rng: random.Random) -> Iterator[Arguments]:
    yield from (([],), ([[]],), ([[], [[]]],), ([1, [2, [3, [4, [5]]]]],))
    yield from ((_nested(rng, rng.randint(0, 5)),) for _ in range(RANDOM_INPUTS))


def _gcd(rng: random.Random) -> Iterator[Arguments]:
    yield from itertools.product(range(14), range(14))
    for _ in range(RANDOM_INPUTS):
        common = rng.randint(1, 50)
        yield common * rng.randint(0, 500), common * rng.randint(0, 500)


def _get_factors(rng: random.Random) -> Iterator[Arguments]:
    yield from ((n,) for n in range(1, 400))
    yield from ((rng.randint(400, 200_000),) for _ in range(150))


def _hanoi(_rng: random.Random) -> Iterator[Arguments]:
    for height in range(7):
        yield (height,)
        yield from ((height, start, end) for start, end in itertools.permutations((1, 2, 3), 2))


def _parentheses(rng: random.Random) -> Iterator[Arguments]:
    for length in range(9):
        yield from (("".join(letters),) for letters in itertools.product("()", repeat=length))
    yield from ((_text(rng, rng.randint(9, 30), "()"),) for _ in range(100))


def _kheapsort(rng: random.Random) -> Iterator[Arguments]:
    """k-sorted lists: no element is further than k from its place."""
    yield from (([], 0), ([], 2), ([1], 0), ([1], 1), ([2, 1], 1), ([1, 2, 3], 5))
    for _ in range(RANDOM_INPUTS):
        k = rng.randint(0, 6)
        values = sorted(_integers(rng, rng.randint(0, 14)))
        blocks = [values[start : start + k + 1] for start in range(0, len(values), k + 1)]
        for block in blocks:
            rng.shuffle(block)
        yield list(itertools.chain.from_iterable(blocks)), rng.randint(k, k + 2)


def _knapsack(rng: random.Random) -> Iterator[Arguments]:
    yield from ((0, []), (10, []), (0, [(1, 1)]), (5, [(5, 3)]), (4, [(5, 3)]), (5, [(5, 3), (5, 4)]))
    for _ in range(RANDOM_INPUTS):
        items = [(rng.randint(1, 15), rng.randint(1, 30)) for _ in range(rng.randint(0, 7))]
        total = sum(weight for weight, _ in items)
        yield rng.choice([rng.randint(0, 40), total, max(total - 1, 0), *(weight for weight, _ in items)]), items


def _kth(rng: random.Random) -> Iterator[Arguments]:
    for values in _lists(rng):
        if values:
            yield values, rng.randrange(len(values))


def _two_texts(rng: random.Random, longest: int) -> Iterator[Arguments]:
    yield from (("", ""), ("", "a"), ("a", ""), ("a", "a"), ("a", "b"), ("ab", "ba"), ("abc", "abc"), ("aab", "ab"))
    for _ in range(RANDOM_INPUTS):
        alphabet = rng.choice(["ab", "abc", "abcdef"])
        yield _text(rng, rng.randint(0, longest), alphabet), _text(rng, rng.randint(0, longest), alphabet)


def _short_texts(rng: random.Random) -> Iterator[Arguments]:
    yield from _two_texts(rng, 6)


def _longer_texts(rng: random.Random) -> Iterator[Arguments]:
    yield from _two_texts(rng, 8)


def _lcs_length(rng: random.Random) -> Iterator[Arguments]:
    yield from _two_texts(rng, 16)


def _weighted_edges(rng: random.Random) -> Iterator[Arguments]:
    """Undirected graphs for a spanning tree: each edge once, smaller end first, connected or not, ties or none."""
    yield from (({},), ({(1, 2): 5},), ({(1, 2): 1, (3, 4): 1},), ({(1, 2): 1, (2, 3): 1, (1, 3): 1},))
    for _ in range(RANDOM_INPUTS):
        pairs = [pair for pair in itertools.combinations(range(1, rng.randint(2, 8)), 2) if rng.random() < 0.6]
        rng.shuffle(pairs)
        weights = rng.sample(range(1, 99), len(pairs)) if rng.random() < 0.7 else _integers(rng, len(pairs), 1, 4)
        yield (dict(zip(pairs, weights, strict=True)),)


def _next_palindrome(rng: random.Random) -> Iterator[Arguments]:
    for number in range(1, 2500):
        if str(number) == str(number)[::-1]:
            yield ([int(digit) for digit in str(number)],)
    for _ in range(RANDOM_INPUTS):
        half = [rng.choice([0, 1, 5, 8, 9, 9]) for _ in range(rng.randint(1, 6))]
        half[0] = half[0] or 9
        yield (half + (half[::-1] if rng.random() < 0.5 else half[-2::-1]),)


def _next_permutation(rng: random.Random) -> Iterator[Arguments]:
    """Permutations of distinct integers that have a successor."""
    for length in range(2, 6):
        yield from (
            (list(order),) for order in itertools.permutations(range(length)) if list(order) != sorted(order)[::-1]
        )
    for _ in range(RANDOM_INPUTS):
        values = rng.sample(range(-50, 50), rng.randint(2, 9))
        if values != sorted(values, reverse=True):
            yield (values,)


def _pascal(_rng: random.Random) -> Iterator[Arguments]:
    yield from ((n,) for n in range(1, 30))


def _possible_change(rng: random.Random) -> Iterator[Arguments]:
    yield from (([], 0), ([], 3), ([1], 0), ([1], -1), ([2], 3), ([5, 7], 1))
    for _ in range(RANDOM_INPUTS):
        yield rng.sample(range(1, 30), rng.randint(0, 4)), rng.randint(-5, 45)


def _powerset(rng: random.Random) -> Iterator[Arguments]:
    yield from (([],), (["a"],), ([1, 1],), (["a", 2, None],))
    yield from ((_integers(rng, rng.randint(0, 7)),) for _ in range(100))


def _rpn(rng: random.Random, leaves: int) -> list[object]:
    if leaves == 1:
        return [float(rng.randint(-9, 9))]
    left = rng.randint(1, leaves - 1)
    return [*_rpn(rng, left), *_rpn(rng, leaves - left), rng.choice("+-*/")]


def _rpn_eval(rng: random.Random) -> Iterator[Arguments]:
    yield from ((_rpn(rng, rng.randint(1, 7)),) for _ in range(RANDOM_INPUTS))


def _shortest_path_length(rng: random.Random) -> Iterator[Arguments]:
    """Positive lengths, drawn so that two distances rarely tie (the heap cannot order nodes)."""
    for _ in range(RANDOM_INPUTS):
        nodes = _graph(rng)
        lengths = {(node, follower): rng.randint(1, 10_000) for node in nodes for follower in node.successors}
        yield lengths, rng.choice(nodes), rng.choice([*nodes, Node("elsewhere")])


def _directed_weights(rng: random.Random, size: int) -> dict[tuple[int, int], int]:
    """Return a directed graph without a negative cycle: weights are non-negative, then shifted by a potential."""
    height = _integers(rng, size, 0, 8)
    density = rng.choice([0.15, 0.35, 0.7])
    edges = [edge for edge in itertools.permutations(range(size), 2) if rng.random() < density]
    rng.shuffle(edges)
    return {(a, b): rng.randint(0, 9) + height[a] - height[b] for a, b in edges}


def _shortest_path_lengths(rng: random.Random) -> Iterator[Arguments]:
    yield from ((0, {}), (1, {}), (2, {}), (2, {(0, 1): 4}))
    for _ in range(RANDOM_INPUTS):
        size = rng.randint(1, 7)
        yield size, _directed_weights(rng, size)


def _shortest_paths(rng: random.Random) -> Iterator[Arguments]:
    """Every node is the source or has an edge into it, as the published reference needs."""
    yield from ((0, {}), (0, {(0, 1): 4}), (0, {(0, 1): 4, (1, 0): -2}))
    for _ in range(RANDOM_INPUTS):
        size = rng.randint(1, 7)
        weights = _directed_weights(rng, size)
        reached = {0, *(b for _, b in weights)}
        yield 0, {edge: weight for edge, weight in weights.items() if edge[0] in reached}


def _shunting_yard(rng: random.Random) -> Iterator[Arguments]:
    yield from (([],), ([7],))
    for _ in range(RANDOM_INPUTS):
        tokens: list[object] = [rng.randint(0, 99)]
        for _ in range(rng.randint(0, 7)):
            tokens += [rng.choice("+-*/"), rng.randint(0, 99)]
        yield (tokens,)


def _sieve(_rng: random.Random) -> Iterator[Arguments]:
    yield from ((limit,) for limit in range(260))


def _sqrt(rng: random.Random) -> Iterator[Arguments]:
    """Draw x of at least 1, a positive tolerance."""
    yield from itertools.product((1, 1.0, 2, 3, 4, 9, 10, 99.5, 1e4), (0.5, 0.1, 0.01, 1e-6))
    yield from ((rng.uniform(1, 500), rng.choice([0.5, 0.1, 0.03, 1e-3, 1e-5])) for _ in range(RANDOM_INPUTS))


def _subsequences(_rng: random.Random) -> Iterator[Arguments]:
    yield from itertools.product(range(-2, 4), range(-2, 9), range(5))


def _to_base(rng: random.Random) -> Iterator[Arguments]:
    yield from itertools.product(range(1, 40), (2, 3, 7, 10, 16, 35, 36))
    yield from ((rng.randint(1, 10**9), rng.randint(2, 36)) for _ in range(RANDOM_INPUTS))


def _topological_ordering(rng: random.Random) -> Iterator[Arguments]:
    yield from (([],), ([Node(1)],))
    for _ in range(RANDOM_INPUTS):
        nodes = [Node(index) for index in range(rng.randint(1, 9))]
        density = rng.choice([0.1, 0.3, 0.6])
        for a, b in itertools.combinations(nodes, 2):
            if rng.random() < density:
                a.outgoing_nodes.append(b)
                b.incoming_nodes.append(a)
        rng.shuffle(nodes)
        yield (nodes,)


def _wrap(rng: random.Random) -> Iterator[Arguments]:
    """Columns wider than every word and its blank, or one long word: elsewhere the published reference never ends."""
    yield from (("", 1), ("a", 1), ("ab", 1), ("abc", 2), ("a b", 3), ("a b c", 2), ("ab  cd", 4))
    for _ in range(RANDOM_INPUTS):
        words = [_text(rng, rng.randint(1, 9), "abc") for _ in range(rng.randint(0, 9))]
        longest = max(map(len, words), default=0)
        yield " ".join(words), longest + 1 + rng.choice([0, 0, 1, 2, 5, 20])
    for _ in range(50):
        yield _text(rng, rng.randint(0, 30), "abc"), rng.randint(1, 12)


GENERATORS: dict[str, Generator] = {
    "bitcount": _bitcount,
    "breadth_first_search": _search,
    "bucketsort": _bucketsort,
    "depth_first_search": _search,
    "detect_cycle": _detect_cycle,
    "find_first_in_sorted": _sorted_and_wanted,
    "find_in_sorted": _distinct_sorted_and_wanted,
    "flatten": _flatten,
    "gcd": _gcd,
    "get_factors": _get_factors,
    "hanoi": _hanoi,
    "is_valid_parenthesization": _parentheses,
    "kheapsort": _kheapsort,
    "knapsack": _knapsack,
    "kth": _kth,
    "lcs_length": _lcs_length,
    "levenshtein": _short_texts,
    "lis": _of_lists,
    "longest_common_subsequence": _longer_texts,
    "max_sublist_sum": _of_lists,
    "mergesort": _of_lists,
    "minimum_spanning_tree": _weighted_edges,
    "next_palindrome": _next_palindrome,
    "next_permutation": _next_permutation,
    "pascal": _pascal,
    "possible_change": _possible_change,
    "powerset": _powerset,
    "quicksort": _of_lists,
    "reverse_linked_list": _reverse_linked_list,
    "rpn_eval": _rpn_eval,
    "shortest_path_length": _shortest_path_length,
    "shortest_path_lengths": _shortest_path_lengths,
    "shortest_paths": _shortest_paths,
    "shunting_yard": _shunting_yard,
    "sieve": _sieve,
    "sqrt": _sqrt,
    "subsequences": _subsequences,
    "to_base": _to_base,
    "topological_ordering": _topological_ordering,
    "wrap": _wrap,
}


def inputs_of(program: str, seed: int = 0) -> Iterable[Arguments]:
    """Return the inputs of a program, the same ones every time."""
    return GENERATORS[program](random.Random(f"{program}-{seed}"))
