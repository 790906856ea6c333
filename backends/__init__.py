"""cats.backends: where programs run."""

if __name__ != "cats.backends":
    raise ImportError(
        "this folder is the package 'cats.backends': "
        "write 'import cats.backends', not 'import backends'"
    )
