"""libstepsize-learn, loaded when its first function is used."""

from __future__ import annotations

import ctypes
import os

from . import abi_learn
from . import library as first

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ENVIRONMENT = "STEPSIZE_LEARN_LIBRARY"
PACKAGED = first.PACKAGED.replace("libstepsize.so", "libstepsize-learn.so")


def find() -> tuple[str, str]:
    """The path of the library and its origin: STEPSIZE_LEARN_LIBRARY, otherwise the one beside the first library, with
    "-learn" in its name.
    """
    named = os.environ.get(ENVIRONMENT)
    if named:
        return named, ENVIRONMENT
    given = os.environ.get(first.ENVIRONMENT)
    if not given:
        return PACKAGED, "in the package"
    folder, name = os.path.split(given)
    name = name.replace("libstepsize", "libstepsize-learn", 1) if "libstepsize" in name else "libstepsize-learn.so"
    return os.path.join(folder, name), f"beside {first.ENVIRONMENT}"


class _Learn:
    """The functions of the library as attributes. Those that take nanoseconds keep the interpreter lock."""

    def __getattr__(self, name: str) -> Any:
        # Called for missing attributes: the first time for all functions, later for unknown names.
        if name in self.__dict__ or name not in abi_learn.SIGNATURES:
            raise AttributeError(name)
        library = first.load("libstepsize-learn", *find(), abi_learn, "stepsize_learn_abi_version")
        quick = ctypes.PyDLL(None, handle=library._handle)
        for each in abi_learn.SIGNATURES:
            self.__dict__[each] = getattr(library, each)
        observe = quick.stepsize_agent_observe
        signature: Any = abi_learn.SIGNATURES["stepsize_agent_observe"]
        observe.restype, observe.argtypes = signature
        self.stepsize_agent_observe = observe
        self.library = library
        return self.__dict__[name]

    @property
    def is_loaded(self) -> bool:
        return "library" in self.__dict__


learn = _Learn()
