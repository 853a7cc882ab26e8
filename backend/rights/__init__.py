"""What a family may ask of us: a copy of its data, and that it is deleted (PIPL 45–47)."""
