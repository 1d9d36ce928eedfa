"""A worker process: ``python -m dq_databricks.launching``, with the job in `DQ_JOB_ID`.

Its settings come from the environment.
"""

from __future__ import annotations

import os
import sys

from dq_databricks.launching.codes import JOB_VARIABLE
from dq_databricks.launching.open import carry_out
from dq_databricks.model.log_lines import warn_on
from dq_databricks.model.redacting import Redaction
from dq_databricks.settings import Settings

if __name__ == "__main__":
    warn_on(Redaction.of_environment())
    code = carry_out(Settings.load(), os.environ[JOB_VARIABLE])
    sys.stderr.flush()
    os._exit(code)  # nothing is left to wait for, whatever a driver still does in its threads
