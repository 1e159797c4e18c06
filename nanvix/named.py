"""Named tuples that cost nothing to define.

To a type checker this is ``typing.NamedTuple``. But importing ``typing`` takes as long as a dozen
of our modules, and so do the constructors it compiles for a handful of classes. Here a class of
named places is made by one loop.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple

    __all__ = ["NamedTuple"]
else:
    from _operator import itemgetter  # operator would be one module more

    class _Named(type):
        """Makes properties of the annotations in the body of a direct subclass of NamedTuple."""

        def __new__(cls, name, bases, body):
            if bases == (tuple,) or bases != (NamedTuple,):
                return super().__new__(cls, name, bases, body)
            fields = tuple(body["__annotations__"])
            defaults = {field: body.pop(field) for field in fields if field in body}
            for place, field in enumerate(fields):
                body[field] = property(itemgetter(place))
            body |= {"__slots__": (), "_fields": fields, "_defaults": defaults}
            return super().__new__(cls, name, bases, body)

    class NamedTuple(tuple, metaclass=_Named):
        """A tuple whose places have names: the annotations of a direct subclass, in order. Its
        module postpones annotations (``from __future__ import annotations``)."""

        __slots__ = ()

        def __new__(cls, *values, **named):
            """By place, by name, by default. Raises TypeError where that does not fill it."""
            if named or len(values) != len(cls._fields):
                rest = cls._fields[len(values) :]
                known = cls._defaults | named
                try:
                    values += tuple([known[field] for field in rest])
                except KeyError:
                    rest = ()
                if not named.keys() <= set(rest) or len(values) != len(cls._fields):
                    raise TypeError(f"{cls.__name__} is made of {', '.join(cls._fields)}")
            return tuple.__new__(cls, values)

        @classmethod
        def _make(cls, values):
            return cls(*values)

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def _replace(self, **named):
            return type(self)(**(self._asdict() | named))

        def __repr__(self):
            values = ", ".join(f"{name}={value!r}" for name, value in self._asdict().items())
            return f"{type(self).__name__}({values})"

        def __getnewargs__(self):
            return tuple(self)
