"""Amazon States Language, run in virtual time with somebody else playing the services."""
