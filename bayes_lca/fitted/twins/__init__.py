"""Measurement parts in NumPy, a file each: what answers of a fit look like given the class.

Every file here is found when a fit is first read. Parts that stand in other packages call `register_measurement`
where they are defined.
"""
