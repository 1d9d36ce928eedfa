"""The rules, by what they look at. Importing the room registers them."""

from tools.bundle_lint.rules import files, jobs, names, principals, times, traps

__all__ = ["files", "jobs", "names", "principals", "times", "traps"]
