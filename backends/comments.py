"""The user's line as a comment in a text."""

from __future__ import annotations

import os

from cats.ir.errors import Where


def comment(where: Where | None) -> str:
    """The user's line, as it stands above the steps that came from it."""
    if where is None or not where.line:
        return ""
    code = f": {where.code}" if where.code else ""
    return encodable(f"# {' '.join(os.path.basename(where.file).split())}:{where.line}{code}")


def encodable(text: str) -> str:
    """The text without what no file may hold: names of files and arguments may be any."""
    return text.replace("\0", "").encode("utf-8", "backslashreplace").decode("utf-8")
