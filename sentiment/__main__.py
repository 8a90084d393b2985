"""`python -m sentiment`: see `sentiment.cli`."""

import sys

from sentiment.memory import restart_with_large_pages

if __name__ == "__main__":
    restart_with_large_pages()

    from sentiment.cli import main

    sys.exit(main(sys.argv[1:]))
