"""The tests of cats: a package, so that they share strategies and oracles."""
