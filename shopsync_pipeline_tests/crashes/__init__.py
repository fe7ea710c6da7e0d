"""Killing the process that syncs: a shop with work in every lane, the instants, the killed child, and the judgement."""
