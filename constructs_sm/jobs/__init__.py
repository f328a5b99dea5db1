"""The nine jobs: typed arguments, and the request they make."""

__all__ = ["endpoint", "model", "model_package", "parts", "training", "transform", "tuning", "variants"]
