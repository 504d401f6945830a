"""Durable long work: the queue, workers, progress events, cancel, retry and resume."""
