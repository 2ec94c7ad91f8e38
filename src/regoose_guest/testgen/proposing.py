"""New candidates for a subject: arguments by kind, receivers with a history, and variations of those that were good."""

from __future__ import annotations

import enum
import inspect
import re
from collections import defaultdict
from typing import Any, DefaultDict, Dict, List, Optional, Sequence, Tuple

from regoose_guest.testgen.acts import (
    ARGUMENTS,
    CONSTRUCTOR,
    FUNCTION,
    METHOD,
    OPERATORS,
    PROPERTY,
    SETTER,
    STATIC,
    VALUE,
    Act,
    arguments,
    source,
)
from regoose_guest.testgen.analyse import Example
from regoose_guest.testgen.corpus import LONGEST, Entry, entwined, is_chained, is_history, items_of
from regoose_guest.testgen.folders import uses_folder, with_file
from regoose_guest.testgen.kinds import ANY, Kind
from regoose_guest.testgen.subjects import Found, Parameter, Subject, may_be_named
from regoose_guest.testgen.values import Context, Values
from regoose_guest.testgen.varying import varied

Acts = List[Act]
_SELF_STANDING = frozenset((FUNCTION, CONSTRUCTOR, STATIC))
_OPTION = re.compile(r"--?[A-Za-z][\w-]*")
_RECENT = 12


