"""Files that targets name: a module of networks, code that fails, descriptions."""

from __future__ import annotations

from .conftest import TINY

MODEL = """\
import warnings
from dataclasses import dataclass

import torch
from torch import nn

print("a word at import")
number = 3
e6 = nn.Conv2d(3, 8, 5)


@dataclass
class Sizes:
    width: int = 4


class Dense(nn.Sequential):
    def __init__(self, width=Sizes().width):
        super().__init__(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, 1))


class Needy(nn.Module):
    def __init__(self, width, *, depth):
        super().__init__()


class Loud(nn.Module):
    def forward(self, x):
        print("a word at work")
        return x


class Two(nn.Module):
    def forward(self, x, y):
        return x + y


class Keyed(nn.Module):
    def forward(self, batch):
        return batch["x"]


def Lazy():
    return nn.Sequential(nn.LazyLinear(3), nn.ReLU())


def scripted():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch would rather have others
        return torch.jit.script(nn.Sequential(nn.Linear(4, 4)))


def d8():
    print("a word at birth")
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.BatchNorm2d(32), nn.LeakyReLU(), nn.Conv2d(32, 64, 3), nn.BatchNorm2d(64),
        nn.Conv2d(64, 64, 1), nn.LeakyReLU(), nn.MaxPool2d(2), nn.Dropout(0.25), nn.Flatten(), nn.Linear(9216, 128),
        nn.BatchNorm1d(128), nn.Linear(128, 128), nn.LeakyReLU(), nn.Dropout(0.5), nn.Linear(128, 10),
    )


def no_flatten():
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.Linear(2704, 10))


def nothing():
    return None


def broken():
    raise RuntimeError("no weights")
"""
NETWORK = """\
[network]
inputs = 4
outputs = 2
hidden = "8 - 6"
activation = "tanh"
weights = "glorot_normal"
"""
SETUP = """
[recipe]
optimizer = { name = "sgd", lr = 0.01 }
loss = "hinge"
steps = 2

[task]
name = "xor"
"""
LAYERS = """\
[network]
layers = ["conv2d(2, 3)", "flatten", "dense(3)"]
weights = "he_normal"
"""
RELATIVE = "from .sizes import width\nfrom torch import nn\nnet = nn.Linear(width, 1)\n"
STUDY = TINY.replace('network.activation = "tanh"', "network.hidden.width = 3")

FILES = {
    "model.py": MODEL,
    "malformed.py": "def network(:\n",
    "incomplete.py": "\nimport no_such_package\n",
    "ending.py": "import sys\nsys.exit(3)\n",
    "network.toml": NETWORK,
    "setup.toml": NETWORK.replace("inputs = 4\noutputs = 2\n", "") + SETUP,
    "study.toml": STUDY,
    "misspelt.toml": NETWORK.replace("tanh", "tahn"),
    "empty.toml": "",
    "shapeless.toml": LAYERS,
    "image.toml": LAYERS + "image = [1, 6, 6]\n",
}

PACKAGES = {
    "relative/__init__.py": "",
    "relative/sizes.py": "width = 3\n",
    "relative/network.py": RELATIVE,
    "relative/deep/__init__.py": "",
    "relative/deep/network.py": RELATIVE,
    "namespace/sizes.py": "width = 3\n",
    "namespace/network.py": RELATIVE,
}
