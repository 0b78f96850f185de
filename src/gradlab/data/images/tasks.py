"""Image sets as tasks: pixels in, one of ten classes out. Every replica and every seed sees the same images.

Drawing them reads files, and downloads what is nowhere on the machine; importing this module and listing tasks does not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from jaxtyping import Int
from numpy import ndarray

from gradlab.data.images.download import fetch
from gradlab.data.images.load import read
from gradlab.data.images.places import Place
from gradlab.data.images.sets import SETS, ImageSet, Split
from gradlab.data.label_noise import LABEL_NOISE, with_label_noise
from gradlab.data.tasks import TASKS, Examples, Task
from gradlab.parts.param import Param, Value
from gradlab.seeds import Purpose


def _image_task(images: ImageSet) -> Task:
    def draw(
        root_seed: int, replicas: Int[ndarray, " R"], purpose: Purpose, count: int, params: Mapping[str, Value]
    ) -> Examples:
        split: Split = "test" if purpose == Purpose.TEST_DATA else "train"
        assert count <= (images.test if split == "test" else images.train)
        divisor = None if params["standardize"] else float(params["divide_by"])
        return _examples(images, fetch(images), split, count, divisor)

    def bring(quiet: bool) -> None:
        fetch(images, quiet=quiet)

    high, wide = images.shape
    return TASKS.add(
        Task(
            name=images.name,
            formula=f"class of an image of {high} x {wide} pixels, one of {len(images.classes)}",
            source=images.source,
            inputs=images.inputs,
            outputs=len(images.classes),
            targets="one_hot",
            params=(
                Param(
                    "points",
                    images.train,
                    "training images, the first ones",
                    low=1,
                    high=images.train,
                    kind="int",
                ),
                Param(
                    "divide_by",
                    float(images.largest),
                    f"what pixels of 0 to {images.largest} are divided by; 1 leaves them as they are",
                    low=0.0,
                    excludes_low=True,
                ),
                Param(
                    "standardize",
                    False,
                    "mean and standard deviation of all training pixels become 0 and 1; divide_by then cancels",
                    kind="bool",
                ),
                LABEL_NOISE,
            ),
            draw=with_label_noise(draw),
            held_out=images.test,
            classes=images.classes,
            image=images.shape,
            fetch=bring,
        )
    )


@lru_cache(maxsize=8)  # 60,000 images of 784 numbers take 190 MB; a study holds one or two versions of a set
def _examples(images: ImageSet, place: Place, split: Split, count: int, divisor: float | None) -> Examples:
    """The first images of a split, shared by all replicas: the same arrays whenever they are asked for.

    Args:
        images: The set.
        place: Where it lies.
        split: Which images.
        count: How many.
        divisor: What pixels are divided by; None to standardize.

    Returns:
        Inputs [1, P, M] and one-hot targets [1, P, N].
    """
    found = read(images, place, split)
    inputs = found.pixels[:count].astype(np.float32)
    if divisor is None:
        mean, std = pixel_law(images, place)
        inputs -= np.float32(mean)
        inputs /= np.float32(std)
    else:
        inputs /= np.float32(divisor)
    targets = np.eye(len(images.classes), dtype=np.float32)[found.labels[:count]]
    return Examples(inputs[None], targets[None])


@lru_cache(maxsize=len(SETS))
def pixel_law(images: ImageSet, place: Place) -> tuple[float, float]:
    """Mean and standard deviation of all training pixels, from exact sums of whole numbers."""
    pixels = read(images, place, "train").pixels
    total = int(pixels.sum(dtype=np.int64))
    squares = sum(
        int(np.square(part, dtype=np.int64).sum()) for part in np.array_split(pixels, len(pixels) // 1000 + 1)
    )
    mean = total / pixels.size
    return mean, math.sqrt(squares / pixels.size - mean * mean)


for _images in SETS:
    _image_task(_images)
