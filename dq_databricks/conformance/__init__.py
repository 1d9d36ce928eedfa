"""What only a real workspace can answer: the platform's promises that our code hangs on, tried.

Takes an engine and, where there is one, a workspace; gives a verdict for each question with what
was seen. Works in a schema of its own that it makes and drops, never in the metadata schema, and
removes what it makes in the workspace also when a question fails.
"""

from dq_databricks.conformance.running import questions, try_live
from dq_databricks.conformance.verdict import Answer, Finding, Report, Tried

__all__ = ["Answer", "Finding", "Report", "Tried", "questions", "try_live"]
