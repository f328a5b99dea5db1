"""Amazon States Language as text: late-bound values, both query languages, paths, and what is certain at each state."""
