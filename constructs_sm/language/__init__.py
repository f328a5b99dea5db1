"""Amazon States Language as text: its paths, its intrinsic functions and its expressions, each read by one parser."""
