"""Writes the goldens again: python -m tests.golden."""

from tests.golden.functions import FUNCTIONS
from tests.golden.levels import path, text


def main() -> None:
    """Each text that changes is named."""
    for name in FUNCTIONS:
        found, place = text(name), path(name)
        if not place.exists() or place.read_text(encoding="utf-8") != found:
            place.write_text(found, encoding="utf-8")
            print(f"wrote {place.name}")


if __name__ == "__main__":
    main()
