"""Schedules: when a cron expression fires, which slots are due, and who claims them.

Gives jobs; never carries one out.
"""
