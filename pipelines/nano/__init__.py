"""Forge Nano, the small built-in image model: its data, training, packaging and prompt encoder."""
