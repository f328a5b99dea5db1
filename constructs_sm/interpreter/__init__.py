"""Amazon States Language run in virtual time; it knows neither SageMaker nor the CDK.

`machines` makes a definition ready, `execution` runs it, `steps` holds the types of states, `tasks` and `maps` two of
them; `catching` retries and catches, `expressions` evaluates JSONata, `items` reads what a Map goes over.
"""

__all__ = ["calls", "execution", "history", "likeness", "machines", "resources", "sections"]
