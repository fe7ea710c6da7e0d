"""The catalog room as a specification: bytes in, canonical products and an account of every row out."""
