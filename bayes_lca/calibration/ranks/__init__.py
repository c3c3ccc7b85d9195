"""Simulation-based calibration: whether the posteriors are those of the models."""
