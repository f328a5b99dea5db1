"""The nine jobs: typed arguments, and the request they make."""
