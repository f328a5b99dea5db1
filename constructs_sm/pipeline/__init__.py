"""A state machine that runs unattended: its role, log, alarms, triggers and stack.

`pipeline` is the state machine with what is around it, of `alerts`, `triggers`, `dashboard` and `encryption`;
`pipeline_base` what can be done with one that is there. `stack` is what is deployed, `stack_resources` what its
settings ask for, and `synthesis` an app that needs no CLI.
"""

__all__ = ["stack"]
