"""How fast this machine annotates, beside the limit that ONNX Runtime sets.

Knows the public functions and nothing of the stages, so that what it measures is what
users get.
"""
