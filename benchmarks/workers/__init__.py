"""One module for each system of the speed table, each run in a process of its own.

They run in environments with other versions than ours, so they import nothing of this
repository but `serve`.
"""
