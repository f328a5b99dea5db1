"""Links into the console of AWS."""


def execution_link(region: str) -> str:
    """Link to an execution, once its ARN is put behind it."""
    return f"https://{region}.console.aws.amazon.com/states/home?region={region}#/v2/executions/details/"
