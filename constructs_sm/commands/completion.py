"""`constructs-sm completion`: the script that completes the command in a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_SHELLS = ("bash", "fish", "zsh")


@click.command("completion")
@click.argument("shell", type=click.Choice(_SHELLS))
def command(shell: str) -> int:
    """Print the script that completes this command in a shell.

    For bash: eval "$(constructs-sm completion bash)" in ~/.bashrc.
    """
    completes = get_completion_class(shell)
    if completes is None:
        message = f"nothing completes in {shell}; use one of {', '.join(_SHELLS)}"
        raise click.ClickException(message)
    root = click.get_current_context().find_root().command
    click.echo(completes(root, {}, "constructs-sm", "_CONSTRUCTS_SM_COMPLETE").source())
    return 0
