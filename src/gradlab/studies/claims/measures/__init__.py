"""What claims measure: one file a measure, found by being here."""

from gradlab.studies.claims.member import import_all

import_all(__name__, __path__)
