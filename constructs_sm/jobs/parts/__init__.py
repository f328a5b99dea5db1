"""The structures that requests are made of, as SageMaker names them."""
