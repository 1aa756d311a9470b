"""Reads the catalogue of a built library: its schedules and controllers."""

import ctypes
import importlib.util
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "bindings/python/src/stepsize"


@dataclass
class Parameter:
    name: str
    summary: str
    kind: str
    range: str
    default: str  # in the text form; empty if it is required

    @property
    def is_optional(self) -> bool:
        return self.range.endswith(", or none")


@dataclass
class Entry:
    name: str
    summary: str
    formula: str
    source: str
    parameters: list[Parameter]


@dataclass
class Catalogue:
    schedules: list[Entry]
    controllers: list[Entry]  # with the defaults of their first variant


def read_catalogue(library: Path) -> Catalogue:
    abi = load_abi()
    functions = abi.bind(ctypes.CDLL(str(library)))

    def text(function, *arguments) -> str:
        buffer = ctypes.create_string_buffer(65536)
        if function(*arguments, buffer, len(buffer), None) != abi.STEPSIZE_OK:
            raise SystemExit(f"{library}: its catalogue has no entry {arguments}")
        return buffer.value.decode()

    def parameter(*place: int) -> Parameter:
        whats = (abi.STEPSIZE_TEXT_NAME, abi.STEPSIZE_TEXT_SUMMARY, abi.STEPSIZE_TEXT_KIND,
                 abi.STEPSIZE_TEXT_RANGE, abi.STEPSIZE_TEXT_DEFAULT)
        return Parameter(*(text(functions.stepsize_catalogue_parameter_text, *place, what) for what in whats))

    def entry(*place: int) -> Entry:
        whats = (abi.STEPSIZE_TEXT_NAME, abi.STEPSIZE_TEXT_SUMMARY, abi.STEPSIZE_TEXT_FORMULA,
                 abi.STEPSIZE_TEXT_SOURCE)
        texts = [text(functions.stepsize_catalogue_text, *place, what) for what in whats]
        count = functions.stepsize_catalogue_parameter_count(*place)
        return Entry(*texts, [parameter(*place, i) for i in range(count)])

    def entries(catalogue: int) -> list[Entry]:
        return [entry(catalogue, i) for i in range(functions.stepsize_catalogue_count(catalogue))]

    return Catalogue(entries(abi.STEPSIZE_CATALOGUE_SCHEDULES), entries(abi.STEPSIZE_CATALOGUE_CONTROLLERS))


def load_abi():
    """The generated signatures, without importing the package: it may not be installed."""
    spec = importlib.util.spec_from_file_location("abi", PACKAGE / "_foreign/abi.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
