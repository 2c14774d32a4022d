"""The addon's entry point: `mitmdump -s addon/proxy.py`.

mitmproxy loads this file under a private module name, so it holds no classes: everything is imported.
"""

import sys
from pathlib import Path

from mitmproxy import contentviews

# The repository's root comes first, so that this runs from any directory and without an installation, and so that an
# unrelated `translators` package from PyPI cannot take the place of ours.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from addon.bridge import OllamaBridge  # the path had to come first
from addon.contentviews.views import VIEWS  # the path had to come first
from addon.inspecting.inspector import Inspector  # the path had to come first
from addon.live import LiveBodies  # the path had to come first
from addon.recordings.commands import RecordingCommands  # the path had to come first
from addon.recordings.tape import Tapes  # the path had to come first
from addon.responses import last_words  # the path had to come first

live_bodies = LiveBodies(last_words)
tapes = Tapes()

inspector = Inspector(live_bodies)

bridge = OllamaBridge(live_bodies, tapes, inspector)

for view in VIEWS:
    contentviews.add(view)

# The inspector tells of a flow before the bridge redacts it.
addons = [live_bodies, inspector, bridge, RecordingCommands(tapes, bridge.read_again)]
