"""Lets tests import what stands next to them, and holds torch to one thread."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent))
torch.set_num_threads(1)  # tensors are small: more threads wait for each other
