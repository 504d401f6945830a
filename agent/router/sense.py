# ruff: noqa: E501
"""What the calls of one message must agree on, whichever reader heard them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from agent.router.lists import STYLES
from agent.router.numbers import digits
from agent.router.references import Ref
from agent.router.slots import ENGINE_FORMATS
from agent.router.tagger.phrases import LEARN
from agent.router.text import tidy
from agent.router.types import RoutedCall, Routing, TurnContext

MAX_INSULT = 100  # characters; a longer message may still ask for something
UNGROUNDED = 0.3  # of the confidence of a reading that heard what cannot be meant
_SCENERY = re.compile(
    r"background|backdrop|parallax|skybox|\bsky\b|fondo|fundo|hintergrund|himmel|cielo|ciel\b|céu|背景|空", re.I
)
_THAT_MANY = re.compile(
    r"\b(?:same|these|those|all|dieselben|diese|mismas|mismos|mêmes|mesmas|mesmos)\s+(\d+)\b|\b(\d+)\s+(?:winners|survivors|keepers|that (?:passed|made it))\b",
    re.I,
)
_CHOICE = re.compile(
    r"\b(?:pick|choose|select|choice) (?:from|between|out of|of) (?:about |like |maybe )?(\d+)\b|\bcompare (\d+)\b|\b(\d+)\s*(?:to (?:pick|choose) from|zur auswahl|au choix|para (?:elegir|escolher)|パターン|案)",
    re.I,
)
_NO_THING = re.compile(
    r"(?:zur auswahl|to (?:pick|choose) from|au choix|para (?:elegir|escolher)|[\W\d_]*|[\u3041-\u3096])", re.I
)
_COMMAND_ALONE = re.compile(
    r"(?:(?:please|just|can you|could you)\s+)*(?:create|draw|make|generate|paint|render|design|need|want)(?: (?:it|them|one|that|these))?(?: please)?",
    re.I,
)
_NO_QUERY = re.compile(
    r"(?:(?:have|take|give|a|look|quick|search|check|see|find|the|our|my|library|in|it|please|there|for|me|any|around|through|project|rummage|dig|things|stuff|files|folders?|archive|tell|whether|still|is|are|if|would|could|can|you|they)\b\s*)+",
    re.I,
)
_SECRET = r"(?:passwords?|passwort|passwörter|contraseñas?|senhas?|mots? de passe|パスワード|credit cards?|kreditkarten\w*|tarjetas? de crédito|cart(?:ão|ões) de crédito|cartes? (?:bancaires?|de crédit|bleues?)|クレジットカード|bank (?:details|data)|datos bancarios|dados bancários|données bancaires|bankdaten|口座番号|home address(?:es)?|住所)"
_OTHERS = r"(?:(?:other|all) (?:people|players)|users\b|customers\b|usuarios\b|usuários\b|clientes\b|utilisateurs\b|anderer? (?:be)?nutzer|aller (?:be)?nutzer|kunden\b|ユーザー(?!名)|他人)"
_OTHERS_SECRETS = re.compile(rf"{_SECRET}.{{0,60}}{_OTHERS}|{_OTHERS}.{{0,60}}{_SECRET}", re.I | re.S)
_APPROVED = re.compile(
    r"\b(?:approved|accepted|keepers|winners|ones i|aprobad[oa]s|aceptad[oa]s|aprovad[oa]s|aceit[oa]s|approuvée?s|acceptée?s|validée?s|retenue?s|genehmigten?|angenommenen?|freigegebenen?|akzeptierten?)\b(?<!consider it approved)|承認し?た|承認済|採用し?た|採用分",
    re.I,
)
_EMPTY_WISH = re.compile(
    r"(?:(?:another|one|more|pass|go|try|time|shot|without|with|it|that|this|them|again|once|regenerate|redo|re-?roll|fix|please|pls|should|must|needs?|to|be|on|in|the|a|an|and|for|do|make|right|left|side|other|over|have|has|same|now|also|thanks|thx|\d+)\b\W*)+",
    re.I,
)
_ABOUT_IT = re.compile(
    r"\b(?:it|its|that|this|them|those|disso|dele|dela|deles|isso|eso|ello|ese|esto|de ello|davon|dafür|dazu|das|en|ça|cela|celui-ci)\b|それ|その|これ|この",
    re.I,
)
_POINTING = re.compile(
    r"(?:the ones|those|them|ones|any|it|celles?|ceux|celui|les|esas?|esos?|los que|las que|aquel\w*|as que|os que|die|welche)\b",
    re.I,
)
_HIM = re.compile(
    r"\b(?:it|them|him|her|ihn|ihm|ihr|ello|ella|él|dele|dela|sans|without|ohne|sin|sem) *(?:it|them|him|her|ihn|ihm|ello|ella|él|ele|ela|lui|elle)?$|\b(?:ohne|without|sin|sem|sans) (?:ihn|ihm|it|them|him|her|ello|ella|él|ele|ela|lui|elle)\b",
    re.I,
)
_PIXELS = re.compile(r"\b(\d{2,4})\s*(?:px|pixels?|píxeles|pixel)\b", re.I)
_SIDES = frozenset({128, 256, 512, 1024, 2048})
_SHUT_UP = re.compile(
    r"halt(?:et)? (?:die klappe|den mund|dein maul|die fresse)|halt'?s maul|\bshut up\b|\bstfu\b|cállate|callate la boca|ta gueule|ferme-la|cala a boca|cala-te|黙れ|\byou (?:\w+ )?(?:useless|stupid|dumb|worthless|pathetic|moronic|idiot|moron)\b|\bhope they (?:unplug|delete|scrap) you",
    re.I,
)
_UNDOES = re.compile(
    r"un-?do|undu|\buno|revers|revert|(?<!money )back|before|restor|mistake|accident|un-?(?:reject|approv)|changed? my mind|previous|deshaz|deshac|deshá|revier|anul|annul|défai|défaire|reven|revien|rétabl|remet|rückgängig|zurück|widerruf|desfa|volt[ae](?! a \w+[aei]r\b)|戻|取り?消|やり直|アンドゥ|ctrl|cmd|oops|whoops|mean|slip|wrong|rewind|never ?mind|scratch",
    re.I,
)
_EXPORTS = re.compile(
    r"\b(?:export\w*|sheets?|atlas|pngs?|webp|zip|download|pack(?:ed)? (?:up|into)|exporti\w*|hoja|planche|folha)\b|書き出|エクスポート|シート",
    re.I,
)
_RATHER = re.compile(
    r"\b(?:kidding|joking|no wait|wait,? no|scratch that|i mean|make that|actually)\b\D{0,25}(\d+)\b", re.I
)
_COMPARATIVE = re.compile(
    r"(?:please |pls |can you |could you )?(?:make|turn|get)\s+(?:number |#)?(\d+)\s+((?:a (?:bit|little|lot|touch) |much |way |far |even |slightly )?\w{2,}er)\W*(?:please|pls)?\W*",
    re.I,
)
_NO_COMPARATIVE = re.compile(
    r"\w*(?:flower|tower|power|monster|spider|player|water|ladder|lever|finger|feather|banner|letter|paper|timer|burger|tiger|soldier|hammer|dagger|corner|border|river|hunter|fighter|archer|miner|farmer|baker|sorcerer|villager)",
    re.I,
)
_ACTS_ON_PICTURES = frozenset({"upscale_assets", "export_assets", "regenerate_assets", "label_assets"})


def sensible(calls: Sequence[RoutedCall], text: str, context: TurnContext) -> tuple[RoutedCall, ...]:
    """The calls, in order, without what contradicts or repeats another one."""
    told_off = _SHUT_UP.search(text) and len(text) < MAX_INSULT and not re.search(r"\d", text)
    if told_off or _OTHERS_SECRETS.search(text):
        return ()
    out = [replace(call, args=dict(call.args)) for call in calls]
    for call in out:
        _agree(call, text)
    for step in (
        _searched,
        _redone,
        _whole_wish,
        _what_for,
        _with_pack,
        _no_files,
        _once,
        _one_export,
        _chosen_from,
        _only_size,
        _those,
    ):
        out = step(out, text, context)
    return tuple(out)


def grounded(heard: Routing, text: str) -> Routing:
    """A reading without calls that no word of the message can have asked for, and little trust in what is left of it."""
    calls = tuple(call for call in heard.calls if call.name != "undo_review" or _UNDOES.search(text))
    if len(calls) == len(heard.calls):
        return heard
    return replace(heard, calls=calls, confidence=UNGROUNDED * heard.confidence)


def _agree(call: RoutedCall, text: str) -> None:
    """The arguments of one call with each other."""
    args = call.args
    if call.name == "review_assets":
        for names in ("approve", "reject"):
            if "all" in args[names] and any(isinstance(ref, int) for ref in args[names]):
                args[names] = [ref for ref in args[names] if ref != "all"]  # "30 to 33, discard them all"
        for names, others in (("approve", "reject"), ("reject", "approve")):
            numbered = any(isinstance(ref, int) for ref in args[others])
            if numbered and args[names] in (["all"], ["approved"]):
                args[names] = ["rest"]
    elif len(args.get("assets") or ()) > 1:
        args["assets"] = [ref for ref in args["assets"] if ref not in ("all", "both")]
    if call.name == "generate_assets":
        numbers = re.findall(r"\d+", digits(text).plain)
        if args["count"] == args.get("size") and numbers.count(str(args["count"])) == 1:
            others = [int(number) for number in numbers if int(number) != args["count"]]
            args["count"] = others[0] if len(others) == 1 else 1  # "a lava texture in 1024"
        if args.get("tileable") and args.get("kind") not in ("tile", "texture") and not _SCENERY.search(text):
            args["kind"] = "texture"
        style = args.get("style")
        if style and "style_pack" not in args and _is_name(style):
            args["style_pack"] = args.pop("style")


def _is_name(style: str) -> bool:
    """ "BoomBox" is what somebody called a pack; "Studio Ghibli" and "Pixel Art" may be no pack's name."""
    return bool(re.fullmatch(r"[A-Z][a-z]+(?:[A-Z][a-z]+)+", style)) and style.lower() not in STYLES


