"""The stage that extracts: here, on a thread, or in a process of its own."""
