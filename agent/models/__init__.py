"""Chat models: an OpenAI-compatible endpoint, or the router with a local model behind it."""