def _searched(calls: list[RoutedCall], text: str, context: TurnContext) -> list[RoutedCall]:
    """ "Six frogs, then find those we had": what is looked for is what was spoken of before."""
    subject = ""
    for call in calls:
        if call.name == "generate_assets":
            subject = call.args["subject"]
        elif call.name == "search_assets" and subject and _POINTING.match(call.args["query"]):
            call.args["query"] = subject
    return calls


def _redone(calls: list[RoutedCall], text: str, context: TurnContext) -> list[RoutedCall]:
    """ "Make 8 chubbier" is about picture 8: eight of a thing would be chubbier ones."""
    match = _COMPARATIVE.fullmatch(digits(text).plain.strip())
    if not match or match[1] == "1" or _NO_COMPARATIVE.fullmatch(match[2].split()[-1]):
        return calls
    args = {"assets": [int(match[1])], "change": match[2]}
    return [RoutedCall("regenerate_assets", args, max((call.confidence for call in calls), default=0.8))]


def _whole_wish(calls: list[RoutedCall], text: str, context: TurnContext) -> list[RoutedCall]:
    """ "A seam is visible on 47, needs another pass without it": what is wished for is told by the whole message."""
    alone = len(calls) == 1 and calls[0].name == "regenerate_assets"
    change = str(calls[0].args.get("change", "")) if alone else ""
    pointing = len(change.split()) <= 5 and _HIM.search(change)
    if change and (pointing or _EMPTY_WISH.fullmatch(change)):
        calls[0].args["change"] = tidy(text)
    return calls


