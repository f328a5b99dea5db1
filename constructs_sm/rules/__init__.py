"""Every rule that a request, a definition or a pipeline is held to: id, reason, source and fix."""
