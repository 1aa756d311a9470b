"""Layer decay on real models of timm: `timm_worker.py NAME...` prints, as JSON, for each parameter of each model the
fraction of the rate and the weight decay, timm's and ours.

timm imports torchvision, which its models need for nothing that is asked here: where it is not installed, names in its
place are enough."""

import importlib.abc
import importlib.machinery
import importlib.util
import json
import sys
import types

import torch
from stepsize.torch import layer_decay


class Anything(type):
    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return name


class Absent(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything(name, (torch.nn.Module,), {})


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torchvision":
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return Absent(spec.name)

    def exec_module(self, module):
        pass


if __name__ == "__main__":
    if importlib.util.find_spec("torchvision") is None:
        sys.meta_path.insert(0, Finder())
    import timm
    from timm.optim import param_groups_layer_decay

    for name in sys.argv[1:]:
        with torch.device("meta"):
            model = timm.create_model(name)
        names = {id(parameter): key for key, parameter in model.named_parameters()}
        own = model.no_weight_decay() if hasattr(model, "no_weight_decay") else ()
        theirs = param_groups_layer_decay(model, 0.05, no_weight_decay_list=own, layer_decay=0.65)
        # A power of 2, so that a fraction of it is exact.
        ours = layer_decay(model, 2.0, 0.65)
        print(json.dumps({
            "name": name, "parameters": len(names), "groups": [len(theirs), len(ours)],
            "theirs": {names[id(p)]: [g["lr_scale"], g["weight_decay"]] for g in theirs for p in g["params"]},
            "ours": {names[id(p)]: [g["lr"] / 2, g["weight_decay"]] for g in ours for p in g["params"]},
        }))  # fmt: skip
