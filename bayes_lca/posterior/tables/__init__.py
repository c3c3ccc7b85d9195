"""What one fit says, as tables."""
