"""Links into the console of AWS."""


def execution_link(region: str) -> str:
    """What shows an execution, with its ARN behind it."""
    return f"https://{region}.console.aws.amazon.com/states/home?region={region}#/v2/executions/details/"
