"""Expected reading of each book of ../shared/cases/books, by the number that begins its file name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """Expected reading of one book: its chapters, and passages of its rows joined by ` | `.

    `pauses` are rows with a pause of their own, `remark` is a part of a notice, `refused` a part of the error.
    """

    chapters: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    pauses: tuple[str, ...] = ()
    remark: str = ""
    refused: str = ""


EXPECTATIONS = {
    "b01": Expectation(chapters=("First", "Second")),
    "b02": Expectation(chapters=("Dawn", "Noon", "Dusk"), has=("Noon text. | Part Two | Dusk | Dusk text.",)),
    "b03": Expectation(chapters=("Alpha", "Beta", "Gamma"), has=("Gamma opens inside.",)),
    "b05": Expectation(chapters=("One",), has=("A word.",)),
    "b06": Expectation(lacks=("<p",)),
    "b07": Expectation(lacks=("<",)),
    "b09": Expectation(has=("The end came.",), lacks=("Third note", "Built long ago", "far note")),
    "b10": Expectation(has=("그는 한양으로 갔다.", "금강을 보았다.", "답 자가"), lacks=("漢", "龘")),
    "b11": Expectation(has=("After the picture the chapter goes on.",), lacks=("SVG", "x = 1")),
    "b12": Expectation(has=("Grey sky, grey sea, and one white sail", "Still hill, still mill")),
    "b14": Expectation(chapters=("The Ford", "The Gate", "The Hill")),
    "b15": Expectation(chapters=tuple(f"Chapter {number}" for number in range(1, 7))),
    "b16": Expectation(chapters=("Ch 1", "Ch 2", "Ch 3")),
    "b20": Expectation(has=("똠방각하",)),
    "b24": Expectation(has=("MIX | Eighth", "Chapter 5 | The Well"), lacks=("1009", "Chapter. 5")),
    "b28": Expectation(has=("Bonjour",)),
    "b29": Expectation(pauses=("Before.", "Middle.", "After.", "Late.", "Later.", "Last.")),
    "b30": Expectation(chapters=("One", "Three"), remark="c2.xhtml"),
    "b32": Expectation(has=("mc²", "3rd of May", "Mr Brown")),
    "t04": Expectation(refused="cannot be decoded"),
    "t07": Expectation(has=("The café was shut — he said “no”.",), remark="WINDOWS-1252"),
    "t08": Expectation(has=("It was café time — “yes”.",), remark="WINDOWS-1252"),
    "t10": Expectation(chapters=("THE OLD MILL", "THE NEW BRIDGE"), has=("long before", "coming past")),
    "t11": Expectation(chapters=("1", "2", "3")),
    "t12": Expectation(
        chapters=(
            "프롤로그", "1화. 첫날", "2화 - 둘째 날", "제3화", "Ⅳ. 넷째 날", "다섯째 마당", "<6장>", "[외전] 뒷이야기",
            "에필로그", "작가 후기",
        ),
    ),
    "t13": Expectation(chapters=("CHAPTER I. The Gate", "CHAPTER II. The Wall"), lacks=("Higher", "[1]")),
    "t14": Expectation(has=('The bold man said "no" & left.', "Fish and chips — twice."), lacks=("<", ";")),
    "m01": Expectation(has=("Raw HTML here.",), remark="mphasis"),
    "m03": Expectation(chapters=("One",)),
    "x01": Expectation(has=("Ch 1", "Ch 300")),
    "x03": Expectation(has=("Anna: The kettle is on the stove.", "Ben: Then let it sing, he sits, I am tired.")),
    "x04": Expectation(has=("office words", "More Paris words.")),
    "x05": Expectation(has=("odd", "Plain words.")),
    "x06": Expectation(has=("“Stop—now.",)),
    "x07": Expectation(refused="declares its own document type"),
    "x08": Expectation(has=("The fallback speaks.",)),
    "x11": Expectation(has=('First para has words. | "Second para speaks" | Third para ends here',)),
    "x12": Expectation(has=("over the hill was long. | Then it ended.",)),
    "x13": Expectation(chapters=("Chapter One", "Chapter Two")),
    "x14": Expectation(chapters=("Start", "Chapter 2", "Chapter 3")),
    "x16": Expectation(refused="unsupported language"),
    "x17": Expectation(has=("꼬리표가 낱말이다.",)),
    "x18": Expectation(has=("세 글자 꼬리표.",)),
    "x19": Expectation(has=("Three letters.",)),
    "y01": Expectation(chapters=("Salt & Sea",)),
    "y02": Expectation(has=("Plain words.",)),
    "y05": Expectation(chapters=("One",), has=("Plain words.",)),
    "y07": Expectation(chapters=("One", "Two"), has=("First words. | Two | Second words.",)),
    "y08": Expectation(lacks=("↩",)),
    "y10": Expectation(chapters=("One", "Also by the Author", "About the Author")),
}  # fmt: skip
