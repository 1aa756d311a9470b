"""build/lib/libstepsize.so for scripts in Python that call it as C programs do."""

import ctypes
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def opened() -> ctypes.CDLL:
    """The library, its functions declared as the header has them: by the table of the Python package, which need not be
    installed."""
    path = ROOT / "bindings/python/src/stepsize/_foreign/abi.py"
    table = {"__name__": path.stem}
    exec(compile(path.read_text(encoding="utf-8"), path, "exec"), table)
    library: ctypes.CDLL = table["bind"](ctypes.CDLL(str(ROOT / "build/lib/libstepsize.so")))
    return library