def _what_for(calls: list[RoutedCall], text: str, context: TurnContext) -> list[RoutedCall]:
    """ "How does parrying work? And prepare the Unity code for it": the code is for what was asked about."""
    asked = ""
    for call in calls:
        if call.name in ("query_design_docs", "search_assets"):
            asked = str(call.args.get("question") or call.args.get("query") or "")
        elif (
            call.name == "scaffold_code"
            and asked
            and _ABOUT_IT.search(call.args["requirements"])
            or call.name == "scaffold_code"
            and asked
            and len(call.args["requirements"].split()) < 4
        ):
            call.args["requirements"] += f" ({asked})"
    return calls


def _only_size(calls: list[RoutedCall], text: str, context: TurnContext) -> list[RoutedCall]:
    """The one size in pixels is that of the one thing; "1024, three variants" of a texture is a size, too."""
    drawn = [call.args for call in calls if call.name == "generate_assets"]
    sizes = set(_PIXELS.findall(text))
    if len(drawn) == 1 and len(sizes) == 1:
        drawn[0].setdefault("size", int(sizes.pop()))
    for args in drawn:
        if args["count"] in _SIDES and "size" not in args and args["kind"] in ("tile", "texture", "background"):
            args["size"], args["count"] = args["count"], args.pop("variants", 1)
    return calls


def _no_files(calls: list[RoutedCall], text: str, context: TurnContext) -> list[RoutedCall]:
    """The files of code that is asked for ("put the first files down for me") are no export of pictures."""
    if not any(call.name == "scaffold_code" for call in calls) or _EXPORTS.search(text):
        return calls
    return [call for call in calls if call.name != "export_assets"]


def _with_pack(calls: list[RoutedCall], text: str, context: TurnContext) -> list[RoutedCall]:
    """ "2 alleys, please use the Inkwell pack" without anything to learn from names the look of what is drawn."""
    drawn = [call for call in calls if call.name == "generate_assets"]
    packs = [call for call in calls if call.name == "create_style_pack"]
    if not drawn or len(packs) != 1 or not packs[0].args.get("name") or context.images or LEARN.search(text):
        return calls
    for call in drawn:
        call.args.setdefault("style_pack", packs[0].args["name"])
    return [call for call in calls if call is not packs[0]]


