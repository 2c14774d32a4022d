"""What all tests take for granted."""

import os
import time

os.environ["TZ"] = "UTC"  # models are dated in the zone of the machine, as Ollama does it
time.tzset()
