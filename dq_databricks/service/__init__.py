"""The thin service: HTTP in, one call to the public face, JSON or a page out.

Holds no state of its own but caches. Never talks to an engine but through the face.
"""

from dq_databricks.service.app import create_app

__all__ = ["create_app"]
