"""The stop after an English abbreviation: part of the word, or the end of the sentence as well."""

from __future__ import annotations

# Words that begin a sentence far oftener than they follow an abbreviation inside one.
_OPENERS = (
    "A|After|All|An|And|As|At|Before|But|For|From|He|Her|His|How|I|If|In|It|Its|My|No|Not|Now|On|One|Our|She|So|"
    "That|The|Their|Then|There|These|They|This|To|We|What|When|Where|Who|Why|With|Yes|You|Your|Each|Every|Everyone|"
    "Many|Most|Nobody|Nothing|Once|Perhaps|Some|Soon|Such|Today|Until|While"
)
ENDS_SENTENCE = rf"[\"')\]]*\s*(?:$|(?<=\s)[\"'(]*(?:{_OPENERS})\b)"
"""What follows a stop that ends a sentence."""

STOP = rf"(?:\.(?!{ENDS_SENTENCE}))?"
"""The stop of an abbreviation, taken away unless the sentence ends with it."""

DOTTED = rf"(?=\.){STOP}"
"""The same where the abbreviation is known by its stop alone ("no.", "ed.")."""
