"""Prompts of common words, most of them one token each: never the same twice, so nothing of them is cached."""
import random

WORDS = """river stone market yellow teacher garden window music paper winter island doctor engine bridge forest letter
summer kitchen coffee planet mountain water school history number family street machine light animal season
history country member story power result office party person health father mother"""


class Prompts:
    def __init__(self, seed):
        self.random, self.words, self.made = random.Random(seed), WORDS.split(), 0

    def of_tokens(self, tokens):
        """About so many tokens; the first words differ from those of any other prompt."""
        self.made += 1
        # The number and the words around it are about eight tokens.
        rest = " ".join(self.random.choice(self.words) for _ in range(max(tokens - 8, 1)))
        return f"Story {self.made} of {self.random.randrange(1000)}: {rest}"
