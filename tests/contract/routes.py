"""The contract: every route of the API, as the issue that built it lists them, and their kin."""

ROUTES = [
    "POST /sessions",
    "DELETE /sessions",
    "GET /me",
    "DELETE /me",
    "POST /me/phone",
    "DELETE /me/phone",
    "GET /consents",
    "POST /consents",
    "DELETE /consents/{purpose}",
    "GET /children",
    "POST /children",
    "PUT /children/{child_id}",
    "DELETE /children/{child_id}",
    "GET /children/{child_id}/export",
    "GET /children/{child_id}/quota",
    "GET /children/{child_id}/handbook",
    "PUT /children/{child_id}/handbook/{item_id}",
    "DELETE /children/{child_id}/handbook/{item_id}",
    "POST /children/{child_id}/invitations",
    "POST /invitations/{code}/accept",
    "GET /guides",
    "GET /guides/{slug}",
    "GET /towns",
    "GET /centres",
    "GET /slots",
    "GET /bookings",
    "POST /bookings",
    "POST /bookings/{booking_id}/cancel",
    "GET /messages",
    "POST /messages/read",
    "GET /subscriptions",
    "POST /subscriptions",
]
OPEN = {"POST /sessions", "GET /guides", "GET /guides/{slug}", "GET /towns", "GET /centres"}
"""These need no token."""

SIGNS_OUT = {"DELETE /sessions", "DELETE /me"}
