"""Image sets: what there is, where it lies, fetching, reading, and the tasks made of it.

    sets        names, sizes, checksums, mirrors
    places      where a set lies on this machine
    download    bringing it here
    idx         the files' format
    load        checked files as arrays
    tasks       arrays as catalog records

The only part of `data` that touches disk, network or terminal, and only when examples are drawn. `digits` lies in
scikit-learn's package and needs no network. Its file has no split: the last 360 of its 1,797 images are the test images,
about as many of each class as in training. Neighbours in the file are alike, so that this is harder than a split at random
(nearest neighbour: 95.6 % right, against 98.1 to 98.9 % in 5 random splits), as MNIST's is, whose test writers are others.
"""

from gradlab.data.images.download import fetch
from gradlab.data.images.load import Images, load
from gradlab.data.images.places import Place, find
from gradlab.data.images.sets import DIGITS, FASHION_MNIST, MNIST, SETS, ImageSet, image_set

__all__ = [
    "DIGITS",
    "FASHION_MNIST",
    "MNIST",
    "SETS",
    "ImageSet",
    "Images",
    "Place",
    "fetch",
    "find",
    "image_set",
    "load",
]
