"""From a frame to arrays: answers as codes, covariates as a design, and the synthetic study."""
