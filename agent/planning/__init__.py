"""From a request to a plan: distinct, concrete subjects, exact counts."""

from agent.planning.planner import Planner
from agent.planning.vocabulary import Vocabulary

__all__ = ["Planner", "Vocabulary"]
