"""``{% say "中文 {n}" n=count %}``: a sentence of the catalogue in the language of the page."""

from __future__ import annotations

from functools import cache

from django.template import TemplateSyntaxError
from django.template.base import FilterExpression, Node, Parser, Token, token_kwargs
from django.template.context import Context
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from gongdao.core.language import language, translated


class SayNode(Node):
    """One sentence, said when the page is rendered."""

    def __init__(
        self, message: str, values: dict[str, FilterExpression], target: str | None
    ) -> None:
        self.message = message
        self.values = values
        self.target = target

    def render(self, context: Context) -> str:
        """The sentence, or nothing where it was put into a variable."""
        values = {name: value.resolve(context) for name, value in self.values.items()}
        if context.autoescape:
            text = say_escaped(self.message, values)
        else:  # a text of its own, such as an e-mail
            text = mark_safe(translated(self.message).format(**values))
        if self.target is None:
            return text
        context[self.target] = text
        return ""


def say_escaped(message: str, values: dict[str, object]) -> SafeString:
    """``message`` in the language in use with ``values`` put in, everything escaped that is not
    marked safe. Raises KeyError where a placeholder has no value."""
    sentence = _escaped(message, language())
    if not values:
        return mark_safe(sentence.format())
    safe = {
        name: str(conditional_escape(value if isinstance(value, str) else str(value)))
        for name, value in values.items()
    }
    return mark_safe(sentence.format(**safe))


@cache
def _escaped(message: str, _language: str) -> str:
    """A sentence of a template in the language in use; there are as many as templates hold."""
    return str(conditional_escape(translated(message)))


def say_filter(message: str, autoescape: bool = True) -> str:
    """``{{ "中文"|say }}``: a sentence without values, for the parameters of an include."""
    text = translated(message)
    return conditional_escape(text[:]) if autoescape else text


def parse_say(parser: Parser, token: Token) -> SayNode:
    """Read ``say "literal" [name=value …] [as variable]``. Raises TemplateSyntaxError otherwise."""
    bits = token.split_contents()[1:]
    if not bits or len(bits[0]) < 2 or bits[0][0] not in "\"'" or bits[0][-1] != bits[0][0]:
        raise TemplateSyntaxError("say takes a sentence in quotation marks, not a variable")
    message = bits.pop(0)[1:-1]
    target = None
    if len(bits) >= 2 and bits[-2] == "as":
        target, bits = bits[-1], bits[:-2]
    values = token_kwargs(bits, parser)
    if bits:
        raise TemplateSyntaxError(f"say does not understand {bits[0]!r}; write name=value")
    return SayNode(message, values, target)
