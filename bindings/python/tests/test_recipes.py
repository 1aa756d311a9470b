"""What docs/recipes.md is built on: batch sizes and other numbers that a schedule, or the rate, drives."""

import pytest
import stepsize as st


def test_sizes_by_schedule():
    scheduler = st.Scheduler(0.1, "linear(100)")
    sampler = st.PhaseSampler(scheduler, {"all": range(50)}, "ramp(99, start=1, end=10)")
    counts = []
    for batch in sampler:
        counts.append(len(batch))
        scheduler.step()
    assert counts == [max(1, round(1 + 9 * t / 99)) for t in range(100)]
    # Never an empty one.
    scheduler = st.Scheduler(0.1, "linear(10)")
    assert len(st.PhaseSampler(scheduler, {"all": range(50)}, st.Constant(value=0.2)).batch()) == 1


def test_sizes_by_schedule_go_on():
    def run(stop):
        scheduler = st.Scheduler(0.1, "linear(40)")
        sampler = st.PhaseSampler(scheduler, {"all": range(30)}, "piecewise([10, 20], [1, 2, 4])")
        drawn = []
        while scheduler.current_step < 30:
            if scheduler.current_step == stop:
                scheduler = st.Scheduler.from_state(scheduler.state())
                state = sampler.state_dict()
                sampler = st.PhaseSampler(scheduler, {"all": range(30)}, "piecewise([10, 20], [1, 2, 4])")
                sampler.load_state_dict(state)
            drawn.append(sampler.batch())
            scheduler.step()
        return drawn

    assert run(15) == run(None)


