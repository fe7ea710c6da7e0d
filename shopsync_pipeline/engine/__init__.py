"""Use cases, one verb a module: thin shells that read, let `core` decide, and write down what was decided."""
