"""Reads a message word piece by word piece: where a request stands, which tool it wants, and its arguments' words."""
