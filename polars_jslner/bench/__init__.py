"""How fast this machine annotates, beside the limit that ONNX Runtime sets.

Goes through the public functions, so that what it measures is what users get; of the
stages it knows the memo only, which is emptied between rounds.
"""
