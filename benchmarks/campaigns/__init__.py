"""Race and kill campaigns over the life of a schema: processes migrate, rename, restore and write
at once while SIGKILL and SIGSTOP hit them; a checker then proves what must hold.

Every round is a function of its seed (what starts, who is hit, when), so a failing one is run
again by its number. What the machine interleaves in between is not.
"""
