"""Generates prompts of common words, mostly one token each. No two share a cached prefix."""
import random

WORDS = """river stone market yellow teacher garden window music paper winter island doctor engine
bridge forest letter summer kitchen coffee planet mountain water school history number family street
machine light animal season history country member story power result office party person health
father mother"""


class Prompts:
    def __init__(self, seed):
        self.random, self.words, self.made = random.Random(seed), WORDS.split(), 0

    def with_tokens(self, tokens):
        """Returns a prompt of about `tokens` tokens whose first words differ from all others."""
        self.made += 1
        # The number and the words around it take about eight tokens.
        rest = " ".join(self.random.choice(self.words) for _ in range(max(tokens - 8, 1)))
        return f"Story {self.made} of {self.random.randrange(1000)}: {rest}"
