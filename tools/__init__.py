"""Thin LangChain tools over jobs, library and memory."""
