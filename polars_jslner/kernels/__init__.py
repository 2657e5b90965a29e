"""Kernels: pure functions over NumPy arrays, one module a subject.

All are compiled by Numba but the clinical sentence splitter, whose many small rules
would take it ten seconds: that one is vectorised NumPy.
"""
