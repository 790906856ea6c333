"""cats.ir: what things are: spaces, linear maps, primitives, terms and programs, as data."""

if __name__ != "cats.ir":
    raise ImportError(
        "this folder is the package 'cats.ir': write 'import cats.ir', not 'import ir'"
    )
