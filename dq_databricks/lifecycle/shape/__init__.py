"""What a schema is made of: as the files say, as it lives, and how the two differ."""
