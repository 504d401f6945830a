"""Embeddings and document memory. Knows no torch at import time."""
