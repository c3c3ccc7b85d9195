"""Does the model fit: answers, direct effects, shifted classes, priors."""
