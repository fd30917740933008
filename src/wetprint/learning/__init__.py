"""Learning: closed-form solvers, the training loop, and the race of candidates."""

from wetprint.learning.config import LearnConfig
from wetprint.learning.learn import Learned, learn_effect, learn_pairs
from wetprint.learning.race import Candidate
from wetprint.learning.training import TrainingConfig

__all__ = ["Candidate", "LearnConfig", "Learned", "TrainingConfig", "learn_effect", "learn_pairs"]
