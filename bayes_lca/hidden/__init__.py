"""Hidden parts: what nobody saw is summed out, and the one observed variable made."""
