"""Layer-wise decayed parameter groups, and timm's ``lr_scale``."""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
import types

import pytest

torch = pytest.importorskip("torch")

import stepsize as st
from frameworks import run
from stepsize.torch import Scheduler, layer_decay
from support import REPOSITORY


class Encoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(7, 4)
        self.layer = torch.nn.ModuleList(torch.nn.Linear(4, 4) for _ in range(12))
        self.norm = torch.nn.LayerNorm(4)
        self.head = torch.nn.Linear(4, 2)


def by_parameter(model, groups):
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    return {names[id(parameter)]: group for group in groups for parameter in group["params"]}


def test_depth_is_found_by_the_names():
    model = Encoder()
    model.head.bias.requires_grad_(False)
    found = by_parameter(model, layer_decay(model, 1e-3, 0.5, no_weight_decay=["embed.*"]))
    assert found["head.weight"]["lr"] == found["norm.weight"]["lr"] == 1e-3
    assert [found[f"layer.{i}.weight"]["lr"] for i in range(12)] == [1e-3 * 0.5 ** (12 - i) for i in range(12)]
    assert found["embed.weight"]["lr"] == 1e-3 * 0.5**13
    assert found["embed.weight"]["weight_decay"] == found["layer.3.bias"]["weight_decay"] == 0
    assert found["layer.3.weight"]["weight_decay"] == 0.05
    assert "head.bias" not in found and len(found) == len(list(model.parameters())) - 1
    optimizer = torch.optim.AdamW(layer_decay(model, 1e-3, 0.5))
    scheduler = Scheduler(optimizer, "linear(10)")
    optimizer.step(), scheduler.step()
    assert [group["lr"] for group in optimizer.param_groups] == [
        base * st.Linear(10).at(1) for base in scheduler.base_lrs
    ]


def test_least_rate_and_layers_of_ones_own():
    model = Encoder()
    least = by_parameter(model, layer_decay(model, 1.0, 0.5, min_scale=0.1))
    assert least["embed.weight"]["lr"] == 0.1
    own = by_parameter(model, layer_decay(model, 1.0, 0.5, layer_of=lambda name: 1 if name.startswith("head") else 0))
    assert own["layer.11.weight"]["lr"] == 0.5 and own["head.weight"]["lr"] == 1


def test_what_is_refused():
    two = torch.nn.ModuleDict({name: torch.nn.ModuleList([torch.nn.Linear(1, 1)] * 1) for name in ("a", "b")})
    with pytest.raises(st.StepsizeError, match=r"2 lists of 1 numbered layers \('a', 'b'\).*layer_of"):
        layer_decay(two, 1.0)
    with pytest.raises(st.StepsizeError, match=r"0 lists .*none"):
        layer_decay(torch.nn.Linear(1, 1), 1.0)
    with pytest.raises(st.StepsizeError, match=r"decay = 1.5, expected a number in \(0, 1\]"):
        layer_decay(Encoder(), 1.0, 1.5)


class Vision(Encoder):
    """With timm's names, and timm's matcher of its vision transformers."""

    def __init__(self):
        super().__init__()
        self.pos_embed = torch.nn.Parameter(torch.zeros(1, 3, 4))
        self.patch_embed, self.blocks = self.embed, self.layer
        del self.embed, self.layer

    def no_weight_decay(self):
        return {"pos_embed", "cls_token"}

    def group_matcher(self, coarse=False):
        return {
            "stem": r"^cls_token|pos_embed|patch_embed",
            "blocks": [(r"^blocks\.(\d+)", None), (r"^norm", (99999,))],
        }  # fmt: skip


@pytest.fixture
def timm_optim(monkeypatch):
    """timm's function that groups parameters; of timm's models what it needs, since all take a torchvision."""
    spec = importlib.util.find_spec("timm")
    if spec is None:
        pytest.skip("timm is not installed")
    models, manipulate = types.ModuleType("timm.models"), "timm.models._manipulate"
    package = importlib.util.module_from_spec(spec)
    models.__path__ = [f"{package.__path__[0]}/models"]
    optim = types.ModuleType("timm.optim")
    optim.__path__ = [f"{package.__path__[0]}/optim"]
    for name, module in (("timm", package), ("timm.models", models), ("timm.optim", optim)):
        monkeypatch.setitem(sys.modules, name, module)
    package.models, layers = models, types.ModuleType("timm.layers")
    layers.use_reentrant_ckpt = None
    monkeypatch.setitem(sys.modules, "timm.layers", layers)
    monkeypatch.delitem(sys.modules, manipulate, raising=False)
    models.group_parameters = importlib.import_module(manipulate).group_parameters
    return importlib.import_module("timm.optim._param_groups")


def test_a_model_of_timm_has_timms_groups(timm_optim):
    model = Vision()
    theirs = timm_optim.param_groups_layer_decay(
        model, 0.03, no_weight_decay_list=model.no_weight_decay(), layer_decay=0.65
    )
    ours = layer_decay(model, 2.0, 0.65, weight_decay=0.03)
    assert len(ours) == len(theirs)
    theirs, ours = by_parameter(model, theirs), by_parameter(model, ours)
    assert theirs.keys() == ours.keys()
    for name, group in theirs.items():
        assert (ours[name]["lr"], ours[name]["weight_decay"]) == (2.0 * group["lr_scale"], group["weight_decay"]), name


