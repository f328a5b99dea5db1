"""A state machine that runs unattended: its role, log, alarms, triggers and stack."""

__all__ = ["stack"]
