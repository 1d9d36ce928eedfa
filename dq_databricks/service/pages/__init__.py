"""The pages: each is a context value and a template, and works without JavaScript."""
