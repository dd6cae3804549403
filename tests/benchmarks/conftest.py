import sys
from pathlib import Path

# Modules that spawned processes import too: they get this process's path.
sys.path.insert(0, str(Path(__file__).parent / "support"))
