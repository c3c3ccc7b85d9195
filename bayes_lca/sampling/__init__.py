"""Where draws are made: NUTS, Gibbs samplers, fits that are kept on disk."""
