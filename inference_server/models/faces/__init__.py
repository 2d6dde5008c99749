"""Faces: `mesh` reads 468 points of one (MediaPipe's networks, in `mediapipe` with their licence)."""
