"""Charts: values in, one chart definition out, for notebooks and (as SVG) for pages.

Never reads anything.
"""
