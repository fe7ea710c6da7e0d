"""What the shop does to values that it is given: checks, normal forms, and the rows that they become."""
