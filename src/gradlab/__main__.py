"""`python -m gradlab` is `gradlab`."""

from __future__ import annotations

import sys

from gradlab.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
