"""Full stops after English abbreviations: part of the word, or also the end of the sentence."""

from __future__ import annotations

# Words that begin a sentence far more often than they follow an abbreviation inside one.
_OPENERS = (
    "A|After|All|An|And|As|At|Before|But|By|During|For|From|He|Her|His|How|I|If|In|It|Its|My|No|Not|Now|On|One|Our|She|So|"
    "That|The|Their|There|These|They|This|To|We|What|When|Where|Who|Why|With|Yes|You|Your|Each|Every|Everyone|"
    "Many|Most|Nobody|Nothing|Once|Perhaps|Some|Soon|Such|Then|Today|Until|While"
)
ENDS_SENTENCE = rf"[\"')\]]*\s*(?:$|(?<=\s)[\"'(]*(?:{_OPENERS})\b)"
"""Text after a full stop that ends a sentence."""

STOP = rf"(?:\.(?!{ENDS_SENTENCE}))?"
"""Full stop of an abbreviation, removed unless it ends the sentence."""

DOTTED = rf"(?=\.){STOP}"
"""As `STOP`, for abbreviations recognised only by their full stop ("no.", "ed.")."""
