"""The `dq` command: arguments in, one call to the public face, words or one JSON document out."""
