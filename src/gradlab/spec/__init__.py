"""What a network is and how it trains, as frozen, validated, hashed descriptions.

`Setup` = `NetworkSpec` + `Recipe` + task. A trial depends on (Setup, root seed, replica) only, and `Setup.id` is the
hash of the content. Everything a user may write is validated here, once, at the border.
"""

from gradlab.spec.blocks import Conv2d, Dense
from gradlab.spec.choice import Choice
from gradlab.spec.layers import Layer
from gradlab.spec.network import NetworkSpec
from gradlab.spec.recipe import Recipe
from gradlab.spec.setup import Setup, setup_from

__all__ = ["Choice", "Conv2d", "Dense", "Layer", "NetworkSpec", "Recipe", "Setup", "setup_from"]
