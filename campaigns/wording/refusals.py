"""Why a letter's source was refused, for forms and pages: the words that letters themselves use."""

from campaigns.letters.refusals import refusal_words

__all__ = ["refusal_words"]
