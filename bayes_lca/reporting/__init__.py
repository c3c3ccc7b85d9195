"""A fit told in one page: what was analysed, how, what came out, and how far to trust it."""
