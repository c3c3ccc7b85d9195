"""Measurement parts: what answers look like given the class."""
