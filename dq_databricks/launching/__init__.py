"""Jobs carried out: claims a queued job, runs it in a process of its own or as a Databricks job,
keeps its row up to date, cancels it, and closes what died. Calls the public face for the work.

``launcher = open_launcher(settings)`` gives what `DQ_LAUNCHER` names; ``launcher.start()`` begins
to carry out jobs in the background, ``launcher.wake()`` makes it look at the queue at once,
``launcher.stop()`` ends it. Whatever is killed instead is put right by the next one to start.
"""

from dq_databricks.launching.open import Launcher, carry_out, open_launcher, reconcile

__all__ = ["Launcher", "carry_out", "open_launcher", "reconcile"]
