"""The common base of schedules and controllers: each of them is a text."""

from __future__ import annotations

from ctypes import byref, c_void_p
from sys import is_finalizing

from .._foreign import abi, textform
from .._foreign.errors import parse_error
from .._foreign.library import message_of, new_error, read_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, ClassVar, NoReturn


class Textual:
    """An immutable value that the library makes from its text form, and that its canonical text describes completely.

    Two are equal if their canonical texts are. The parameters of a named one are attributes. Making one is a single
    call of the library; text and parameters are fetched when they are needed.
    """

    __slots__ = ("__weakref__", "_handle", "_text")

    # The name in the text form, and (name, kind, default) of each parameter; `...` where the default is the library's
    # or there is none.
    _name: ClassVar[str] = ""
    _parameters: ClassVar[tuple[tuple[str, str, object], ...]] = ()
    # The library's functions for this kind of value.
    _library_parse: ClassVar[Callable[..., int]]
    _library_bind: ClassVar[Callable[..., int]]
    _library_print: ClassVar[Callable[..., int]]
    _library_destroy: ClassVar[Callable[..., None]]

    _handle: int
    _text: str | None

    # ---- Making ----

    @classmethod
    def _parse(cls, text: str, *more: int, written_by_user: bool = True) -> int:
        """The handle of a text. With `more` the function that binds it."""
        encoded = text.encode("utf-8", "surrogatepass")
        handle, error = c_void_p(), new_error()
        function = cls._library_bind if more else cls._library_parse
        status = function(encoded, len(encoded), *more, byref(handle), byref(error))
        if status != abi.STEPSIZE_OK or handle.value is None:
            # A position in a text that the user has not seen would only confuse.
            raise parse_error(message_of(error), status, text, error.offset if written_by_user else -1)
        return handle.value

    def _compose(self, values: Iterable[Any]) -> tuple[list[str], dict[str, object]]:
        """The arguments in the text form, in which numbers survive exactly; and those that are not the default."""
        written: list[str] = []
        given: dict[str, object] = {}
        for (name, kind, default), value in zip(self._parameters, values):
            if value is default or value is ...:
                continue
            text, plain = self._write(kind, value, name)
            written.append(f"{name}={text}")
            if plain != default:
                given[name] = plain
        return written, given

    def _write(self, kind: str, value: Any, name: str) -> tuple[str, object]:
        """The text of an argument, and its plain value."""
        return textform.write(kind, value, name)

    def _own(self, handle: int) -> None:
        """Takes ownership of a handle returned by the library."""
        object.__setattr__(self, "_handle", handle)
        object.__setattr__(self, "_text", None)

    def __del__(self) -> None:
        # A weakref.finalize would take longer than everything else that Python does to make one. Not at exit: the
        # process frees the memory anyway.
        try:
            handle = self._handle
        except AttributeError:  # its construction failed
            return
        if not is_finalizing():
            self._library_destroy(handle)

    # ---- A value ----

    def _values(self) -> Mapping[str, Any]:
        """The parameters and their values."""
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        # Not for attributes that are missing while the object is being made.
        if not name.startswith("_"):
            values = self._values()
            if name in values:
                return values[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{name}: a {type(self).__name__} cannot be changed; make a new one")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{name}: a {type(self).__name__} cannot be changed; make a new one")

    def __str__(self) -> str:
        """The canonical text form. Parsing it gives an equal value again."""
        if self._text is None:
            object.__setattr__(self, "_text", read_text(self._library_print, self._handle))
        return self._text  # type: ignore[return-value]

    def _repr(self, values: Mapping[str, object]) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in values.items())})"

    def __eq__(self, other: object) -> bool:
        same = isinstance(other, Textual) and self._library_print is other._library_print
        return str(self) == str(other) if same else NotImplemented

    def __hash__(self) -> int:
        return hash(str(self))

    def __copy__(self) -> Textual:
        return self

    def __deepcopy__(self, memo: object) -> Textual:
        return self
