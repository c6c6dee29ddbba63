"""What to visit next: the frontier, its window in memory, the workers that wait for it."""
