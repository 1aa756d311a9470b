import json

import pytest
import stepsize as st

TEXT = 'constant(20, phase="main") >> linear(20, phase="anneal")'
SOURCES = {"main": range(0, 100), "anneal": range(1000, 1010)}


def batches(sampler, count):
    drawn = []
    for _ in range(count):
        drawn.append(sampler.batch())
        sampler.scheduler.step()
    return drawn


def test_each_phase_draws_from_its_own_source():
    sampler = st.PhaseSampler(st.Scheduler(0.1, TEXT), SOURCES, 5)
    got = batches(sampler, 40)
    assert all(i < 100 for batch in got[:20] for i in batch) and all(i >= 1000 for batch in got[20:] for i in batch)
    # Every example once in each round, in another order.
    assert sorted(i for batch in got[:20] for i in batch) == list(range(100))
    rounds = [sum(got[20 + 2 * k : 22 + 2 * k], []) for k in range(10)]
    assert all(sorted(r) == list(range(1000, 1010)) for r in rounds) and len({tuple(r) for r in rounds}) > 5


def test_seeds():
    got = [batches(st.PhaseSampler(st.Scheduler(0.1, TEXT), SOURCES, 4, seed=seed), 30) for seed in (1, 1, 2)]
    assert got[0] == got[1] != got[2]


def test_ramp():
    sampler = st.PhaseSampler(st.Scheduler(0.1, TEXT), SOURCES, 400, ramp=10)
    got = batches(sampler, 40)
    shares = [sum(i >= 1000 for i in batch) / 400 for batch in got]
    assert shares[:20] == [0] * 20 and shares[29:] == [1] * 11
    for k in range(9):
        assert shares[20 + k] == pytest.approx((k + 1) / 10, abs=0.1)


def test_iteration_ends_with_the_schedule():
    scheduler = st.Scheduler(0.1, TEXT)
    count = 0
    for batch in st.PhaseSampler(scheduler, SOURCES, 3):
        assert len(batch) == 3
        scheduler.step()
        count += 1
    assert count == 40


def test_a_phase_without_a_source_keeps_the_one_before():
    scheduler = st.Scheduler(0.1, "warmup(2) >> " + TEXT)
    assert all(i < 100 for batch in batches(st.PhaseSampler(scheduler, SOURCES, 3), 22) for i in batch)


def test_resume():
    for k in (3, 19, 20, 24, 33):
        whole = st.PhaseSampler(st.Scheduler(0.1, TEXT), SOURCES, 7, ramp=8, seed=3)
        expected = batches(whole, 40)[k:]
        first = st.PhaseSampler(st.Scheduler(0.1, TEXT), SOURCES, 7, ramp=8, seed=3)
        batches(first, k)
        again = st.PhaseSampler(st.Scheduler.from_state(first.scheduler.state()), SOURCES, 7, ramp=8)
        again.load_state_dict(json.loads(json.dumps(first.state_dict())))
        assert batches(again, 40 - k) == expected


def test_with_a_data_loader():
    torch = pytest.importorskip("torch")
    data = torch.utils.data.TensorDataset(torch.arange(2000))
    scheduler = st.Scheduler(0.1, TEXT)
    seen = []
    for (x,) in torch.utils.data.DataLoader(data, batch_sampler=st.PhaseSampler(scheduler, SOURCES, 4)):
        seen.append(bool((x >= 1000).all()))
        scheduler.step()
    assert seen == [False] * 20 + [True] * 20


def test_bad_input():
    scheduler = st.Scheduler(0.1, TEXT)
    for arguments, error in (
        ((scheduler, {}, 3), st.StepsizeError), ((scheduler, {"main": []}, 3), st.StepsizeError),
        ((scheduler, SOURCES, 0), st.StepsizeError), ((0.1, SOURCES, 3), TypeError),
        ((scheduler, {3: [1]}, 3), TypeError),
    ):  # fmt: skip
        with pytest.raises(error):
            st.PhaseSampler(*arguments)
    with pytest.raises(st.StepsizeError, match="ramp = -1"):
        st.PhaseSampler(scheduler, SOURCES, 3, ramp=-1)
    sampler = st.PhaseSampler(scheduler, SOURCES, 3)
    for wrong in (
        {},
        {"drawn": 3},
        {**sampler.state_dict(), "drawn": {"main": 3}},
        {**sampler.state_dict(), "since": "x"},
    ):
        with pytest.raises(st.StepsizeError):
            sampler.load_state_dict(wrong)
