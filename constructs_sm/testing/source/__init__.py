"""The state machine to rehearse, read from a stack, a template, a cloud assembly or a definition."""
