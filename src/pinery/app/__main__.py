"""``python -m pinery.app``."""

from pinery.app.cli import main

if __name__ == "__main__":
    main()
