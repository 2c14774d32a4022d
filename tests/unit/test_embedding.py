"""What embeddings cost those who do not ask for them."""

import subprocess
import sys

from tests.process import ROOT


def test_numpy_is_not_imported_before_embeddings_are_asked_for() -> None:
    code = "import sys, addon.service; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60).returncode == 0
    code = "import sys, addon.embedding_answers; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60).returncode == 1
