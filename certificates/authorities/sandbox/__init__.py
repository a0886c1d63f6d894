"""An embedded authority that really issues X.509, and behaves as the real ones do, faults included."""

from certificates.authorities.sandbox.authority import Sandbox
from certificates.authorities.sandbox.faults import Fault, Faults

__all__ = ["Fault", "Faults", "Sandbox"]
