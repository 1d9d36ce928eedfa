"""What a launcher and its workers say to each other: which job, and how the process ended."""

from __future__ import annotations

JOB_VARIABLE = "DQ_JOB_ID"
EXIT_DONE, EXIT_FAILED, EXIT_NOT_QUEUED, EXIT_TAKEN_AWAY = 0, 11, 12, 13
