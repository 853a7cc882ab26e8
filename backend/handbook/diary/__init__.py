"""The family's diary of a child: a note or a photo per day, read by its guardians alone."""
