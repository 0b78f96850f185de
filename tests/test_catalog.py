"""A catalog is an ordered mapping that knows what was probably meant."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from gradlab.catalog import Catalog
from gradlab.errors import UnknownName


@dataclass(frozen=True)
class Part:
    name: str


@pytest.fixture
def parts() -> Catalog[Part]:
    catalog: Catalog[Part] = Catalog("activation", "activations")
    for name in ("tanh", "relu", "elu"):
        assert catalog.add(Part(name)).name == name
    return catalog


def test_order_is_that_of_insertion(parts: Catalog[Part]) -> None:
    assert list(parts) == ["tanh", "relu", "elu"]
    assert [part.name for part in parts.values()] == ["tanh", "relu", "elu"]
    assert len(parts) == 3


def test_unknown_name_is_a_clear_error(parts: Catalog[Part]) -> None:
    with pytest.raises(UnknownName) as caught:
        parts["rleu"]
    message = 'activation "rleu" is unknown; did you mean "relu"? See "gradlab list activations".'
    assert str(caught.value) == message


def test_in_and_get_work_as_for_any_mapping(parts: Catalog[Part]) -> None:
    assert "relu" in parts
    assert "relo" not in parts
    not_a_name: object = []
    assert not_a_name not in parts
    assert parts.get("relo") is None
    assert parts.get("relo", Part("x")) == Part("x")
    assert parts.get("relu") == Part("relu")


def test_two_records_of_one_name_are_a_programmers_mistake(parts: Catalog[Part]) -> None:
    with pytest.raises(AssertionError, match="relu"):
        parts.add(Part("relu"))


def test_repr_names_the_records(parts: Catalog[Part]) -> None:
    assert repr(parts) == "<Catalog of 3 activations: tanh, relu, elu>"
