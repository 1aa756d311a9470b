import math
import pickle
import subprocess
import sys

import numpy as np
import pytest
import stepsize as st


def problem(rows=60, columns=40, rank=4, seed=0, noise=0.05):
    g = np.random.default_rng(seed)
    return g.gamma(1.0, 1.0, (rows, rank)) @ g.gamma(1.0, 1.0, (rank, columns)) + noise * g.random((rows, columns))


def model(rank=4, **options):
    return st.StochasticNMF(rank, **{"random_state": 0, "max_iter": 50, **options})


def relative_error(x, m):
    return np.linalg.norm(x - m.transform(x) @ m.components_) / np.linalg.norm(x)


# ---- Against other forms of the same -----------------------------------------------------------


def plain(x, w, h, order, steps, w_steps, h_steps, theta):
    """The iteration with all rows at once, from its definition."""
    losses, rates = [], []
    for _ in range(steps):
        r = w @ h - x
        losses.append((r**2).sum() / (x**2).sum())
        if order == "simultaneous":
            rate = theta / ((w**2).sum() + (h**2).sum() + np.sqrt((r**2).sum()))
            w, h = np.maximum(w - rate * r @ h.T, 0), np.maximum(h - rate * w.T @ r, 0)
            rates.append((rate, rate))
        else:
            first = theta / top(h @ h.T)
            for _ in range(w_steps):
                w = np.maximum(w - first * (w @ h - x) @ h.T, 0)
            second = theta / top(w.T @ w)
            for _ in range(h_steps):
                h = np.maximum(h - second * w.T @ (w @ h - x), 0)
            rates.append((first, second))
    return w, h, np.array(losses), np.array(rates)


def top(s):
    """The bound of Collatz and Wielandt after four power steps."""
    v = np.ones(len(s))
    for _ in range(4):
        v = s @ v
        v = v / v.max()
    return (s @ v / v).max()


@pytest.mark.parametrize("order", ["alternating", "simultaneous"])
def test_agrees_with_numpy(order):
    from stepsize.nmf import _Model

    x = problem()
    m = model(order=order, w_steps=3, h_steps=2, theta=1.1)
    native = _Model(m, x, 9, 5, None, 0.0)  # with 9 components the ball is far
    w, h = native.factors()
    w, h, losses, rates = plain(x, w, h, order, 30, 3, 2, 1.1)
    for loss, rate in zip(losses, rates):
        update = native.step(1.0)
        assert 2 * update.loss / update.squares == pytest.approx(loss, rel=1e-9, abs=1e-13)
        assert (update.w_rate, update.h_rate) == pytest.approx(tuple(rate), rel=1e-9)
    for ours, theirs in zip(native.factors(), (w, h)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-8)


def test_finds_what_scikit_learn_finds():
    decomposition = pytest.importorskip("sklearn.decomposition")
    x = problem()
    reference = decomposition.NMF(4, init="nndsvda", max_iter=2000, tol=1e-8).fit(x)
    best = min(
        model(batch_size=None, max_iter=500, tol=0, random_state=seed).fit(x).reconstruction_err_ for seed in range(4)
    )
    assert best <= 1.01 * reference.reconstruction_err_


def test_scikit_learn_checks():
    """None is exempt; the one about other array libraries skips itself unless they are asked for."""
    checks = pytest.importorskip("sklearn.utils.estimator_checks")
    results = checks.check_estimator(st.StochasticNMF(), on_fail=None, on_skip=None)
    bad = {r["check_name"]: r["exception"] for r in results if r["status"] not in ("passed", "skipped")}
    assert not bad
    assert {r["check_name"] for r in results if r["status"] == "skipped"} <= {"check_array_api_input"}
    assert len(results) > 40


