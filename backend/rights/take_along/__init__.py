"""What a family takes along: its child's book on paper, as FHIR, for a doctor, to another city.

`book` reads everything once; `paper`, `fhir` and the doctor's page only write it down. `importing`
reads our own copy back. `doctor_links` opens one child to one visitor for fifteen minutes.
"""
