"""The people of the demo, as journeys call them."""

from portal.demo import PEOPLE

CLAIRE, HUGO, SAM, NADIA, ELISE = (person.email for person in PEOPLE)
# Somebody who has not signed in
STRANGER = ""
