"""Number words read back to numbers, by rules that know nothing of how they are made."""

_ENGLISH = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_ENGLISH_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ENGLISH_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SINO = "영일이삼사오육칠팔구"
_SINO_SMALL = {"십": 10, "백": 100, "천": 1000}
_SINO_LARGE = {"만": 10**4, "억": 10**8, "조": 10**12}
_NATIVE_TENS = {"스무": 20, "스물": 20, "열": 10, "서른": 30, "마흔": 40, "쉰": 50, "예순": 60, "일흔": 70, "여든": 80,
                "아흔": 90}  # fmt: skip
_NATIVE_UNITS = {"한": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9}


def english_value(words: str) -> int:
    """The whole number that English words name."""
    total = group = 0
    tokens = words.replace("-", " ").split()
    is_negative = tokens[0] == "minus"
    for word in tokens[is_negative:]:
        if word in _ENGLISH:
            group += _ENGLISH.index(word)
        elif word in _ENGLISH_TENS:
            group += 20 + 10 * _ENGLISH_TENS.index(word)
        elif word == "hundred":
            group *= 100
        else:
            total += group * _ENGLISH_SCALES[word]
            group = 0
    return -(total + group) if is_negative else total + group


def sino_value(words: str) -> int:
    """The whole number that Sino-Korean words name."""
    total = group = count = 0
    for syllable in words.replace(" ", ""):
        if syllable in _SINO:
            count = _SINO.index(syllable)
        elif syllable in _SINO_SMALL:
            group += (count or 1) * _SINO_SMALL[syllable]
            count = 0
        else:
            total += (group + count or 1) * _SINO_LARGE[syllable]
            group = count = 0
    return total + group + count


def native_value(words: str) -> int:
    """The number below 100 that native Korean words before a counter name."""
    tens = next((name for name in _NATIVE_TENS if words.startswith(name)), "")
    units = words.removeprefix(tens)
    return _NATIVE_TENS.get(tens, 0) + (_NATIVE_UNITS[units] if units else 0)


def roman(value: int) -> str:
    """A number from 1 to 3999 as a Roman numeral."""
    pairs = ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"),
             (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))  # fmt: skip
    numeral = ""
    for worth, letters in pairs:
        numeral += letters * (value // worth)
        value %= worth
    return numeral
