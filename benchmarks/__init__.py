"""Measurements: quality, sentence spans, speed beside other systems."""
