"""The jobs: typed arguments, and the request they make."""

__all__ = [
    "endpoint",
    "inference_component",
    "model",
    "model_package",
    "parts",
    "training",
    "transform",
    "tuning",
    "variants",
]