def test_clone_and_pipeline():
    sklearn = pytest.importorskip("sklearn")
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler

    m = model(schedule=st.Cosine(100), progress=print)
    copy = sklearn.clone(m)
    assert copy.get_params() == m.get_params() and copy is not m
    assert m.set_params(theta=1.0).theta == 1.0
    pipe = make_pipeline(MinMaxScaler(), model()).fit(problem())
    assert list(pipe.get_feature_names_out())[:2] == ["stochasticnmf0", "stochasticnmf1"]


# ---- Rates ------------------------------------------------------------------------------------


def test_the_loss_of_full_batches_never_rises():
    x = problem()
    for bound in ("state", "apriori", "minibatch"):
        for order in ("alternating", "simultaneous"):
            m = model(bound=bound, order=order, base_lr=1e9, batch_size=None, tol=0, theta=1.404).fit(x)
            assert (np.diff(m.loss_history_) <= 1e-14).all() and m.clipped_.all()
            assert m.loss_history_[-1] < m.loss_history_[0]


def test_rates_come_from_the_schedule_and_are_cut():
    x = problem()
    m = model(schedule="linear(20)", base_lr=None, batch_size=20, max_iter=10, tol=0).fit(x)
    assert len(m.loss_history_) == len(m.lr_history_) == len(m.clipped_) == 30 and m.n_iter_ == 10
    assert not m.clipped_.any() and (m.lr_history_[20:] == 0).all() and (m.lr_history_[:20] > 0).all()

    bound = 1.4 / ((3 * 2 + 1) * np.linalg.norm(x))
    rates = bound * 2 * (1 - np.arange(20) / 20)
    m = model(schedule=st.Linear(20), base_lr=2 * bound, bound="apriori", batch_size=20, max_iter=6, tol=0).fit(x)
    np.testing.assert_allclose(m.lr_history_[:, 0], np.minimum(rates[:18], bound), rtol=1e-12)
    np.testing.assert_array_equal(m.clipped_[[0, 5, 11, 17]], [True, True, False, False])

    free = model(base_lr=100.0, bound=None, max_iter=5).fit(x)
    assert (free.lr_history_ == 100).all() and not free.clipped_.any()
    assert np.isfinite(free.components_).all()


def test_a_controller_sets_the_rate():
    m = model(schedule=st.GreedyLR(patience=1, smooth=False, factor=0.5), base_lr=1e-4, bound=None, batch_size=20)
    m.fit(problem())
    assert len(set(m.lr_history_[:, 0])) > 2


def test_scale_law():
    x = problem()
    a, b = model(batch_size=16, max_iter=5).fit(x), model(batch_size=16, max_iter=5).fit(4 * x)
    np.testing.assert_array_equal(2 * a.components_, b.components_)
    np.testing.assert_array_equal(a.lr_history_, 4 * b.lr_history_)
    np.testing.assert_array_equal(a.loss_history_, b.loss_history_)
    c = model(batch_size=16, max_iter=5).fit(3 * x)
    np.testing.assert_allclose(np.sqrt(3) * a.components_, c.components_, rtol=1e-6, atol=1e-8)


# ---- The estimator -----------------------------------------------------------------------------


