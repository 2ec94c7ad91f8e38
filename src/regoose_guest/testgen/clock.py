"""Another clock: what reads the time shows another, so that a test that depends on it is found out."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any, Callable


def shift(days: int) -> Callable[[], None]:  # noqa: C901 - two stand-ins for classes, of a few lines each
    """Put the clock of `datetime` and `time` forward for this process, by a little more; returns what undoes it."""
    offset = dt.timedelta(days=days, hours=5, seconds=77)
    kept: Any = (dt.datetime, dt.date, time.time, time.time_ns, time.localtime, time.gmtime)
    real_datetime, real_date, real_time, _, real_local, real_universal = kept

    def plain(given: Any) -> Any:
        parts = (given.year, given.month, given.day, given.hour, given.minute, given.second, given.microsecond)
        return real_datetime(*parts, given.tzinfo, fold=given.fold)

    class _AnyDatetime(type):
        def __instancecheck__(cls, one: object) -> bool:
            return isinstance(one, real_datetime)

        def __subclasscheck__(cls, one: type) -> bool:
            return issubclass(one, real_datetime)

    class _AnyDate(type):
        def __instancecheck__(cls, one: object) -> bool:
            return isinstance(one, real_date)

        def __subclasscheck__(cls, one: type) -> bool:
            return issubclass(one, real_date)

    class _Datetime(real_datetime, metaclass=_AnyDatetime):
        def __repr__(self) -> str:
            return repr(plain(self))

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return plain(real_datetime.now(tz) + offset)

        @classmethod
        def utcnow(cls) -> Any:
            return plain(real_datetime.now(dt.timezone.utc).replace(tzinfo=None) + offset)

        @classmethod
        def today(cls) -> Any:
            return plain(real_datetime.now() + offset)

    class _Date(real_date, metaclass=_AnyDate):
        def __repr__(self) -> str:
            return repr(real_date(self.year, self.month, self.day))

        @classmethod
        def today(cls) -> Any:
            moved = real_datetime.now() + offset
            return real_date(moved.year, moved.month, moved.day)

    for made, name in ((_Datetime, "datetime"), (_Date, "date")):
        made.__name__ = made.__qualname__ = name
        made.__module__ = "datetime"
    seconds = offset.total_seconds()

    def local(given: Any = None) -> Any:
        return real_local(real_time() + seconds if given is None else given)

    def universal(given: Any = None) -> Any:
        return real_universal(real_time() + seconds if given is None else given)

    later = (lambda: real_time() + seconds), (lambda: int((real_time() + seconds) * 1e9))
    _set(_Datetime, _Date, *later, local, universal)
    return lambda: _set(*kept)


def _set(*parts: Any) -> None:
    names = ((dt, "datetime"), (dt, "date"), (time, "time"), (time, "time_ns"))
    for (holder, name), part in zip((*names, (time, "localtime"), (time, "gmtime")), parts):
        setattr(holder, name, part)
