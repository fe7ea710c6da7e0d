"""Half an hour of everything at once: a feed that never rests, people in the store, faults and crashes; then calm, and
the question whether catalog and store came together. `python -m shopsync_pipeline_tests.chaos`.
"""
