"""What requests cost and how many may pass: cost formulas, the points bucket, walls."""