def test_seeds():
    x = problem()
    a, b, c = (model(batch_size=16, random_state=seed).fit(x).components_ for seed in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()
    rs = model(random_state=np.random.RandomState(3)).fit(x).components_
    np.testing.assert_array_equal(rs, model(random_state=np.random.RandomState(3)).fit(x).components_)
    model(random_state=None).fit(x), model(random_state=np.random.default_rng(0)).fit(x)


def test_a_fit_and_its_attributes():
    x = problem()
    m = model(max_iter=200)
    w = m.fit_transform(x)
    assert w.shape == (60, 4) and m.components_.shape == (4, 40) and m.n_components_ == 4 and m.n_features_in_ == 40
    assert (w >= 0).all() and (m.components_ > 0).all()
    np.testing.assert_array_equal(w, m.transform(x))
    np.testing.assert_allclose(m.inverse_transform(w), w @ m.components_)
    assert m.reconstruction_err_ == pytest.approx(np.linalg.norm(x - w @ m.components_), rel=1e-6)
    assert relative_error(x, m) < 0.03 and m.n_iter_ < 200  # tol stopped it
    assert st.StochasticNMF(random_state=0, max_iter=2).fit(x).components_.shape == (40, 40)


def test_rows_are_read_where_they_lie():
    wide = np.full((60, 50), np.nan)
    wide[:, 5:45] = problem()
    a = model(max_iter=3).fit(wide[:, 5:45])
    np.testing.assert_array_equal(a.components_, model(max_iter=3).fit(problem()).components_)
    np.testing.assert_array_equal(a.components_, model(max_iter=3).fit(np.asfortranarray(problem())).components_)
    np.testing.assert_array_equal(a.components_, model(max_iter=3).fit(problem()[::-1][::-1]).components_)
    from stepsize.nmf import _pointer

    x = problem()
    assert m_data(model(), x) == x.ctypes.data and _pointer(x)[0] == x[0, 0]


def m_data(m, x):
    return m._checked(x, reset=True).ctypes.data


def test_pieces():
    x = problem(400)
    m = model(schedule="linear(200, floor=0.1)")
    for _ in range(5):
        for piece in np.split(x, 20):
            m.partial_fit(piece)
    assert relative_error(x, m) < 0.05 and m.n_iter_ == 100 == len(m.lr_history_)
    # A restored one continues as if nothing had been.
    twin = pickle.loads(pickle.dumps(m))
    for piece in (x[:20], x[:1]):
        m.partial_fit(piece), twin.partial_fit(piece)
    np.testing.assert_array_equal(m.components_, twin.components_)
    np.testing.assert_array_equal(m.lr_history_, twin.lr_history_)
    with pytest.raises(ValueError):
        model().partial_fit(x[:, :3])  # fewer columns than components


def test_progress(capsys):
    seen = []
    m = model(tol=0, progress=lambda *a: seen.append(a) or len(seen) == 4, verbose=1).fit(problem())
    assert m.n_iter_ == 4 and [s[:2] for s in seen] == [(1, 50), (2, 50), (3, 50), (4, 50)]
    assert "pass 4/50: relative loss" in capsys.readouterr().out


def test_zeros():
    m = model(2).fit(np.zeros((5, 4)))
    assert (m.components_ == 0).all() and m.reconstruction_err_ == 0
    x = problem()
    x[[3, 7]] = 0
    m = model(batch_size=1, max_iter=100).fit(x)
    w = m.transform(x)
    assert (w[[3, 7]] == 0).all() and relative_error(x, m) < 0.3


@pytest.mark.parametrize(
    "options, message",
    [
        ({"n_components": 0}, "n_components = 0"),
        ({"n_components": 41}, "rank = 41, expected an integer from 1 to 40"),
        ({"n_components": 2.5}, "n_components: expected an integer"),
        ({"bound": "magic"}, "bound = 'magic', expected one of None, 'apriori', 'state', 'minibatch'"),
        ({"order": None}, "order = None, expected one of 'alternating', 'simultaneous'"),
        ({"base_lr": -1.0}, "base_lr"),
        ({"batch_size": 0}, "batch_size = 0"),
        ({"max_iter": 0}, "max_iter = 0"),
        ({"tol": -1}, "tol = -1.0"),
        ({"theta": 1.5}, "theta = 1.5"),
        ({"w_steps": 0}, "w_steps = 0"),
        ({"transform_steps": 0}, "transform_steps = 0"),
        ({"schedule": "liner(10)"}, "liner"),
        ({"schedule": 3}, "schedule: expected"),
        ({"random_state": "x"}, "random_state: expected"),
    ],
)
def test_wrong_options(options, message):
    import re

    with pytest.raises((st.StepsizeError, TypeError), match=re.escape(message)):
        st.StochasticNMF(**{"n_components": 4, **options}).fit(problem())


def test_wrong_data():
    for bad in (-1.0, np.nan, np.inf):
        x = problem()
        x[3, 4] = bad
        with pytest.raises(ValueError):
            model().fit(x)
    for shape in ((0, 4), (4, 0), (4,)):
        with pytest.raises(ValueError):
            model(1).fit(np.ones(shape))
    with pytest.raises(ValueError, match="features"):
        model().fit(problem()).transform(np.ones((3, 39)))
    with pytest.raises(ValueError, match="not fitted"):
        model().transform(problem())


# ---- In another process ------------------------------------------------------------------------


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0, 1e101])
def test_data_that_change_while_they_are_read(value):
    x = np.random.default_rng(0).random((20, 9))

    def spoil(done, passes, loss):
        x[7, 3] = value

    with pytest.raises(st.StepsizeError, match=r"^nmf: x\[7, 3\] = .*, expected a number in \[0, 1e100\]$"):
        st.StochasticNMF(2, batch_size=6, max_iter=9, tol=0, progress=spoil).fit(x)


