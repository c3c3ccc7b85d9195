"""How often intervals err when the truth is known: a simulation study at the design of six medical groups."""
