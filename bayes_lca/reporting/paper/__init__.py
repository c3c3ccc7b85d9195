"""Tables as papers print them, and files to paste them from."""
