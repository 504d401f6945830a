"""Design documents as memory: extract, cut into passages, index, search, answer with citations."""
