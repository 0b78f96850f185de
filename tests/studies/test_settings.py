"""What `--set key=value` reads: values between commas, unless these are quoted or in brackets."""

from __future__ import annotations

from typing import Any

import pytest

from gradlab.studies.settings import parse_setting


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("replicas=5", [5]),
        ("lr=0.1, 1e-2,true", [0.1, 1e-2, True]),
        ("lr=1..4", [1, 2, 3, 4]),
        ("row=A1,C7 relu", ["A1", "C7 relu"]),
        ('row="C8 10,000 images","C9 10,000 images"', ["C8 10,000 images", "C9 10,000 images"]),
        ("optimizer=sgd(lr=0.1, momentum=0.9),adam", ["sgd(lr=0.1, momentum=0.9)", "adam"]),
        ('hidden=[4,4],"2 x 3",{ width = 2, depth = 3 }', [[4, 4], "2 x 3", {"width": 2, "depth": 3}]),
        ("batches=[[1,2],[3,4]],5", [[[1, 2], [3, 4]], 5]),
    ],
)
def test_values_between_commas(text: str, values: list[Any]) -> None:
    assert parse_setting(text) == (text.partition("=")[0], values)
