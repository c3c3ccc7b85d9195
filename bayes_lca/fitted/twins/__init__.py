"""What fits are read by: a file for each model, and one in NumPy for each part of models.

A model says here which functions hold for its fits and what it is in words; parts say what answers look like, how
likely classes are, what is summed out. Every file here is found when a fit is first read. Models and parts that stand
in other packages call `register` where they are defined.
"""
