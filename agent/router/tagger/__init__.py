"""Reads a message word piece by word piece: where a request begins and ends, which tool it wants, and its arguments' words."""
