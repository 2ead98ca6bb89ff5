"""Korean counters, and the choice between native and Sino-Korean numbers before them."""

from __future__ import annotations

from hierbatch.frontend.korean.numbers import say_native, say_sino
from hierbatch.frontend.rules import one_of

# fmt: off
_NATIVE_COUNTERS = (
    "가닥|가락|가마|가족|가지|가구|갈래|갑|개|개비|걸음|건|겹|곡|곳|구절|군데|권|그루|그릇|근|글자|길|꾸러미|끼|나라|냥|다발|다스|"
    "단어|달|대|대목|덩어리|도막|돈|되|두름|땀|마디|마리|마을|말|명|모|모금|무더기|묶음|문장|문제|바가지|바구니|바퀴|박스|발|"
    "발자국|발짝|방|방울|배|번|번째|벌|병|보따리|봉지|분께|뼘|사람|사발|살|상자|섬|손|손가락|송이|숟가락|술|스푼|시|시간|식구|쌍|"
    "아름|알|움큼|자루|잔|장|조각|종류|줄|줄기|줌|집|짝|차례|채|척|첩|치|칸|컵|켤레|코|타래|톨|톳|통|판|팀|편|포기|포대|폭|푼|"
    "필|항아리"
)
_SINO_COUNTERS = (
    "강|개교|개국|개년|개사|개소|개월|고지|과|과목|관|교대|교시|구|국|군|군단|군데군데|그램|급|기|기통|남|남매|녀|년|년간|"
    "년대|년도|년생|노트|단|단계|달러|대대|데시벨|도|동|등|등급|등분|라운드|루|루타|리|리터|마일|막|면|미터|밀리|밀리그램|밀리리터|"
    "밀리미터|박|반|번가|번선|번지|볼트|부|부작|분|분기|사단|선|선거구|세|세기|세대|센트|센티|센티미터|소대|수|승|시즌|신|심|악장|"
    "안타|엔|여단|연대|연승|연패|와트|원|월|위|위안|유로|인|인분|인승|인조|인치|인칭|일|일간|일째|자|자리|전|절|점|정거장|조|종|종목|"
    "주|주간|주기|주년|주일|중대|쪽|차|차로|차선|차원|척도|초|촌|총사|층|칼로리|킬로|킬로그램|킬로미터|탄|톤|파운드|퍼센트|페이지|"
    "평|푸트|품|프로|피트|학급|학교|학기|학년|할|항|행|헤르츠|헥타르|형제|호|호기|호선|호실|호차|홀|회|회전|회차|획"
)
# fmt: on
_NATIVE = frozenset(_NATIVE_COUNTERS.split("|"))
_SHORT_THREE_AND_FOUR = {
    **{(3, counter): f"서 {counter}" for counter in ("돈", "말", "푼")},
    **{(4, counter): f"너 {counter}" for counter in ("돈", "말", "푼")},
    **{(3, counter): f"석 {counter}" for counter in ("달", "냥", "섬")},
    **{(4, counter): f"넉 {counter}" for counter in ("달", "냥", "섬")},
}
_LAST_CLOCK_HOUR = 12
_LAST_NATIVE_HOURS = 20

_PARTICLES = (
    "은|는|이|가|을|를|의|에|께|로|으로|와|과|도|만|까지|부터|씩|쯤|정도|나|밖|마다|뿐|보다|처럼|째|라|인|였|하고|짜리|당|간|전|후|"
    "동안|내|안|이상|이하|미만|여|남짓|어치|들|조차|마저|치고|든|며|면|요|입니다|입니까|예요|다|용"
)
NOUN_ENDS = rf"(?=$|[^가-힣]|(?:{_PARTICLES}))"
"""Pattern of the end of a noun: the end of the word, a particle or a suffix follows."""

COUNTER = rf"(?P<counter>{one_of((*_NATIVE, *_SINO_COUNTERS.split('|')))}){NOUN_ENDS}"
"""Pattern of a counter: the longest match that is followed by `NOUN_ENDS`."""


def is_native(counter: str, value: int) -> bool:
    """True if a counter takes native numbers (하나, 둘, 셋) for this value.

    Clock hours (시) take native numbers up to twelve, and durations (시간) up to twenty. A multiple of ten before 대 is
    an age group ("30대"), which is Sino-Korean.
    """
    if counter == "시":
        return 0 < value <= _LAST_CLOCK_HOUR
    if counter == "시간":
        return 0 < value <= _LAST_NATIVE_HOURS
    if counter == "대":
        return value % 10 != 0
    return counter in _NATIVE and value > 0


def say_counted(value: int, counter: str) -> str:
    """Number and counter in words.

    >>> say_counted(3, "명"), say_counted(30, "분"), say_counted(6, "월"), say_counted(3, "달")
    ('세 명', '삼십 분', '유월', '석 달')
    """
    if counter == "월":
        return {6: "유월", 10: "시월"}.get(value, f"{say_sino(value)}월")
    if counter == "번째" and value == 1:
        return "첫 번째"
    number = say_native(value) if is_native(counter, value) else say_sino(value)
    return _SHORT_THREE_AND_FOUR.get((value, counter), f"{number} {counter}")
