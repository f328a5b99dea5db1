"""Amazon States Language run in virtual time; it knows neither SageMaker nor the CDK."""

__all__ = ["calls", "execution", "history", "likeness", "machines", "resources", "sections"]
