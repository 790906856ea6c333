"""Benchmarks: scripts that print, no tests."""
