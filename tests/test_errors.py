"""Every message says what, got, expected and do; pydantic's are translated; errors survive a process border."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from gradlab.errors import (
    DataError,
    GradlabError,
    MissingExtra,
    SpecError,
    StoreError,
    StudyFileError,
    UnknownName,
    UserError,
    shown,
    suggestion,
)
from gradlab.errors.validation import from_validation

MESSAGES = [
    (UserError("network"), "network."),
    (UserError("The network is empty."), "The network is empty."),
    (UserError("depth", got=0), "depth: got 0."),
    (UserError("depth", expected="at least 1"), "depth: expected at least 1."),
    (UserError("depth", got=0, expected="at least 1"), "depth: got 0; expected at least 1."),
    (UserError("depth", got=0, expected="It must be at least 1."), "depth: got 0. It must be at least 1."),
    (UserError("depth", got="There is none.", expected="at least 1"), "depth: There is none. Expected at least 1."),
    (UserError("depth", got=0, do="Write 1"), "depth: got 0. Write 1."),
    (UserError("x", got=list(range(1000))), f"x: got {str(list(range(1000)))[:77]}..."),
    (UnknownName("loss", "msee", ["mse", "mae"]), 'loss "msee" is unknown; did you mean "mse"?'),
    (UnknownName("loss", "MSE", ["mse", "mae"]), 'loss "MSE" is unknown; did you mean "mse"?'),
    (UnknownName("loss", 3, ["mse"], do="See."), "loss 3 is unknown; known: mse. See."),
    (UnknownName("loss", "x", []), 'loss "x" is unknown; there are none.'),
    (StudyFileError("not TOML", file="a.toml", line=3), "a.toml:3: not TOML."),
    (StudyFileError("cannot be read", file="a.toml", do="Check the path."), "a.toml: cannot be read. Check the path."),
    (StoreError("store", got="version 9", expected="at most 1"), "store: got version 9; expected at most 1."),
]


@pytest.mark.parametrize(("error", "message"), MESSAGES, ids=[message for _, message in MESSAGES])
def test_message(error: UserError, message: str) -> None:
    assert str(error) == message


def test_the_tree() -> None:
    for kind in (SpecError, UnknownName, StudyFileError, StoreError, DataError, MissingExtra):
        assert issubclass(kind, UserError)
    assert issubclass(UserError, GradlabError)
    assert issubclass(UserError, ValueError)
    assert issubclass(UnknownName, KeyError)


def test_pieces_are_attributes() -> None:
    error = UserError("a", got=[1], expected="b", do="c")
    assert (error.what, error.got, error.expected, error.do) == ("a", [1], "b", "c")


def test_extra_ends_in_the_command() -> None:
    assert str(MissingExtra("bench", "x")).endswith("pip install 'gradlab[bench]'")


@pytest.mark.parametrize(
    "error", [*(error for error, _ in MESSAGES), MissingExtra("bench", "x"), SpecError.from_message("a\n  b")]
)
def test_pickle_round_trip(error: UserError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert again.__dict__ == error.__dict__


def test_long_list_of_names_is_cut() -> None:
    assert suggestion("?", [f"n{i:02}" for i in range(20)]).endswith("n11 and 8 more.")


def test_shown_fits_on_a_line() -> None:
    text = shown("a\nb" * 100)
    assert "\n" not in text
    assert len(text) <= 82


class Layer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    width: int = Field(ge=1)
    activation: str = "relu"

    @field_validator("activation")
    @classmethod
    def _known(cls, name: str) -> str:
        if name == "old":
            raise SpecError("activation", got=shown(name), expected="a new one")
        if name == "bare":
            raise ValueError("no bare name")
        if name not in ("relu", "tanh"):
            raise UnknownName("activation", name, ["relu", "tanh"])
        return name


class Network(BaseModel):
    model_config = ConfigDict(extra="forbid")
    layers: list[Layer]
    seed: int = 0


KNOWN = {"network": ["layers", "seed"], "network.layers": ["width", "activation"]}


def translate(content: dict[str, Any]) -> SpecError:
    with pytest.raises(ValidationError) as caught:
        Network(**content)
    return from_validation(caught.value, "network", known=KNOWN)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "network.layers: got nothing; expected a value."),
        ({"layers": [{"width": 0}]}, "network.layers[0].width: got 0; expected greater than or equal to 1."),
        ({"layers": [{"width": 1, "widht": 2}]}, 'network.layers[0].widht: unknown key; did you mean "width"?'),
        ({"layers": [], "sede": 2}, 'network.sede: unknown key; did you mean "seed"?'),
        (
            {"layers": [{"width": 1, "activation": "relo"}]},
            'activation "relo" is unknown; did you mean "relu"?',
        ),
        ({"layers": [{"width": 1, "activation": "old"}]}, 'activation: got "old"; expected a new one.'),
        ({"layers": [{"width": 1, "activation": "bare"}]}, "network.layers[0].activation: no bare name."),
    ],
)
def test_one_problem_is_one_line(content: dict[str, Any], message: str) -> None:
    assert str(translate(content)) == message


def test_several_problems_are_told_at_once() -> None:
    lines = str(translate({"layers": [{"width": 0}, {"width": "x"}], "sede": 1})).splitlines()
    assert lines[0] == "network: 3 problems"
    assert all(line.startswith("  network.") for line in lines[1:])
    assert len(lines) == 4


def test_without_known_keys_nothing_is_guessed() -> None:
    with pytest.raises(ValidationError) as caught:
        Network.model_validate({"layers": [], "sede": 1})
    assert str(from_validation(caught.value)) == "sede: unknown key."
