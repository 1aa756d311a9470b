import copy
import pickle
import threading
from array import array

import numpy as np
import pytest
import stepsize as st
from support import INT64_MAX, INT64_MIN, bits


def test_edges():
    s = st.Linear(total=4)
    assert [s.at(t) for t in (INT64_MIN, -1, 0, 1, 3, 4, 5, INT64_MAX)] == [1, 1, 1, 0.75, 0.25, 0, 0, 0]
    assert [st.Warmup(4).at(t) for t in (-1, 0, 3, 4)] == [0.25, 0.25, 1, 1]


def test_length():
    assert st.Linear(100).length == 100
    assert st.Constant().length is None
    assert (st.Warmup(5) >> st.Constant()).length is None
    assert (st.Warmup(5) >> st.Linear(7)).length == 12


def test_at_takes_integers_of_any_make_and_nothing_else():
    s = st.Linear(100)
    assert s.at(np.int32(50)) == 0.5
    for step in (50.0, "50", None, True):
        with pytest.raises(TypeError, match="step: expected an integer"):
            s.at(step)
    # ctypes alone would cut this to 0.
    with pytest.raises(st.StepsizeError, match="18446744073709551616"):
        s.at(2**64)


def test_curve():
    s = st.Warmup(3) >> st.Cosine(100, floor=0.1)
    curve = s.curve(50, start=10, base_lr=0.3)
    assert isinstance(curve, array) and curve.typecode == "d"
    assert np.shares_memory(np.asarray(curve), np.frombuffer(curve))
    assert list(curve) == [0.3 * s.at(t) for t in range(10, 60)]
    assert list(s.curve(3, 10, stride=-5)) == [s.at(10), s.at(5), s.at(0)]
    assert len(s.curve(0)) == 0
    curve.append(1.0)  # nothing holds on to the memory
    assert list(s.curve(2, INT64_MAX)) == [0.1, 0.1]


def test_curve_refuses():
    s = st.Linear(10)
    for arguments in ((-1,), (1, 2**63), (1, 0, -1.0), (1, 0, float("nan")), (1, 0, float("inf"))):
        with pytest.raises(st.StepsizeError):
            s.curve(*arguments)
    with pytest.raises(TypeError):
        s.curve(2.5)
    with pytest.raises(TypeError):
        s.curve(2, base_lr="1")


def test_combining():
    a, b = st.Linear(10), st.Cosine(20)
    assert str(a >> b) == "linear(10) >> cosine(20)"
    assert str(a * b) == "linear(10) * cosine(20)"
    for scaled in (0.5 * a, a * 0.5, np.float64(0.5) * a, a * np.float32(0.5), np.array(0.5) * a):
        assert str(scaled) == "0.5 * linear(10)"
        assert isinstance(scaled, st.Schedule)
    assert (2 * a).at(0) == 2
    assert (a * b).at(3) == a.at(3) * b.at(3)
    for other in ("0.5", None, True, [1]):
        with pytest.raises(TypeError):
            a * other
        with pytest.raises(TypeError):
            a >> other
    for factor in (-1, float("nan"), float("inf"), 10**400):
        with pytest.raises(st.StepsizeError, match="factor"):
            a * factor
    with pytest.raises(st.StepsizeError, match="has no end"):
        st.Constant() >> a


def test_repr_evaluates_to_an_equal_schedule():
    inner = 0.3 * (st.Warmup(5, start=0.1) >> st.Linear(9))
    examples = [
        (st.Linear(100), "Linear(total=100)"),
        (st.Linear(100, floor=0.25, phase="a b"), "Linear(total=100, floor=0.25, phase='a b')"),
        (st.Constant(), "Constant()"),
        (st.Clamp(inner, min=1e-05), f"Clamp(schedule={inner!r}, min=1e-05)"),
        (st.Table([1, 0.5, 1e-300]), None),
        (st.Table([1, 0.5], phase="x"), None),
        (st.Polynomial(9, cycle=True), "Polynomial(total=9, cycle=True)"),
        (st.Warmup(9, shape="mirror-cosine"), "Warmup(steps=9, shape='mirror-cosine')"),
        (inner, "Schedule('0.3 * (warmup(5, start=0.1) >> linear(9))')"),
    ]
    for schedule, text in examples:
        assert text is None or repr(schedule) == text
        assert eval(repr(schedule), vars(st).copy()) == schedule


def test_equality_is_that_of_the_text():
    a = st.Linear(100, floor=0.0)
    assert a == st.parse(" linear( total = 1e2 ) ") and hash(a) == hash(st.parse("linear(100)"))
    assert a != st.Linear(101) and a != "linear(100)"
    assert len({a, st.Linear(100), st.Schedule("linear(100)")}) == 1


def test_pickle_and_copy():
    for schedule in (st.Linear(10, phase="p"), st.Warmup(5) >> st.Cosine(7), st.Table([0.1, 0.2])):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            again = pickle.loads(pickle.dumps(schedule, protocol))
            assert again == schedule and bits(again.at(3)) == bits(schedule.at(3))
        assert copy.copy(schedule) is schedule and copy.deepcopy([schedule])[0] is schedule


def test_parts_may_go():
    s = st.Linear(10) * st.Cosine(10) >> st.Clamp(st.Linear(5), max=0.5)
    assert s.at(12) == 0.5
    del s  # the finalizer runs


def test_many_threads_share_one():
    s = st.Warmup(100) >> st.Cosine(1000, floor=0.1)
    expected, results = list(s.curve(2000)), []
    threads = [threading.Thread(target=lambda: results.append([s.at(t) for t in range(2000)])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 8


@pytest.mark.parametrize("typecode", "dfilB")
def test_table_takes_any_numbers(typecode):
    values = [3, 0, 2, 1]
    expected = st.Table(values)
    assert str(expected) == "table([3, 0, 2, 1])"
    for given in (array(typecode, values), np.array(values, typecode), tuple(values), (v for v in values)):
        assert st.Table(given) == expected
    wide = np.array([values, values], "d")
    assert st.Table(wide[0]) == expected
    assert st.Table(wide.T[:, 0]) == expected  # not contiguous


def test_table_copies_and_keeps_every_bit():
    values = np.random.default_rng(1).random(1000) * 10.0 ** np.random.default_rng(2).integers(-300, 300, 1000)
    table = st.Table(values)
    kept = values.copy()
    values[:] = 0
    assert table.curve(1000).tobytes() == kept.tobytes()
    assert st.parse(str(table)).curve(1000).tobytes() == kept.tobytes()
    assert st.Table(kept, phase="p").curve(1000).tobytes() == kept.tobytes()


def test_table_refuses():
    for values in ([], [float("nan")], [-1], [1, float("inf")]):
        with pytest.raises(st.StepsizeError, match="values"):
            st.Table(values)
    for values in ("12", b"12", None, [None], ["1"], {1: 2}, [1j]):
        with pytest.raises(TypeError):
            st.Table(values)
    with pytest.raises(TypeError):
        st.Table([[1, 2], [3, 4]])


def test_joined_one_by_one():
    """A schedule that grows by a part in each turn of a loop is the one of its text, at either end."""
    count = 20_000  # half a minute where each turn copies all parts
    piece = st.Linear(3, phase="a")
    forwards = backwards = piece
    for _ in range(count - 1):
        forwards, backwards = forwards >> piece, piece >> backwards
    assert str(forwards) == str(backwards) == " >> ".join([str(piece)] * count)
    assert forwards.length == 3 * count and forwards.at(3 * count - 1) == piece.at(2)
    assert [(phase.start, phase.length) for phase in forwards.phases()] == [(0, 3 * count)]
