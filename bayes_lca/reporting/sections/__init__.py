"""What a report says: a section each about data, model, classes, covariates, checks."""
