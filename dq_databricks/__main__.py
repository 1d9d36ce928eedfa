"""``python -m dq_databricks``: the command `dq` where it is not installed as one."""

from dq_databricks.cli import main

if __name__ == "__main__":
    main()
