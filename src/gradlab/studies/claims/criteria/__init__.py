"""What claims are judged by: one file a criterion, found by being here."""

from gradlab.studies.claims.member import import_all

import_all(__name__, __path__)
