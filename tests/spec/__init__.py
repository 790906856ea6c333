"""Specifications: laws that every part of one kind keeps."""
