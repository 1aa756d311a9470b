import copy
import math
import pickle
import random

import numpy as np
import pytest
import stepsize as st
from stepsize.learned import Agent, load


def small(trainer="cem", policy="linear", seed=1, **options):
    return Agent(trainer, policy, seed=seed, **{"every": 2, "population": 8, "instances": 4, **options})


def generation(agent, best=0.25):
    """A toy: rewards say how near the multiplier is to the best one."""
    while agent.episodes_left:
        noise = random.Random(agent.instance)
        agent.begin_episode(total=20)
        loss, rewards = 1.0, []
        for _ in range(20):
            loss *= math.exp(-0.05 + 0.02 * noise.gauss(0, 1))
            rewards.append(-0.1 * math.log(agent.observe(loss) / best) ** 2)
            agent.end_step(rewards[-1])
        assert agent.end_episode() == pytest.approx(sum(rewards), rel=1e-12)
    return agent.update()


@pytest.mark.parametrize("trainer", ["cem", "ppo"])
@pytest.mark.parametrize("policy", ["linear", "hidden"])
def test_learns_from_an_environment_outside(trainer, policy):
    agent, twin = small(trainer, policy), small(trainer, policy)
    first = generation(agent)
    assert generation(twin) == first
    last = first
    for _ in range(25):
        last = generation(agent)
        assert generation(twin) == last
    assert last > 0.5 * first
    assert agent.policy == twin.policy
    assert agent.generation == 26


def test_learns_on_factorizations():
    agent = Agent(seed=2, population=12, instances=6)
    held_out = range(-16, 0)
    before = [agent.score_nmf(i) for i in held_out]
    seen = []
    scores = agent.train_nmf(8, lambda *args: seen.append(args))
    assert [done for done, _, _ in seen] == list(range(1, 9))
    assert [mean for _, _, mean in seen] == scores
    after = [agent.score_nmf(i) for i in held_out]
    assert np.mean(after) > np.mean(before)
    assert len(agent.train_nmf(5, lambda *args: True)) == 1


def test_the_shipped_policy_is_better_than_its_anchor_on_held_out_instances():
    shipped, anchor = Agent(), Agent()
    shipped.load(_bytes(st.Learned("nmf")))
    gains = [shipped.score_nmf(-i) - anchor.score_nmf(-i) for i in range(101, 141)]
    assert np.mean(gains) > 1.96 * np.std(gains) / math.sqrt(len(gains))


def _bytes(controller):
    """The format, written from its description."""
    import binascii
    import struct

    numbers = controller.parameters or SHIPPED[controller.policy]
    body = b"POLICY01" + struct.pack(f"<Q{len(numbers)}d", len(numbers), *numbers)
    head, tail = b"STEPSIZE" + struct.pack("<I", 1), struct.pack("<Q", 24 + len(body)) + body
    return head + struct.pack("<I", binascii.crc32(head + tail)) + tail


def _shipped():
    """The numbers of each shipped policy, from the sources."""
    import pathlib
    import re

    for folder in pathlib.Path(__file__).resolve().parents:
        source = folder / "Sources/Stepsize/Learned/ShippedPolicies.swift"
        if source.exists():
            found = re.findall(r"case \.(\w+):\s*\[([^\]]*)\]", source.read_text())
            return {name: [float(x) for x in numbers.split(",") if x.strip()] for name, numbers in found}
    return None


SHIPPED = _shipped()


def test_bytes_are_as_documented(tmp_path):
    agent = small(policy="hidden", hidden=3)
    agent.begin_episode(5)
    assert agent.policy == _bytes(agent.controller())
    agent.save(tmp_path / "a.policy")
    other = small()
    other.load(tmp_path / "a.policy")
    assert other.policy == agent.policy and other.parameters == agent.parameters
    assert len(agent.parameters) == 3 * 9 + 1
    data = agent.policy
    for i in range(len(data)):
        with pytest.raises(st.StepsizeError):
            other.load(data[:i] + bytes([data[i] ^ 1]) + data[i + 1 :])
        with pytest.raises(st.StepsizeError):
            load(data[:i])


def test_two_policies_come_with_the_library():
    assert set(SHIPPED) == {"nmf", "mlp"}


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_text_and_custom_text_are_the_same_controller(name):
    losses = np.exp(np.random.default_rng(0).normal(size=300) - 0.02 * np.arange(300))
    own = st.Learned("custom", total=300, parameters=SHIPPED[name])
    a, b = st.Scheduler(0.1, controller=st.Learned(name, total=300)), st.Scheduler(0.1, controller=own)
    rates = [a.step(x) for x in losses]
    assert rates == [b.step(x) for x in losses] == list(map(float, rates))
    assert min(rates) < 0.09 and 0.1 * math.exp(-3) < min(rates) < max(rates) < 0.1 * math.exp(3)
    text = st.Scheduler(0.1, f'learned("{name}", total=300)')
    assert [text.step(x) for x in losses] == rates


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("total", [0, 1, 500])
def test_shipped_policies_stay_within_their_limits(name, total):
    """Whatever the losses do, and long after the end."""
    noise = np.random.default_rng(3)
    for losses in (np.full(1000, 2.0), np.exp(np.linspace(0, -200, 1000)), np.exp(np.linspace(0, 200, 1000)),
                   np.exp(5 * noise.normal(size=1000)), np.where(noise.random(1000) < 0.3, np.nan, 1.0)):  # fmt: skip
        scheduler = st.Scheduler([0.1, 7.0], controller=st.Learned(name, total=total))
        for loss in losses:
            scheduler.step(loss)
            low, high = scheduler.lrs
            assert math.exp(-3) < low / 0.1 < math.exp(3) and high == pytest.approx(70 * low, rel=1e-12)


