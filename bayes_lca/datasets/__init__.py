"""Made-up surveys whose truth is known, and one tiny fit for examples."""
