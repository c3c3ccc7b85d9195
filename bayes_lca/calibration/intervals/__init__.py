"""How often intervals err: the simulation study at the design of six medical groups."""
