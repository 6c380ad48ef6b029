"""The tone of the buyer's own words [C6]: insults, threats, exaggeration, legal over-claims.

Each flag comes with a calmer wording. A lawful announcement (不退我就投诉、起诉、报警) is no threat;
a question (这算不算诈骗) is no over-claim. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from gongdao.core.language import Phrase

_ABUSE = re.compile(
    # names for the other side
    r"骗子(?!酒馆|酒吧)|彪子|骗人精|骗钱的|诈骗(?:犯|团伙)|黑心|王八|混蛋|混账|奸商|无良|黑店|吸血鬼(?!幸存|骑士|日记|猎人|崛起)|老赖|(?:是|这|帮|群|些|臭|你)[^，。]{0,3}(?:强盗|土匪|流氓|无赖)|"
    r"垃圾(?!分类|短信|邮件|桶|箱|信息|站|处理|回收|清理)|辣鸡|拉圾|乐色|畜生|畜牲|禽兽|人渣|败类|渣[滓男]|杂[种碎]|"
    r"狗(?:东西|日|商|店|比|逼|玩意|眼|屁|杂)|龟孙|鳖孙|装[^，。]{0,2}孙子|废物(?!利用)|饭桶|婊|贱[人货]|犯贱|真是?贱|"
    r"瓜娃子|憨[货批]|死骗|死商家|死人吗|小屁孩|假货的玩意|什么玩意|有娘生|没[妈娘](?:的|教)|"
    # what they lack
    r"不要脸|要不要脸|臭不要|无耻|厚颜|死皮赖脸|缺德|下三滥|丧良心|没良心|丧尽天良|良心(?:被狗|喂狗|让狗)|没人性|"
    r"不是(?:人|东西)(?![们品])|不干人事|听不懂人话|人血馒头|什么东西|恶心人?|坑蒙拐骗|一伙的|一丘之貉|蛇鼠一窝|"
    # the mind
    r"傻[逼比叉屌缺子×xX]|煞笔|沙[比雕]|脑残|(?:没长?|长)脑子?(?:吗|了)|没长脑|脑子(?:有(?:病|坑|问题)|进水)|猪脑|猪头|"
    r"是猪(?!年)|猪吗|猪投胎|蠢|智障|白痴|弱智|神经病|有病吧|"
    # curses
    r"放(?:你(?:妈|娘)?的?)?(?:狗)?屁|棺材|去死|死绝|你[们m妈]?死了|死全家|死妈|全家(?:都|死|不得|用|填)|冚家|[扑仆]街|"
    r"不得好死|断子绝孙|遭报应|天打雷劈|被车撞|吃屎|下辈子|"
    r"(?:他|你|特|踏)[妈马吗奶娘]的|特么|他[妈娘]的|他妈(?!妈|给)|你妈(?!妈)|你[🐎🐴]|你老母|尼玛|妈卖批|妈了个|妈的|草泥马|艹|"
    r"(?<![体情节曹])操(?![作心控场盘办持练劳之守])|[草日干]你|(?:^|[，,。！!\s啊])草(?:[，,。！!\s]|$)|卧槽|"
    r"(?:是|糊弄)(?:你们?)?你爹|(?<![翻摇打沸圆])滚(?:蛋|开|犊子|吧|远点|粗|回|$)|🐶|"
    r"(?<![A-Za-z0-9])(?:tmd|nmd|nmsl|cnm|w?q?nmlgb|mlgb|wcnm|rnm|qnmd|tnnd|nnd|nm|tm|n ?m ?b|sb|2b|shabi|fuck\w*|shit|bitch)(?![A-Za-z])",
    re.IGNORECASE,
)
_NOT_MEANT = re.compile(r"(?:没有?|不是|别|不想|不会|从不|谁)(?:在|要)?骂")
_HARM = re.compile(
    r"(?:弄|搞|打|砍|捅|揍|杀)死|打断|砍(?:了)?你|杀了?你|揍你|找人(?:弄|收拾|搞|打|砍)|上门(?:找你|收拾|闹|砸)|"
    r"砸(?:了)?(?:你|店)|收拾你|人肉|(?:知道|查到)(?:了)?你(?:家|住|人)?(?:在哪|地址|住)|你(?:给我)?等着|走着瞧|"
    r"给?你(?:们)?(?:点)?(?:颜色|好看)|让你(?:们)?[^，。！？]{0,8}(?:好看|后悔|倒闭|关门|开不下去|开不成|混不下去|吃不了兜着走|身败名裂|付出代价)|"
    r"(?:搞|弄)(?:垮|臭|倒)你?|别怪我不客气|小心(?:你|点)|出门(?:小心|注意)|剁了|卸你|躺着出|砸你|走路看着|封口费|身份证号[^，。]{0,4}(?:发|曝|挂)|刷(?:爆)?(?:差评|死你)"
)
_PUBLISH = r"曝光|公开你|公之于众|挂(?:到|上|出|你)|发(?:到|上|在)?(?:网上|全网|微博|抖音|小红书|朋友圈|各大|贴吧|论坛|媒体)|找(?:媒体|记者)|上热搜|全网"
_PAY = r"退|赔|给钱|给我|打钱|转(?:给|账)|还钱|处理|解决"
_BLACKMAIL = re.compile(
    rf"(?:不|再不|没有?|要么)[^。！？]{{0,12}}(?:{_PAY})[^。！？]{{0,14}}(?:{_PUBLISH})|"
    rf"(?:{_PAY})[^。！？]{{0,14}}(?:否则|不然|要不|要么|，就)[^。！？]{{0,10}}(?:{_PUBLISH})|"
    rf"(?:给|赔|转|打|付|退|补)[^。！？]{{0,14}}(?:就|我就|才|马上)[^。！？]{{0,6}}(?:撤诉|撤销投诉|撤回|撤掉|撤投诉|删(?:帖|评|除|掉|差评)|不(?:曝光|举报|投诉|追究|报警|起诉|说出去)|好评|闭嘴|保密)"
)
_EXAGGERATION = re.compile(
    r"全(?:部)?(?:都)?是(?:骗|假|坑|黑|假货|废卡)|(?:所有|每个|每一个)(?:的)?(?:人|买家|顾客|客户|商家|卡)(?:都|全)|"
    r"无数次|无数(?:个)?(?:人|买家)|绝对(?:是|就|不|有|没|骗|假)|百分之(?:一)?百|百分百|[一1]00\s*[%％]|100\s*[%％]|一(?:万|千|百)(?:次|遍|个)|"
    r"[几好上成]?[百千万](?:次|遍)|从来(?:都)?(?:不|没有?)(?:发货|退|处理|回)|没有?一个(?:人|是真|能)|永远(?:都)?(?:不|没)|"
    r"史上最|全网最(?:黑|差|烂)|最(?:黑|烂|恶劣)的|谁买谁|肯定(?:是)?(?:骗|假|故意|一伙)"
)
_CLAIMS = re.compile(
    r"诈骗罪|(?:你们?|这|他们|已经?|就|属于|构成|是在?|涉嫌|等于|明显)[^，。！？]{0,6}(?:犯罪|犯法|诈骗|违法犯罪|刑事)|"
    r"(?:必须|应该|应当|要|得|依法|给我|赔我|就)[^，。！？]{0,6}(?:赔|退)[^，。！？]{0,4}(?:三|3|十|10|四|4|五|5)倍|"
    r"退一赔(?:三|3|十|10|四)|(?:三|3|十|10)倍(?:赔偿|赔)|坐牢|判刑|吃牢饭|牢底|蹲(?:监狱|大牢|号子)|抓(?:起来|你|进去|走)|进局子|"
    r"(?:吊销|查封)你|(?:一定|肯定|必)(?:会)?(?:胜诉|败诉|赢)"
)
_QUESTION = re.compile(r"吗|呢[？?]?$|是不是|算不算|会不会|能不能|怎么|是否|有没有|什么叫|哪|[？?]")
_DOUBT = re.compile(
    r"怀疑|担心|可能|疑似|好像|感觉像|不知道|防|反诈|咨询|如果|要是|假如|不想|没(?:有)?说"
)
_CLAUSE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;]*")
_LONGEST_QUOTE = 60


@dataclass(frozen=True)
class ToneFlag:
    """One place to reword: ``code`` abusive | threat | exaggeration | legal_overclaim, the file
    (or ``case.toml``) it stands in, the words, and a calmer wording."""

    code: str
    exhibit: str
    quote: str
    calmer: Phrase


def check_tone(*, texts: Iterable[tuple[str, str]]) -> tuple[ToneFlag, ...]:
    """Every place in the buyer's own ``texts`` (exhibit or place, text) that should be reworded;
    one flag for each kind in each text."""
    flags: list[ToneFlag] = []
    for exhibit, text in texts:
        for code, quote in _find(text):
            flags.append(ToneFlag(code, exhibit, quote, _calmer(code, quote)))
    return tuple(dict.fromkeys(flags))


def is_abusive(text: str) -> bool:
    """Whether ``text`` holds an insult or a curse."""
    return bool(_ABUSE.search(text)) and not _NOT_MEANT.search(text)


def is_calm(text: str) -> bool:
    """Whether nothing in ``text`` would be flagged."""
    return not any(_find(text))


def _find(text: str) -> Iterable[tuple[str, str]]:
    seen: set[str] = set()
    for match in _CLAUSE.finditer(text[:20_000]):
        sentence = match[0].strip()
        for code in _codes(sentence):
            if code not in seen:
                seen.add(code)
                yield code, _short(sentence)


def _codes(sentence: str) -> Iterable[str]:
    if is_abusive(sentence):
        yield "abusive"
    if _HARM.search(sentence) or _BLACKMAIL.search(sentence):
        yield "threat"
    if _EXAGGERATION.search(sentence):
        yield "exaggeration"
    claim = _CLAIMS.search(sentence)
    if claim and not _QUESTION.search(sentence) and not _DOUBT.search(sentence):
        yield "legal_overclaim"


def _short(sentence: str) -> str:
    if len(sentence) <= _LONGEST_QUOTE:
        return sentence
    return sentence[: _LONGEST_QUOTE - 1] + "…"


def _calmer(code: str, quote: str) -> Phrase:
    if code == "abusive":
        return Phrase(
            "去掉骂人的话，只写事实和要求，例如：“所收到的与约定不符，请在（日期）前退款并说明原因。”"
        )
    if code == "threat":
        if _HARM.search(quote):
            return Phrase(
                "去掉威胁，改为：“请在（日期）前答复；没有答复的，我会通过投诉、诉讼等合法途径解决。”"
            )
        return Phrase(
            "公开、撤诉或删帖不能拿来换钱。改为：“请在（日期）前按约定退款；没有解决的，我会向有关部门如实反映。”"
        )
    if code == "exaggeration":
        return Phrase(
            "只说自己这一单和看得到的次数，例如：“我于（日期）测试两次，两次都提示失败。”"
        )
    return Phrase("不替法院下结论，改为：“该行为与约定不符，是否违法请有关部门依法认定。”")