def test_numpy_is_imported_on_demand():
    run(
        "import sys, stepsize; assert 'numpy' not in sys.modules\n"
        "stepsize.StochasticNMF; assert 'numpy' in sys.modules"
    )


def test_without_scikit_learn():
    run(
        "import sys; sys.modules['sklearn'] = None\n"
        "import numpy as np, stepsize as st, pickle\n"
        "x = np.random.default_rng(0).random((30, 20))\n"
        "m = st.StochasticNMF(3, random_state=0, max_iter=5)\n"
        "assert m.get_params()['max_iter'] == 5 and m.set_params(max_iter=6).max_iter == 6 and 'theta=1.4' in repr(m)\n"
        "w = m.fit_transform(x); assert w.shape == (30, 3)\n"
        "assert (pickle.loads(pickle.dumps(m)).partial_fit(x).transform(x) >= 0).all()\n"
        "def refused(f):\n"
        "  try: f()\n"
        "  except ValueError: return True\n"
        "for bad in (-x, x * np.nan, x[0], x[:0]): assert refused(lambda: m.fit(bad))\n"
        "m.fit(x); assert refused(lambda: m.transform(x[:, :3])) and refused(lambda: m.set_params(a=1))\n"
        "assert refused(lambda: st.StochasticNMF().transform(x))\n"
    )


def test_memory():
    """The most memory that the process ever had, beyond what it has with X: less than X and some factors."""
    grown, x, factors = map(
        int,
        run(
            "import resource, numpy as np, stepsize as st\n"
            "top = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024\n"
            "x = np.random.default_rng(0).random((4000, 2000)); m = st.StochasticNMF(20, max_iter=2, random_state=0)\n"
            "m.fit(x[:100]); before = top(); m.fit_transform(x)\n"
            "print(top() - before, x.nbytes, 8 * 20 * 6000)"
        ),
    )
    assert grown < 0.5 * x + 8 * factors


@pytest.mark.filterwarnings("ignore:Maximum number of iterations")
def test_the_ball_holds_no_factor_fast():
    """A factor that comes to the ball while the other is small continues from there: the digits, after a warm-up."""
    from support import REPOSITORY

    decomposition = pytest.importorskip("sklearn.decomposition")
    x = np.loadtxt(REPOSITORY / "Examples" / "data" / "digits.csv", delimiter=",")[:, :-1] / 16
    best = decomposition.NMF(16, init="random", max_iter=200, random_state=0).fit(x).reconstruction_err_
    schedule = "warmup(15) >> linear(255, floor=0.01)"
    m = st.StochasticNMF(16, schedule=schedule, batch_size=200, max_iter=30, tol=0, random_state=0)
    assert m.fit(x).reconstruction_err_ < 1.02 * best