MODELS = ["vit_tiny_patch16_224", "convnext_atto", "resnet10t", "swin_tiny_patch4_window7_224"]


@pytest.fixture(scope="module")
def of_timm():
    if importlib.util.find_spec("timm") is None:
        pytest.skip("timm is not installed")
    lines = run(REPOSITORY / "bindings/python/tests/timm_worker.py", *MODELS).splitlines()
    return {found["name"]: found for found in map(json.loads, lines)}


@pytest.mark.framework
@pytest.mark.parametrize("name", MODELS)
def test_real_models_of_timm_have_timms_groups(of_timm, name):
    found = of_timm[name]
    assert found["ours"] == found["theirs"] and len(found["ours"]) == found["parameters"]
    assert found["groups"][0] == found["groups"][1]
    assert len({scale for scale, _ in found["ours"].values()}) >= 6


@pytest.mark.framework
@pytest.mark.parametrize("make, first, stack, last", [
    (lambda t: t.BertForSequenceClassification(t.BertConfig(num_hidden_layers=3)),
     ["bert.embeddings.word_embeddings.weight", "bert.embeddings.LayerNorm.bias"], "bert.encoder.layer.",
     ["bert.pooler.dense.weight", "classifier.bias"]),
    (lambda t: t.GPT2LMHeadModel(t.GPT2Config(n_layer=3)),  # whose head is the embedding
     ["transformer.wte.weight", "transformer.wpe.weight"], "transformer.h.", ["transformer.ln_f.weight"]),
    (lambda t: t.LlamaForCausalLM(t.LlamaConfig(num_hidden_layers=3, hidden_size=64, intermediate_size=64,
                                                num_attention_heads=4, num_key_value_heads=2)),
     ["model.embed_tokens.weight"], "model.layers.", ["model.norm.weight", "lm_head.weight"]),
], ids=["bert", "gpt2", "llama"])  # fmt: skip
def test_models_of_transformers(make, first, stack, last):
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    with torch.device("meta"):
        model = make(transformers)
    found = by_parameter(model, layer_decay(model, 1.0, 0.5))
    assert found.keys() == {name for name, _ in model.named_parameters()}
    for name, group in found.items():
        number = int(name.removeprefix(stack).partition(".")[0]) if name.startswith(stack) else None
        assert group["lr"] == (0.5 ** (3 - number) if number is not None else group["lr"])
    assert {found[name]["lr"] for name in first} == {0.5**4} and {found[name]["lr"] for name in last} == {1}
    assert {group["lr"] for group in found.values()} == {0.5**k for k in range(5)}


@pytest.mark.framework
def test_a_model_of_transformers_with_two_stacks():
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    with torch.device("meta"):
        model = transformers.T5ForConditionalGeneration(transformers.T5Config(num_layers=3))
    with pytest.raises(st.StepsizeError, match=r"2 lists of 3 .*'encoder.block', 'decoder.block'.*pass layer_of"):
        layer_decay(model, 1.0)


# ---- lr_scale -------------------------------------------------------------------------------------------


def make(scales):
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr_scale": scale} for scale in scales]
    return torch.optim.SGD([*groups, {"params": [torch.nn.Parameter(torch.zeros(1))]}], lr=1e-3)


def test_lr_scale_multiplies_the_rate():
    optimizer = make([0.03125, 0.0625])
    scheduler = Scheduler(optimizer, "plateau(patience=0, factor=0.5) * linear(10)")
    assert [group["lr"] for group in optimizer.param_groups] == [3.125e-5, 6.25e-5, 1e-3]
    assert scheduler.base_lrs == [1e-3] * 3
    for _ in range(3):
        optimizer.step(), scheduler.step(1.0)
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx(
        [1e-3 * scale * 0.25 * 0.7 for scale in (0.03125, 0.0625, 1)], rel=1e-15
    )
    other = make([0.03125, 0.0625])
    resumed = Scheduler(other, "plateau(patience=0, factor=0.5) * linear(10)")
    resumed.load_state_dict(scheduler.state_dict())
    assert resumed.lrs == scheduler.lrs and [group["lr"] for group in other.param_groups] == list(scheduler.lrs)
    scheduler.base_lrs = 2e-3
    doubled = [2 * rate for rate in resumed.lrs]
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx(doubled, rel=1e-15)


def test_lr_scale_as_timm():
    spec = importlib.util.find_spec("timm")
    if spec is None:
        pytest.skip("timm is not installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "timm", importlib.util.module_from_spec(spec))
        peer = importlib.import_module("timm.scheduler")
    ours, theirs = make([0.5, 0.1]), make([0.5, 0.1])
    scheduler = Scheduler(ours, st.peers.timm.CosineLRScheduler(1e-3, 20, warmup_t=5, warmup_lr_init=1e-5))
    timms = peer.CosineLRScheduler(theirs, 20, warmup_t=5, warmup_lr_init=1e-5)
    for update in range(25):
        timms.step(update)
        assert [group["lr"] for group in ours.param_groups] == pytest.approx(
            [group["lr"] for group in theirs.param_groups], rel=1e-12, abs=1e-18
        )
        ours.step(), scheduler.step()
