"""Access: organizations, workspaces, users and their limits; keys made, checked and revoked; the
audit log verified. Knows nothing of HTTP.
"""
