"""Doors: what the names in a user's function mean while it is traced; their own are not touched."""

from cats.doors.session import Session as Session
from cats.doors.session import session_of as session_of
