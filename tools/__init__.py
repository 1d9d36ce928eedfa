"""What maintainers run from a checkout; no part of the package."""
