"""The base of the controllers, which move the base rates or end phases: their configuration only; the state belongs to
the scheduler that is made with one."""

from __future__ import annotations

from .._foreign import abi, convert, textform
from .._foreign.library import library, read_text
from .textual import Textual

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Controller(Textual):
    """What moves the base rates, or ends phases: an immutable configuration, for any number of schedulers.

    The classes ``GreedyLR``, ``Plateau``, ``Hypergradient``, ``LineSearch`` and ``EarlyStop`` make them from values,
    ``Controller.parse`` from their text form, such as ``"greedy(patience=5, factor=0.9)"``. A parameter that is not
    given has the library's default, which the attributes and repr() show. Two controllers are equal if their texts are.
    """

    __slots__ = ("_known",)
    _library_parse = library.stepsize_controller_parse
    _library_print = library.stepsize_controller_print
    _library_destroy = library.stepsize_controller_destroy

    # The values of the parameters, after they were first read.
    _known: dict[str, Any] | None

    def __init__(self) -> None:
        raise TypeError("make a controller by its class, such as GreedyLR(), or by Controller.parse(text)")

    def __init_subclass__(cls) -> None:
        kinds[cls._name] = cls

    @staticmethod
    def parse(text: str) -> Controller:
        """Parses a controller from its text form. StepsizeError has the position of an error."""
        if not isinstance(text, str):
            raise convert.wrong_type("Controller.parse", "a text", text)
        return adopt(Controller._parse(text))

    def _make(self, *values: Any) -> None:
        """Makes it through its text from the values in the order of the parameters."""
        written, _ = self._compose(values)
        self._keep(self._parse(f"{self._name}({', '.join(written)})", written_by_user=False))

    def _keep(self, handle: int) -> None:
        self._own(handle)
        object.__setattr__(self, "_known", None)

    def _values(self) -> Mapping[str, Any]:
        known = self._known
        if known is None:
            known = {}
            for i, (name, kind, _) in enumerate(self._parameters):
                text = read_text(library.stepsize_controller_parameter, self._handle, i, abi.STEPSIZE_TEXT_VALUE)
                known[name] = textform.read(kind, text)
            object.__setattr__(self, "_known", known)
        return known

    def __repr__(self) -> str:
        return self._repr(self._values())

    def __reduce__(self) -> tuple[Any, ...]:
        return Controller.parse, (str(self),)


# The classes by their names in the text form: each registers itself.
kinds: dict[str, type[Controller]] = {}


def adopt(handle: int) -> Controller:
    """The object for a handle returned by the library."""
    text = read_text(library.stepsize_controller_print, handle)
    controller = object.__new__(kinds[text.partition("(")[0]])
    controller._keep(handle)
    return controller
