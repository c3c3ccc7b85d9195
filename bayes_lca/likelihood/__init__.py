"""Maximum likelihood companion to the Bayesian models: multi-start EM and information criteria."""
