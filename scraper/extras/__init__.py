"""Optional parts: each needs a library that the extra of its name installs."""
