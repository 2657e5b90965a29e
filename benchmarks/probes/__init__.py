"""Measurements of the library alone, each in a process that prints a JSON object."""
