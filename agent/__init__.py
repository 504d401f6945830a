"""The assistant: a LangGraph graph that turns words into tool calls."""
