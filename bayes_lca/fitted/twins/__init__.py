"""Parts of models in NumPy, a file each: what answers look like, how likely classes are, what is summed out.

Every file here is found when a fit is first read. Parts that stand in other packages call `register` where they are
defined.
"""
