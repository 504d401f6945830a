"""Starter code for game systems: what a request asks for, what the documents say about it, templates, checks, files."""
