"""Runnable examples over the public face."""
