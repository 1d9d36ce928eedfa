"""Jobs carried out: claims a queued job, runs it in a process of its own or as a Databricks job,
keeps its row up to date, cancels it, and closes what died. Calls the public face for the work.
"""
