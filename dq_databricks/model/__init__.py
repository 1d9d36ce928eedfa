"""Frozen values, one subject per file. A stored model names its table and key.

Never reads or writes anything.
"""