def test_the_controller_does_what_the_agent_does():
    agent = small("ppo", "hidden")
    generation(agent)
    scheduler = st.Scheduler(3.0, controller=agent.controller(total=60))
    agent.begin_episode(60, explore=False)
    for t in range(60):
        loss = math.nan if t == 7 else 1 / (1 + t)
        assert scheduler.step(loss) == pytest.approx(3 * agent.observe(loss), rel=1e-15)


def test_rates_do_not_depend_on_the_unit_of_the_loss():
    losses = np.exp(np.random.default_rng(1).normal(size=200) - 0.02 * np.arange(200))
    plain, scaled = (st.Scheduler(0.1, "learned(total=200)") for _ in range(2))
    for loss in losses:
        assert plain.step(loss) == scaled.step(loss * 2.0**70)


def test_composes_with_schedules_and_groups():
    s = st.Scheduler([0.1, 0.2], "learned('nmf', total=100) * (warmup(10) >> cosine(90))")
    assert list(s.lrs) == pytest.approx([0.01, 0.02])
    for t in range(99):
        s.step(1 / (1 + t))
        assert s.lrs[1] == pytest.approx(2 * s.lrs[0])
    with pytest.raises(st.StepsizeError):
        s.step()


def test_text_repr_pickle():
    for controller in (st.Learned(), st.Learned("nmf", total=50, adapt=0.01), st.Learned("mlp"), small().controller(9)):
        assert st.Controller.parse(str(controller)) == controller
        assert pickle.loads(pickle.dumps(controller)) == controller == copy.deepcopy(controller)
        assert eval(repr(controller), {"Learned": st.Learned}) == controller


@pytest.mark.parametrize("trainer", ["cem", "ppo"])
def test_a_training_half_done_goes_on_with_the_same_bits(trainer, tmp_path):
    agent = small(trainer, "hidden", hidden=2)
    generation(agent)
    for _ in range(5):
        agent.begin_episode(10)
        for t in range(10):
            agent.observe(1 / (1 + t))
        agent.end_step(0.5)
        agent.end_episode()
    data = agent.training
    agent.begin_episode(10)  # this one is left out
    agent.observe(1.0), agent.observe(2.0)
    assert agent.training == data
    agent.save_training(tmp_path / "half.training")
    assert [path.name for path in tmp_path.iterdir()] == ["half.training"]
    others = [Agent.restored(tmp_path / "half.training"), Agent.restored(data), pickle.loads(pickle.dumps(agent))]
    for other in others:
        assert other.training == data and other.episodes_left == 27 and other.generation == 1
    for _ in range(2):
        assert len({generation(one) for one in (agent, *others)}) == 1
    assert len({one.policy for one in (agent, *others)}) == 1
    for i in range(0, len(data), 41):
        with pytest.raises(st.StepsizeError):
            Agent.restored(data[:i] + bytes([data[i] ^ 1]) + data[i + 1 :])
    with pytest.raises(st.StepsizeError):
        Agent.restored(agent.policy)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"every": 0}, "every"), ({"limit": 0}, "limit"), ({"limit": math.nan}, "limit"),
        ({"population": 3}, "population"), ({"instances": 0}, "instances"),
        ({"trainer": "sgd"}, "trainer"), ({"policy": "deep"}, "policy"),
        ({"policy": "hidden", "hidden": 33}, "units"), ({"policy": "hidden", "hidden": 0}, "hidden"),
    ],
)  # fmt: skip
def test_errors_name_the_option(options, message):
    with pytest.raises(st.StepsizeError, match=message):
        small(**{"trainer": "cem", **options})


def test_calls_out_of_order():
    agent = small()
    for call in (lambda: agent.observe(1.0), lambda: agent.end_step(1.0), agent.end_episode, agent.update):
        with pytest.raises(st.StepsizeError):
            call()
    with pytest.raises(TypeError):
        agent.end_step("much")
    with pytest.raises(TypeError):
        agent.begin_episode(explore=1)
    with pytest.raises(st.StepsizeError, match="total"):
        agent.begin_episode(-1)
    agent.begin_episode()
    agent.end_step(math.nan)
    assert agent.end_episode() == -10


def test_rewards_out_of_range_are_refused():
    agent = small()
    agent.begin_episode(3)
    agent.observe(1.0)
    for reward in (1e6 + 1, -1e300):
        expected = r"^agent: reward = -?1.*, expected a number in \[-1000000, 1000000\]$"
        with pytest.raises(st.StepsizeError, match=expected):
            agent.end_step(reward)
    agent.end_step(-1e6)
    assert agent.end_episode() == -1e6
    with pytest.raises(st.StepsizeError, match="no episode has begun"):
        agent.end_step(1.0)


def test_with_a_factorization():
    x = np.random.default_rng(0).gamma(1.0, 1.0, (60, 20))
    model = st.StochasticNMF(4, schedule="learned('nmf', total=100)", batch_size=20, max_iter=30, random_state=0)
    model.fit(x)
    assert np.all(model.lr_history_ > 0) and model.reconstruction_err_ < np.linalg.norm(x - x.mean())
