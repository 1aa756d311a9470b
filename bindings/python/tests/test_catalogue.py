"""The generated classes say what the library says, and take what it takes."""

import inspect
import subprocess
import sys

import pytest
import stepsize as st
from stepsize._core import named
from stepsize._foreign import library
from support import CLASSES, REPOSITORY, catalogue_names, catalogue_ranges


def test_the_committed_file_is_as_generated():
    script = REPOSITORY / "dev/python_catalogue.py"
    command = [sys.executable, script, "--check", "--library", library.PACKAGED]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    installed = (REPOSITORY / "bindings/python/src/stepsize/_core/named.py").read_bytes()
    with open(named.__file__, "rb") as file:
        assert file.read() == installed, "the installed package is older than the source: install it again"


def test_every_schedule_has_a_class():
    assert sorted(CLASSES) == sorted(catalogue_names())
    for schedule_class in CLASSES.values():
        assert issubclass(schedule_class, st.Schedule)
        assert getattr(st, schedule_class.__name__) is schedule_class and schedule_class.__name__ in st.__all__


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_a_class_has_the_librarys_parameters(name):
    signature = inspect.signature(CLASSES[name])
    ranges = catalogue_ranges(name)
    assert list(signature.parameters) == [*ranges, "phase"]
    for key, (kind, _, default) in ranges.items():
        given = signature.parameters[key].default
        assert (given is inspect.Parameter.empty) == (default == "")
        assert key in (CLASSES[name].__doc__ or "")
        if kind in ("count", "real") and default not in ("", "none"):
            assert given == float(default)


def test_units():
    unit = {(entry.name, p.name): p.unit for entry in st.catalogue.entries() for p in entry.parameters}
    assert set(unit.values()) == {"", "updates"}
    for name in (("cosine", "total"), ("exponential", "every"), ("knots", "steps"), ("multistep", "milestones")):
        assert unit[name] == "updates"
    for name in (("cosine", "cycles"), ("noise", "seed"), ("noam", "model_size"), ("linear", "floor")):
        assert unit[name] == ""


# Values for the parameters that must be given: by kind, and where they depend on one another, by name.
EXAMPLES = {"count": 8, "real": 0.5, "reals": [0.5, 0.25], "counts": [2, 4], "schedule": st.Linear(8), "flag": True}
BY_NAME = {
    "cosine_cycles": {"lengths": [4, 8]},
    "knots": {"steps": [2, 4]},
    "llmc": {"scheduler_type": "wsd"},
    "piecewise": {"values": [1, 0.5, 0.25]},
}
SHORT = {"hold": 3, "warmup": 2}  # parts of a total of 8


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_defaults_are_the_librarys(name):
    """Made without and with its defaults, a schedule is the same; repr() says what was given."""
    examples = {**SHORT, **BY_NAME.get(name, {})}
    required = {
        key: examples.get(key, EXAMPLES.get(kind))
        for key, (kind, _, default) in catalogue_ranges(name).items()
        if default == ""
    }
    short = CLASSES[name](**required)
    defaults = {
        key: parameter.default
        for key, parameter in inspect.signature(CLASSES[name]).parameters.items()
        if parameter.default is not inspect.Parameter.empty
    }
    assert CLASSES[name](**required, **defaults) == short
    assert eval(repr(short), vars(st).copy()) == short
