"""The routes below /api/v1: one router a resource; each route is one call to the face."""
