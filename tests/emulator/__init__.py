"""A SQL warehouse in process: Thrift over plain http on loopback, answered by another engine.

The real connector drives it. Faults are scripted by call and number, so tests see what a
network, a gateway or a warehouse can do at the worst moment.
"""

from __future__ import annotations

from tests.emulator.faults import Fault
from tests.emulator.server import Emulator

__all__ = ["Emulator", "Fault"]
