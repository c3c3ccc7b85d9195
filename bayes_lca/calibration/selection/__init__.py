"""How often each criterion, test and rule finds the number of classes."""
