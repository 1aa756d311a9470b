import pickle

import pytest
import stepsize as st
from stepsize._foreign import abi


def error_of(make):
    with pytest.raises(st.StepsizeError) as caught:
        make()
    return caught.value


def test_a_text_is_shown_with_a_caret():
    error = error_of(lambda: st.parse("warmup(5) >> cosin(5)"))
    assert str(error).splitlines() == [
        'unknown schedule "cosin", did you mean "cosine"?',
        "  warmup(5) >> cosin(5)",
        "               ^",
    ]
    assert (error.status, error.offset) == (abi.STEPSIZE_ERROR_NAME, 13)
    assert isinstance(error, ValueError)


def test_the_caret_counts_characters_not_bytes():
    error = error_of(lambda: st.parse('linear(5, phase="é") >> ü'))
    assert error.offset == error_of(lambda: st.parse('linear(5, phase="é")')).offset
    error = error_of(lambda: st.parse("linear(5) »"))
    assert error.offset == 10 and str(error).endswith("  linear(5) »\n            ^")


def test_the_caret_in_long_and_in_many_lines():
    text = "linear(5) >> " * 50 + "cosin(5)" + " >> linear(5)" * 50
    _, line, caret = str(error_of(lambda: st.parse(text))).splitlines()
    assert line[caret.index("^") :].startswith("cosin(5)") and len(line) < 80
    error = error_of(lambda: st.parse("linear(5)\n>>\n\tcosin(5)\n>> linear(5)"))
    assert str(error).splitlines()[1:] == ["   cosin(5)", "   ^"]
    error = error_of(lambda: st.parse("linear(5) >>"))
    assert str(error).splitlines()[1:] == ["  linear(5) >>", "  " + " " * 12 + "^"]


def test_an_empty_text_and_strange_bytes():
    for text in ("", " ", "\0", "linear(5)\0", "\ud800", "(" * 100, '"', "linear(5, phase='", "1e999 * linear(5)"):
        assert str(error_of(lambda: st.parse(text)))
    with pytest.raises(TypeError):
        st.parse(b"linear(5)")


@pytest.mark.parametrize(
    "make, parts",
    [
        (lambda: st.Linear(0), ["linear", "total", "0", "1"]),
        (lambda: st.Linear(-5), ["total", "-5"]),
        (lambda: st.Linear(2**70), ["total"]),
        (lambda: st.Linear(1.5), ["total", "1.5", "an integer"]),
        (lambda: st.Linear(float("nan")), ["total", "nan", "an integer"]),
        (lambda: st.Linear(5, floor=1.5), ["floor", "1.5", "[0, 1]"]),
        (lambda: st.Linear(5, floor=float("nan")), ["floor", "nan", "[0, 1]"]),
        (lambda: st.Linear(5, floor=-float("inf")), ["floor", "-inf", "[0, 1]"]),
        (lambda: st.Warmup(5, shape="cosin"), ["shape", "cosin", "mirror-cosine"]),
        (lambda: st.Warmup(5, shape='linear", start="1'), ["shape"]),
        (lambda: st.Warmup(5, shape="a\n'\""), ["shape"]),
        (lambda: st.Linear(5, phase=""), ["phase"]),
        (lambda: st.Linear(5, phase='a"b'), ["phase"]),
        (lambda: st.Linear(5, phase="a'b\n\"c"), ["phase"]),
        (lambda: st.Linear(5, phase="é"), ["phase"]),
        (lambda: st.Table([1], phase='x"), linear(5'), ["phase"]),
        (lambda: st.Clamp(st.Linear(5), min=2, max=1), ["max", "min"]),
        (lambda: st.Clamp("linear(0)"), ["total"]),
    ],
)
def test_the_message_names_field_value_and_range(make, parts):
    error = error_of(make)
    for part in parts:
        assert part in str(error)


def test_a_constructor_shows_no_text_that_the_user_did_not_write():
    error = error_of(lambda: st.Linear(0))
    assert error.offset is None and "\n" not in str(error)


@pytest.mark.parametrize(
    "make",
    [
        lambda: st.Linear("5"),
        lambda: st.Linear(None),
        lambda: st.Linear(True),
        lambda: st.Linear(5, floor="0.1"),
        lambda: st.Linear(5, floor=None),
        lambda: st.Linear(5, 0.1),
        lambda: st.Linear(5, flor=0.1),
        lambda: st.Linear(5, phase=b"a"),
        lambda: st.Polynomial(5, cycle=1),
        lambda: st.Warmup(5, shape=3),
        lambda: st.Clamp(0.5),
        lambda: st.Schedule(5),
    ],
)
def test_a_wrong_type_is_a_type_error(make):
    with pytest.raises(TypeError):
        make()


def test_an_error_can_be_pickled():
    error = error_of(lambda: st.parse("linear(5) >> x"))
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.status, again.offset) == (str(error), error.status, error.offset)


@pytest.mark.parametrize("text", ["greedy() * linear(9)", "  plateau(patience=3)", 'early_stop(phase="a") * linear(9)'])
@pytest.mark.parametrize("make", [st.parse, st.Schedule, lambda text: st.Linear(3) >> st.Schedule(text)])
def test_the_text_of_a_scheduler_is_none_of_a_schedule(text, make):
    error = error_of(lambda: make(text))
    name = text.strip().partition("(")[0]
    first, shown, caret = str(error).splitlines()
    assert first == f'"{name}" makes a scheduler, not a schedule: use stepsize.Scheduler(base_lr, text)'
    assert shown == f"  {text}" and caret.index("^") == 2 + error.offset == 2 + text.index(name)
    assert "come first" in str(error_of(lambda: st.parse("linear(3) * greedy()")))
