"""The figures and sources that texts and questions are made of: one number, one place."""
