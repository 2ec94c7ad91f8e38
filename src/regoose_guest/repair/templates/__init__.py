"""
Edit templates: for a place in the program, the edits that real single bugs have been repaired by.

Each template yields proposals with a prior between 0 and 1: how often such an edit at the faulty place was the
repair, compared with the others. The search multiplies it with the suspicion of the place.
"""
