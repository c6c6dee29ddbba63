"""What a run says about itself, computed from what it is told."""
