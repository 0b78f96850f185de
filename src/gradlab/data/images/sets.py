"""The image sets gradlab knows: sizes, files with their checksums, mirrors. Data only; nothing here reads a file.

Sizes stand here so that listing tasks and checking a study need no data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from gradlab.errors import UnknownName

Split = Literal["train", "test"]


@dataclass(frozen=True, slots=True)
class File:
    """One file of an image set, as it is handed out: compressed by gzip.

    Attributes:
        name: Without ".gz".
        shape: Shape of the uint8 array in it: images, height, width; or labels.
        bytes: Size of the compressed file.
        sha256: Of the compressed file.
        content_sha256: Of what is in it. It tells whether an unpacked copy, or Keras' archive, holds the same.
    """

    name: str
    shape: tuple[int, ...]
    bytes: int
    sha256: str
    content_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSet:
    """Images with labels, split into training and test images once and for all.

    Attributes:
        name: Its name, the task's too.
        source: Paper and licence.
        train: Training images.
        test: Test images.
        shape: Height and width in pixels.
        largest: Largest pixel value.
        classes: What the labels 0, 1, ... mean.
        folder: Folder of its files below a folder of data sets.
        torchvision: What torchvision calls that folder.
        keras: What Keras calls its archive, or its folder of the same files.
        mirrors: Addresses that end in "/", tried in this order.
        package: The installed package that brings the set, which then is one table and is never downloaded.
        files: Training images, training labels, test images, test labels; or the one table.
    """

    name: str
    source: str
    train: int
    test: int
    shape: tuple[int, int]
    largest: int
    classes: tuple[str, ...]
    folder: str = ""
    torchvision: str = ""
    keras: str = ""
    mirrors: tuple[str, ...] = ()
    package: str = ""
    files: tuple[File, ...]

    @property
    def inputs(self) -> int:
        """Pixels of an image."""
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """Size of all its files."""
        return sum(file.bytes for file in self.files)


DIGIT_NAMES = tuple("0123456789")

MNIST = ImageSet(
    name="mnist",
    source="LeCun, Bottou, Bengio and Haffner 1998, from NIST's handwritten digits; commonly given as CC BY-SA 3.0",
    train=60_000,
    test=10_000,
    shape=(28, 28),
    largest=255,
    classes=DIGIT_NAMES,
    folder="mnist",
    torchvision="MNIST",
    keras="mnist.npz",
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    files=(
        File(
            "train-images-idx3-ubyte",
            (60_000, 28, 28),
            9_912_422,
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        File(
            "train-labels-idx1-ubyte",
            (60_000,),
            28_881,
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
        File(
            "t10k-images-idx3-ubyte",
            (10_000, 28, 28),
            1_648_877,
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        File(
            "t10k-labels-idx1-ubyte",
            (10_000,),
            4_542,
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
)

FASHION_MNIST = ImageSet(
    name="fashion_mnist",
    source="Xiao, Rasul and Vollgraf 2017, pictures of Zalando's articles; MIT licence",
    train=60_000,
    test=10_000,
    shape=(28, 28),
    largest=255,
    classes=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    folder="fashion-mnist",
    torchvision="FashionMNIST",
    keras="fashion-mnist",
    mirrors=(
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",  # plain http: the checksum alone protects
    ),
    files=(
        File(
            "train-images-idx3-ubyte",
            (60_000, 28, 28),
            26_421_880,
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        ),
        File(
            "train-labels-idx1-ubyte",
            (60_000,),
            29_515,
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        ),
        File(
            "t10k-images-idx3-ubyte",
            (10_000, 28, 28),
            4_422_102,
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        ),
        File(
            "t10k-labels-idx1-ubyte",
            (10_000,),
            5_148,
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
    ),
)

DIGITS = ImageSet(
    name="digits",
    source="Alpaydin and Kaynak 1998, the test half of UCI's optical recognition of handwritten digits; CC BY 4.0",
    train=1_437,
    test=360,
    shape=(8, 8),
    largest=16,
    classes=DIGIT_NAMES,
    package="sklearn",
    files=(
        File(
            "digits.csv",
            (1_797, 65),
            57_523,
            "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22",
            "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8",
        ),
    ),
)

SETS = (MNIST, FASHION_MNIST, DIGITS)


def image_set(name: str) -> ImageSet:
    """The image set of that name.

    Raises:
        UnknownName: There is none.
    """
    known = {images.name: images for images in SETS}
    if name not in known:
        raise UnknownName("data set", name, known, do='See "gradlab data list".')
    return known[name]