@pytest.mark.framework
class TestTied:
    def make(self, **options):
        torch = pytest.importorskip("torch")
        groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": rate} for rate in (0.1, 0.02, 0.0)]
        optimizer = torch.optim.AdamW(groups, weight_decay=0.3)
        from stepsize.torch import Scheduler

        return optimizer, Scheduler(optimizer, fields={"weight_decay": "lr"}, **options)

    def test_follows_whatever_moves_the_rate(self):
        optimizer, scheduler = self.make(
            schedule="warmup(3) >> linear(50)", controller=st.Plateau(patience=1, factor=0.5), min_lr=0.001
        )
        first, second, third = optimizer.param_groups
        seen = set()
        for _ in range(40):
            optimizer.step()
            scheduler.step(1.0)
            assert first["weight_decay"] == pytest.approx(0.3 * first["lr"] / 0.1, rel=1e-12)
            assert second["weight_decay"] == pytest.approx(0.3 * second["lr"] / 0.02, rel=1e-12)
            # A base rate of 0 has no fraction.
            assert third["weight_decay"] == 0.3
            seen.add(first["weight_decay"])
        assert len(seen) > 10

    def test_with_layer_decay(self):
        """`lr_scale` multiplies the rate alone: the number is the same fraction of its first one in all groups."""
        torch = pytest.importorskip("torch")
        from stepsize.torch import Scheduler

        def make():
            groups = [{"params": [torch.zeros(1, requires_grad=True)], "weight_decay": 0.1 * number, "lr_scale": scale}
                      for number, scale in ((1, 0.5), (2, 1.0), (3, 0.0))]  # fmt: skip
            optimizer = torch.optim.AdamW([*groups, {"params": [torch.zeros(1, requires_grad=True)]}], lr=0.1,
                                          weight_decay=0.4)  # fmt: skip
            text = "plateau(patience=1, factor=0.5) * (warmup(3) >> linear(50))"
            return optimizer, Scheduler(optimizer, text, fields={"weight_decay": "lr"})

        def check(optimizer, scheduler, count=4):
            bases = scheduler.base_lrs
            for number, group in enumerate(optimizer.param_groups):
                base = bases[number] * group.get("lr_scale", 1.0)
                fraction = group["lr"] / base if base else 1
                assert group["weight_decay"] == pytest.approx(0.1 * (number + 1) * fraction, rel=1e-12)
            assert len(optimizer.param_groups) == count
            fractions = [group["weight_decay"] / (number + 1) for number, group in enumerate(optimizer.param_groups)]
            assert fractions[0] == pytest.approx(fractions[1]) and fractions[2] == pytest.approx(0.1)
            return fractions[0]

        optimizer, scheduler = make()
        seen = []
        for _ in range(12):
            seen.append(check(optimizer, scheduler))
            optimizer.step(), scheduler.step(1.0)
        assert seen[0] == pytest.approx(0.1 / 3) and max(seen) == pytest.approx(0.1) and seen[-1] < 0.05
        # Resumed by the states of both.
        other, resumed = make()
        other.load_state_dict(optimizer.state_dict()), resumed.load_state_dict(scheduler.state_dict())
        for _ in range(3):
            optimizer.step(), scheduler.step(1.0), other.step(), resumed.step(1.0)
            assert check(other, resumed) == check(optimizer, scheduler)
        # A new group, and a new base rate, which moves the number with the rate.
        group = {"params": [torch.zeros(1, requires_grad=True)], "weight_decay": 0.5, "lr_scale": 0.25, "lr": 0.1}
        optimizer.add_param_group(group)
        optimizer.step(), scheduler.step(1.0)
        check(optimizer, scheduler, 5)
        scheduler.base_lrs = 0.3
        check(optimizer, scheduler, 5)


    def test_state(self):
        torch = pytest.importorskip("torch")
        whole, scheduler = self.make(schedule="linear(20)")
        part, other = self.make(schedule="linear(20)")
        for _ in range(7):
            whole.step()
            scheduler.step()
            part.step()
            other.step()
        resumed, again = self.make(schedule="linear(20)")
        resumed.load_state_dict(part.state_dict())
        again.load_state_dict(other.state_dict())
        for _ in range(5):
            scheduler.step()
            again.step()
            assert [g["weight_decay"] for g in whole.param_groups] == [g["weight_decay"] for g in resumed.param_groups]
        again.extend(40)
        assert resumed.param_groups[0]["weight_decay"] == pytest.approx(3 * resumed.param_groups[0]["lr"])
        from stepsize.torch import Scheduler

        mixed = Scheduler(torch.optim.AdamW([torch.zeros(1, requires_grad=True)]), fields={"weight_decay": "linear(9)"})
        with pytest.raises(st.StepsizeError):
            mixed.load_state_dict(scheduler.state_dict())

    def test_no_such_number(self):
        torch = pytest.importorskip("torch")
        from stepsize.torch import Scheduler

        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
        with pytest.raises(st.StepsizeError, match=r"fields\['beta1'\]"):
            Scheduler(optimizer, fields={"beta1": "lr"})


@pytest.mark.framework
@pytest.mark.parametrize(("kind", "get"), [
    ("SGD", lambda group: group["momentum"]), ("AdamW", lambda group: group["betas"][0]),
])  # fmt: skip
def test_a_momentum_that_warms_up(kind, get):
    """From 0.85 to 0.95 in 300 updates, and on where a resumed run is."""
    torch = pytest.importorskip("torch")
    from stepsize.torch import Scheduler

    def make():
        parameter = torch.zeros(1, requires_grad=True)
        if kind == "SGD":
            optimizer = torch.optim.SGD([parameter], lr=0.02, momentum=0.95)
        else:
            optimizer = torch.optim.AdamW([parameter], lr=0.02, betas=(0.95, 0.99))
        schedule = f"ramp(300, start={0.85 / 0.95}, end=1)"
        return optimizer, Scheduler(optimizer, "linear(1000)", fields={"momentum": schedule})

    optimizer, scheduler = make()
    for update in range(400):
        if update == 120:
            saved = optimizer.state_dict(), scheduler.state_dict()
            optimizer, scheduler = make()
            optimizer.load_state_dict(saved[0])
            scheduler.load_state_dict(saved[1])
        assert get(optimizer.param_groups[0]) == pytest.approx(0.85 + 0.1 * min(update / 300, 1), rel=1e-12)
        optimizer.step()
        scheduler.step()
