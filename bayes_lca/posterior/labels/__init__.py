"""Which class is which, and do chains agree."""
