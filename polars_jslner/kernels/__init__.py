"""Numba kernels: pure functions over NumPy arrays, one module a subject."""
