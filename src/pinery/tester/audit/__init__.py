"""Does a script show afterwards what it showed at the time? Repainting and looking ahead, found by running it."""

from pinery.tester.audit.audit import audit
from pinery.tester.audit.blame import Cause
from pinery.tester.audit.findings import Audit, Change, Output, Verdict
from pinery.tester.audit.runs import Subject

__all__ = ["Audit", "Cause", "Change", "Output", "Subject", "Verdict", "audit"]
