"""Warnings and lines of the log carry the line of the user's code."""

import logging
import sys
import types
import warnings

import pytest
import stepsize as st
from stepsize._foreign.caller import stacklevel, warn


def inside(name, source):
    """A function of a module with that name."""
    module = types.ModuleType(name)
    exec(compile(source, f"/{name}.py", "exec"), module.__dict__)
    return module.function


@pytest.mark.parametrize("name", ["stepsize.torch._scheduler", "lightning.pytorch.loops", "keras.src", "contextlib"])
def test_frames_of_frameworks_are_passed_over(name):
    outer = inside(name, "def function(call):\n    return call()")
    with pytest.warns(UserWarning, match="hello") as caught:
        outer(lambda: outer(lambda: warn("hello")))
        line = sys._getframe().f_lineno - 1
    assert caught[0].filename == __file__ and caught[0].lineno == line


def test_other_modules_are_the_users():
    function = inside("stepsize_extras", "def function(warn):\n    warn('hello')")
    with pytest.warns(UserWarning) as caught:
        function(warn)
    assert caught[0].filename == "/stepsize_extras.py"
    assert stacklevel() == 1


def test_warnings_can_be_made_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="hello"):
            warn("hello")


@pytest.mark.parametrize("form", ["step", "hypergradient"])
def test_a_line_of_the_log(form, caplog):
    with caplog.at_level(logging.INFO, logger="stepsize"):
        if form == "step":
            scheduler = st.Scheduler(0.1, "plateau(patience=0)")
            scheduler.step(1.0)
            scheduler.step(2.0)
        else:
            st.Scheduler(0.1, "hypergradient(beta=0.1)").hypergradient.observe(1.0)
    (record,) = caplog.records
    assert record.pathname == __file__ and "lr 0.1 -> " in record.message
