"""Outputs of other programs in public repositories, beside ours on the data that lie with them."""