def _once(calls: list[RoutedCall], text: str, context: TurnContext) -> list[RoutedCall]:
    """Without repetitions: "we said sixteen tanks, so sixteen tanks please", "have a look in the library"."""
    out: list[RoutedCall] = []
    for call in calls:
        again = next((place for place, other in enumerate(out) if _repeats(other, call)), None)
        if again is None:
            out.append(call)
        else:
            out[again] = max(out[again], call, key=lambda one: _told(one.args))
    return out


def _repeats(first: RoutedCall, second: RoutedCall) -> bool:
    if first.name != second.name:
        return False
    one, other = first.args, second.args
    match first.name:
        case "generate_assets":
            same = one["subject"].lower() == other["subject"].lower()
            return same and (one["count"] == other["count"] or 1 in (one["count"], other["count"]))
        case "upscale_assets":
            return one["assets"] == other["assets"] and len({one.get("factor"), other.get("factor")} - {None}) < 2
        case "search_assets":
            return bool(_NO_QUERY.fullmatch(other["query"]))
        case "scaffold_code" | "query_design_docs" | "review_assets" | "create_style_pack":
            return one == other
    return False


def _told(args: dict[str, Any]) -> tuple[int, int]:
    """How much a call says; of equals the first one wins."""
    count = args.get("count", 1)
    return (count if isinstance(count, int) else 1, sum(value not in (None, [], "") for value in args.values()))


def _one_export(calls: list[RoutedCall], text: str, context: TurnContext) -> list[RoutedCall]:
    """ "On one sheet, for Unity": what an engine gets is a sheet already."""
    exports = [call for call in calls if call.name == "export_assets"]
    engines = [call for call in exports if call.args.get("format") in ENGINE_FORMATS]
    for sheet in exports:
        for other in engines:
            same = sheet.args.get("assets") == other.args.get("assets") or not (
                sheet.args.get("assets") not in (None, [], ["all"]) and other.args.get("assets")
            )
            if sheet.args.get("format") in ("spritesheet", None) and same and sheet in calls:
                other.args.setdefault("assets", sheet.args.get("assets") or [])
                if not other.args["assets"]:
                    del other.args["assets"]
                calls = [call for call in calls if call is not sheet]
    return calls


def _chosen_from(calls: list[RoutedCall], text: str, context: TurnContext) -> list[RoutedCall]:
    """ "Let me pick from five" says how many of the one thing that is asked for."""
    drawn = [call for call in calls if call.name == "generate_assets"]
    named = [call for call in drawn if not any(p.fullmatch(call.args["subject"]) for p in (_NO_THING, _COMMAND_ALONE))]
    if not named:
        return calls
    for call in drawn:
        if call not in named:  # "4 zur Auswahl" is no thing of its own
            if len(named) == 1 and named[0].args["count"] == 1:
                named[0].args["count"] = call.args["count"]
            for key in ("transparent", "tileable", "size", "style_pack"):
                if key in call.args:
                    named[-1].args.setdefault(key, call.args[key])
    plain = digits(text).plain
    match = _CHOICE.search(plain) or _RATHER.search(plain)
    if match and len(named) == 1:
        told = re.search(rf"\b{named[0].args['count']}\b", plain)
        if match.re is _RATHER or not told or named[0].args["count"] == 1:
            named[0].args["count"] = int(next(group for group in match.groups() if group))
    return [call for call in calls if call.name != "generate_assets" or call in named]


def _those(calls: list[RoutedCall], text: str, context: TurnContext) -> list[RoutedCall]:
    """ "Approve 1, 2 and 3 and export the same three": a number that counts the pictures before is none of them.
    "Approve 2 and 3, export for Godot" means these two, unless other pictures were spoken of as well.
    """
    before: list[Ref] = []
    approved, acted = set[Ref](), set[Ref]()
    said = {int(next(group for group in match.groups() if group)) for match in _THAT_MANY.finditer(digits(text).plain)}
    for call in calls:
        assets = call.args.get("assets")
        if call.name in _ACTS_ON_PICTURES and assets == [len(before)] and len(before) in said:
            call.args["assets"] = list(before)
        bare = call.name == "export_assets" and assets in (["approved"], None) and not _APPROVED.search(text)
        if bare and before and (acted <= approved or not approved):
            call.args["assets"] = list(before)
        named = call.args.get("approve") if call.name == "review_assets" else call.args.get("assets")
        if named and all(isinstance(ref, int) for ref in named):
            before = list(named)
            (approved if call.name == "review_assets" else acted).update(named)
    return calls
