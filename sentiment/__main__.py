"""`python -m sentiment`: see `sentiment.cli`."""

import sys

from sentiment.cli import main

sys.exit(main(sys.argv[1:]))
