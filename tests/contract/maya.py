"""What the plug-in believes of Maya, by subject: add yours to the module of its subject.

Asked of the fake in tests/maya_plugin/test_contract.py, of a real Maya by tools/maya_probe.py, which writes a report.
"""

from tests.contract import desk, moving, nodes, people, pictures, scenes, shots, view
from tests.contract.asking import CHECKS, NEEDS_GRAPHICS, QUESTIONS, new_scene

SUBJECTS = (nodes, scenes, moving, people, pictures, view, shots, desk)

__all__ = ["CHECKS", "NEEDS_GRAPHICS", "QUESTIONS", "SUBJECTS", "new_scene"]