class Proposals:
    """Makes candidates. `corpus` holds good ones by subject; the search adds to it."""

    def __init__(self, found: Found, values: Values) -> None:
        self._found = found
        self._values = values
        self._random = values.random
        self.corpus: DefaultDict[str, List[Entry]] = defaultdict(list)
        self._unknown = found.annotations.mixed({}, has_default=False, default=None, named=None)
        """Of what is called where no text says how: what it takes is learned."""
        self._contexts = {one.key: Context(one.key, one.constants, one.keys) for one in found.subjects}
        for one in found.constructors.values():
            self._contexts.setdefault(one.key, Context(one.key, one.constants, one.keys))
        values.classes = found.classes
        values.foreign = found.annotations.foreign
        values.make_instance = self.instance
        for name, held in list(found.annotations.foreign.items()):
            values.foreign_kinds[name] = _signature(found, held)

    def context(self, subject: Subject) -> Context:
        """Return what values for a subject may draw on."""
        context = self._contexts.get(subject.key)
        if context is None:
            context = self._contexts[subject.key] = Context(subject.key, subject.constants, subject.keys)
        return context

    def propose(self, subject: Subject) -> Acts:
        """Return a new candidate or a variation of a good one; empty where there is no way to call the subject."""
        self._values.chosen = []
        self._values.texts.chosen = []
        known = self.corpus[subject.key]
        if known and self._random.random() < 0.55:  # noqa: PLR2004 - somewhat more variations than new ones
            entry = self._random.choice(known[-_RECENT:] if self._random.random() < 0.5 else known)  # noqa: PLR2004
            return self.variation(subject, entry.acts)
        return self.fresh(subject)

    def examples(self, subject: Subject) -> List[Acts]:
        """Return the calls of a subject in documentation, the package and existing tests."""
        if subject.kind not in _SELF_STANDING:
            return []
        name = subject.owner if subject.kind == CONSTRUCTOR else subject.name.rpartition(".")[2]
        known: Sequence[Example] = self._found.facts.examples.get(name, [])[:30]
        return [[Act(subject.kind, "", subject.name, *one)] for one in known]

    def fresh(self, subject: Subject) -> Acts:
        """Return a candidate of new values."""
        if subject.kind not in _SELF_STANDING:
            return self._on_receiver(subject)
        acts = [self.act(subject)]
        if uses_folder(acts) and self._random.random() < 0.7:  # noqa: PLR2004 - mostly there is something to read
            return with_file(acts, self._random, self._values.texts, subject.constants)
        if self._found.facts.reads_arguments and not subject.needed and self._random.random() < 0.8:  # noqa: PLR2004 - seldom without
            return [self._command_line(subject), *acts]
        if subject.returns["callable"] and self._random.random() < 0.8:  # noqa: PLR2004 - what it returns is to be called
            count = self._random.choice((0, 1, 1, 1, 2))
            places = ((subject.key, f"()[{number}]") for number in range(count))
            given = tuple(self._values.write(self._unknown, self.context(subject), place) for place in places)
            acts.append(Act(VALUE, "v0", "", given))
        else:
            for owner in subject.returns:
                members = self._found.by_owner.get(owner)
                if members and self._random.random() < 0.3:  # noqa: PLR2004 - what it returns has members
                    acts.append(self.act(self._random.choice(members), "v0"))
                    break
        return acts

    def _command_line(self, subject: Subject) -> Act:
        """Return an act that sets the arguments of the command line: the module's options, words and numbers."""
        random, texts = self._random, self._values.texts
        options = [one for one in self._found.facts.constants.texts if _OPTION.fullmatch(one)]
        given = ["command"]
        for _ in range(random.choice((0, 1, 1, 1, 2, 2, 3))):
            dice = random.random()
            if options and dice < 0.35:  # noqa: PLR2004 - shares of the ways
                given.append(random.choice(options))
            elif dice < 0.6:  # noqa: PLR2004
                given.append(str(self._values.number(subject.constants)))
            else:
                given.append(texts.bare(subject.constants))
        return Act(FUNCTION, "", ARGUMENTS, ("'sys.argv'", repr(given)))

    def _on_receiver(self, subject: Subject) -> Acts:
        random = self._random
        members = self._found.by_owner[subject.owner]
        known = [entry for one in members for entry in self.corpus[one.key][-_RECENT:] if is_history(entry)]
        if known and random.random() < 0.35:  # noqa: PLR2004 - what was done with another object, and then this
            acts = [*random.choice(known).acts, self.act(subject, "v0")]
            return self._shared(acts) if random.random() < 0.8 else acts  # noqa: PLR2004
        start = self._start(subject.owner)
        if start is None:
            return []
        acts = [start]
        count = random.choice((0, 0, 0, 1, 1, 2, 3))
        acts += [self.act(random.choice(members), "v0") for _ in range(count)]
        last = self.act(subject, "v0")
        if subject.name in OPERATORS and random.random() < 0.4:  # noqa: PLR2004 - with one that is made alike
            last = last._replace(positional=(self._alike(start, subject),))
        acts.append(last)
        if random.random() < 0.6:  # noqa: PLR2004 - keys and handles mean something only when they come again
            acts = self._shared(acts)
        if subject.returns[subject.owner] and random.random() < 0.2:  # noqa: PLR2004 - what it returns has members
            acts.append(self.act(random.choice(members), f"v{len(acts) - 1}"))
        return acts

    def _alike(self, start: Act, subject: Subject) -> str:
        """Return source of an object made as another one was, or nearly so."""
        if self._random.random() < 0.5 or start.kind == PROPERTY:  # noqa: PLR2004 - as often just so
            return source(start)
        return source(self._varied(subject, start, is_own=False))

    def _start(self, owner: str) -> Optional[Act]:
        """Return an act that makes an object of a class."""
        random = self._random
        held = self._found.classes[owner]
        if issubclass(held, enum.Enum):
            members = list(held.__members__)
            return Act(PROPERTY, owner, random.choice(members)) if members else None
        producers = [one for one in self._found.subjects if one.kind in {FUNCTION, STATIC} and one.returns[owner] > 0]
        constructor = self._found.constructors.get(owner)
        if producers and (constructor is None or random.random() < 0.3):  # noqa: PLR2004 - mostly the constructor
            return self.act(random.choice(producers))
        if constructor is None:
            constructor = self._of_subclass(owner)
            if constructor is None:
                return None
        good = [one for one in self.corpus[constructor.key] if one.is_fine]
        if good and random.random() < 0.6:  # noqa: PLR2004 - mostly one that works
            return random.choice(good).acts[0]
        return self.act(constructor)

    def _of_subclass(self, owner: str) -> Optional[Subject]:
        held = self._found.classes[owner]
        known = [one for name, one in self._found.constructors.items() if held in self._found.classes[name].__mro__]
        return self._random.choice(known) if known else None

    def instance(self, name: str, context: Context, depth: int) -> str:
        """Return source of an object of one of the module's classes, as an argument."""
        del context
        constructor = self._found.constructors.get(name) or self._of_subclass(name)
        producers = [one for one in self._found.subjects if one.kind in {FUNCTION, STATIC} and one.returns[name] > 0]
        if producers and (constructor is None or self._random.random() < 0.3):  # noqa: PLR2004 - mostly the constructor
            return source(self.act(self._random.choice(producers), depth=depth + 1))
        if constructor is None:
            return "None"
        held = self._found.classes[name]
        inner = [one for one in self._found.constructors if one != name and held in self._found.classes[one].__mro__]
        if inner and self._random.random() < 0.2:  # noqa: PLR2004 - mostly the class itself
            constructor = self._found.constructors[self._random.choice(inner)]
        good = [one for one in self.corpus[constructor.key] if one.is_fine and len(one.acts) == 1]
        if good and self._random.random() < 0.7:  # noqa: PLR2004 - mostly one that works
            return source(self._random.choice(good).acts[0])
        return f"{constructor.name}({arguments(self.act(constructor, depth=depth + 1))})"

    def act(self, subject: Subject, receiver: str = "", depth: int = 0) -> Act:
        """Return a call of the subject with new arguments."""
        if subject.kind == PROPERTY:
            return Act(PROPERTY, receiver, subject.name)
        if subject.kind == SETTER:
            return Act(SETTER, receiver, subject.name, (self._value(subject, subject.parameters[0], depth),))
        if subject.kind == METHOD and subject.name in OPERATORS and self._random.random() < 0.5:  # noqa: PLR2004 - with one of its own
            return Act(METHOD, receiver, subject.name, (self.instance(subject.owner, self.context(subject), 1),))
        positional, keywords = self._arguments(subject, depth)
        if depth == 0 and self._random.random() < 0.12:  # noqa: PLR2004 - now and then
            positional = entwined(self._random, positional)
        return Act(subject.kind, receiver, subject.name, tuple(positional), tuple(keywords.items()))

    def _arguments(self, subject: Subject, depth: int) -> Tuple[List[str], Dict[str, str]]:
        random = self._random
        known: Sequence[Example] = self._known(subject) if depth == 0 else ()
        if known and random.random() < 0.2:  # noqa: PLR2004 - an example as it is
            example = random.choice(known)
            return list(example[0]), dict(example[1])
        positional: List[str] = []
        keywords: Dict[str, str] = {}
        by_name = False
        share = self._share(subject)
        for number, one in enumerate(subject.parameters):
            if one.way is inspect.Parameter.VAR_POSITIONAL:
                if not by_name:
                    positional += self._variadic(subject, one, number, known, depth)
                by_name = True
            elif one.way is inspect.Parameter.VAR_KEYWORD:
                keywords.update(self._bundle(subject, one, depth))
            elif not one.is_required:
                by_name = True
                if one.way is not inspect.Parameter.POSITIONAL_ONLY and random.random() < share:
                    keywords[one.name] = self._argument(subject, one, number, known, depth)
            elif by_name or one.way is inspect.Parameter.KEYWORD_ONLY or subject.only_keywords:
                keywords[one.name] = self._argument(subject, one, number, known, depth)
            else:
                positional.append(self._argument(subject, one, number, known, depth))
        return positional, keywords

    def _share(self, subject: Subject) -> float:
        """Return how often an optional argument is given this time: now and then many at once."""
        if len(subject.parameters) < 4:  # noqa: PLR2004 - few parameters
            return 0.45
        return self._random.choice((0.1, 0.25, 0.25, 0.6))

    def _known(self, subject: Subject) -> Sequence[Example]:
        name = subject.owner if subject.kind == CONSTRUCTOR else subject.name.rpartition(".")[2]
        return self._found.facts.examples.get(name, ())

    def _argument(self, subject: Subject, one: Parameter, number: int, known: Sequence[Example], depth: int) -> str:
        if known and self._random.random() < 0.25:  # noqa: PLR2004 - one taken from an example
            positional, keywords = self._random.choice(known)
            named = dict(keywords)
            if one.name in named:
                return named[one.name]
            if number < len(positional):
                return positional[number]
        return self._value(subject, one, depth)

    def _variadic(
        self, subject: Subject, one: Parameter, number: int, known: Sequence[Example], depth: int
    ) -> List[str]:
        """Return values for `*one`, now and then as one list: functions that take several often take a list of them."""
        random = self._random
        shown = [text for positional, _ in known for text in positional[number:]]
        values = [
            random.choice(shown) if shown and random.random() < 0.25 else self._value(subject, one, depth)  # noqa: PLR2004 - one taken from an example
            for _ in range(random.choice((0, 1, 2, 2, 3)))
        ]
        return [f"[{', '.join(values)}]"] if values and random.random() < 0.1 else values  # noqa: PLR2004 - now and then

    def _value(self, subject: Subject, one: Parameter, depth: int) -> str:
        context, random = self.context(subject), self._random
        path = (subject.key, one.name)
        if one.attributes and one.kind.name == "mix" and random.random() < 0.4 and self._is_object(one):  # noqa: PLR2004 - a stand-in
            given = [
                f"{name}={self._values.write(one.inner[name], context, (*path, name), depth + 1)}"
                for name in one.attributes
                if name in one.inner
            ]
            return f"types.SimpleNamespace({', '.join(given)})"
        looked = subject.keys.get(one.name)
        if looked and depth < 2 and one.inner and one.kind.name in {"mix", "dict", "any"} and random.random() < 0.5:  # noqa: PLR2004
            items = [
                f"{key!r}: {self._values.write(one.inner.get(key, ANY), context, (*path, key), depth + 1)}"
                for key in looked
                if random.random() < 0.9  # noqa: PLR2004 - now and then one is missing
            ]
            return "{" + ", ".join(items) + "}"
        if one.kind.name not in {"mix", "any"} and random.random() < 0.04:  # noqa: PLR2004 - annotations are promises
            return self._values.write(ANY, context, path, depth)
        return self._values.write(one.kind, context, path, depth)

    @staticmethod
    def _is_object(one: Parameter) -> bool:
        return any(kind.name == "object" for kind in one.kind.of)

    def _bundle(self, subject: Subject, one: Parameter, depth: int) -> Dict[str, str]:
        random = self._random
        own = list(one.inner)
        keys = own if len(own) > 1 else self._found.facts.keys
        given: Dict[str, str] = {}
        if keys and random.random() < 0.9:  # noqa: PLR2004 - mostly what is looked for
            every = list(dict.fromkeys([*own, *self._found.facts.keys])) if random.random() < 0.7 else keys  # noqa: PLR2004
            for key in every:
                if key.isidentifier() and random.random() < 0.96:  # noqa: PLR2004 - now and then one is missing
                    given[key] = self._keyed(subject, one, key, depth)
        elif random.random() < 0.25:  # noqa: PLR2004 - any name will do
            name = random.choice(("a", "key", "value", "name"))
            given[name] = self._values.write(one.kind, self.context(subject), (), depth)
        return given

    def _keyed(self, subject: Subject, one: Parameter, key: str, depth: int) -> str:
        kind = one.inner.get(key) or self._elsewhere(key)
        return self._values.write(kind, self.context(subject), ("**", key), depth + 1)

    def _elsewhere(self, key: str) -> Kind:
        """Return the kind that another function shows for a key of a shared bundle."""
        parameters = (one for subject in self._found.subjects for one in subject.parameters)
        return next((one.inner[key] for one in parameters if key in one.inner), ANY)

    def variation(self, subject: Subject, given: Sequence[Act]) -> Acts:
        """Return a candidate near a good one."""
        random, acts = self._random, list(given)
        dice = random.random()
        if len(acts) > 2 and dice < 0.12:  # noqa: PLR2004 - shares of the ways
            at = random.randrange(1, len(acts) - 1)
            if not any(act.receiver == f"v{number}" for act in acts for number in range(at, len(acts))):
                del acts[at]
                return acts
        if len(acts) > 2 and dice > 0.9:  # noqa: PLR2004
            return self._shared(acts)
        members = self._found.by_owner.get(acts[0].name if acts[0].kind == CONSTRUCTOR else "")
        if members and dice < 0.3 and len(acts) < LONGEST and not is_chained(acts):  # noqa: PLR2004
            acts.insert(random.randint(1, len(acts)), self.act(random.choice(members), "v0"))
            return self._shared(acts) if random.random() < 0.4 else acts  # noqa: PLR2004
        if 2 < len(acts) < LONGEST and dice > 0.82 and not is_chained(acts):  # noqa: PLR2004
            at = random.randrange(1, len(acts) - 1)
            acts.insert(at, self._varied(subject, acts[at], is_own=False))  # the same again, otherwise
            return acts
        at = random.randrange(len(acts)) if random.random() < 0.4 else len(acts) - 1  # noqa: PLR2004
        acts[at] = self._varied(subject, acts[at], is_own=at == len(acts) - 1 and acts[at].kind == subject.kind)
        return acts

    def _varied(self, subject: Subject, act: Act, *, is_own: bool) -> Act:
        random, context = self._random, self.context(subject)
        positional, keywords = list(act.positional), dict(act.keywords)
        dice = random.random()
        spare = [one for one in subject.parameters if may_be_named(one, keywords)] if is_own else []
        if spare and dice < 0.25 and len(positional) <= len(subject.needed):  # noqa: PLR2004 - shares of the ways
            one = random.choice(spare)
            keywords[one.name] = self._value(subject, one, 0)
        elif keywords and dice < 0.32:  # noqa: PLR2004
            del keywords[random.choice(list(keywords))]
        else:
            for _ in range(random.choice((1, 1, 1, 2))):
                self._vary_one(subject, positional, keywords, context, is_own=is_own)
        return act._replace(positional=tuple(positional), keywords=tuple(keywords.items()))

    def _vary_one(
        self, subject: Subject, positional: List[str], keywords: Dict[str, str], context: Context, *, is_own: bool
    ) -> None:
        random = self._random
        first = 1 if positional[:1] == ["'sys.argv'"] else 0
        slots: List[Any] = [*range(first, len(positional)), *keywords]
        if not slots:
            return
        slot = random.choice(slots)
        if not isinstance(slot, int):
            keywords[slot] = varied(self._values, context, keywords[slot])
        elif is_own and slot < len(subject.parameters) and random.random() < 0.2:  # noqa: PLR2004 - anew
            positional[slot] = self._value(subject, subject.parameters[slot], 0)
        else:
            positional[slot] = varied(self._values, context, positional[slot])

    def _shared(self, given: Sequence[Act]) -> Acts:
        """Use argument values of earlier acts again in later ones."""
        random = self._random
        known: List[str] = []
        acts: Acts = []
        for number, act in enumerate(given):
            positional = list(act.positional)
            if known and number:
                positional = [random.choice(known) if random.random() < 0.5 else one for one in positional]  # noqa: PLR2004
            if positional and (number or random.random() < 0.3):  # noqa: PLR2004
                known += positional[:1] * 2 + positional[1:]
            if not number:
                known += [one for text in (*positional, *dict(act.keywords).values()) for one in items_of(text)]
            acts.append(act._replace(positional=tuple(positional)))
        return acts


def _signature(found: Found, held: Any) -> List[Tuple[str, bool, bool, Kind]]:
    try:
        given = inspect.signature(held).parameters.values()
    except (ValueError, TypeError):
        return []
    stars = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [
        (
            one.name,
            one.default is one.empty,
            one.kind is not one.KEYWORD_ONLY,
            found.annotations.kind(one.annotation) if one.annotation is not one.empty else ANY,
        )
        for one in given
        if one.kind not in stars
    ]
