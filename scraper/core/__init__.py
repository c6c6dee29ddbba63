"""What can be computed without touching the world: no I/O, no clock, no chance, no logging."""
