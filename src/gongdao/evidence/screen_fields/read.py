"""Fields of one screen: the form decides which family reads it."""

from __future__ import annotations

from collections.abc import Sequence

from gongdao.core.codes import Kind
from gongdao.evidence.layout import Page, lay_out
from gongdao.evidence.reading import Field, TextLine
from gongdao.evidence.screen_fields.card import read_card, read_failure
from gongdao.evidence.screen_fields.licence import read_licence
from gongdao.evidence.screen_fields.listing import read_listing, read_terms
from gongdao.evidence.screen_fields.order import read_order
from gongdao.evidence.screen_fields.pick import Found
from gongdao.evidence.screen_fields.receipt import read_receipt
from gongdao.evidence.screen_fields.record import read_balance, read_carrier, read_redemption_record
from gongdao.evidence.screen_fields.ticket import read_regulator, read_ticket
from gongdao.evidence.screens import Screen

FORM_OF_KIND: dict[Kind, str] = {
    Kind.LISTING_PAGE: "listing",
    Kind.SERVICE_TERMS: "terms",
    Kind.MERCHANT_LICENCE: "licence",
    Kind.MERCHANT_AUTHORIZATION: "licence",
    Kind.ORDER_PAGE: "order",
    Kind.PAYMENT_RECEIPT: "receipt_bank",
    Kind.CARD_PAGE: "card",
    Kind.REDEMPTION_FAILURE: "redemption_failure",
    Kind.REDEMPTION_RECORDING: "redemption_failure",
    Kind.ISSUER_STATEMENT: "redemption_record",
    Kind.CARRIER_BILL: "carrier_record",
    Kind.BALANCE_PAGE: "balance",
    Kind.COMPLAINT_RECEIPT: "ticket",
}


def read_fields(
    *,
    lines: Sequence[TextLine],
    screen: Screen,
    size: tuple[int, int] | None = None,
    hint: Kind | None = None,
) -> dict[str, Field]:
    """Every field of the screen, by name. Where the screen was not recognised, or is not what
    the buyer says (``hint``), the family of that kind adds what it finds."""
    page = lay_out(lines=lines, size=size)
    fields = _family(page, screen.form)
    if hint is not None and hint is not screen.kind and hint in FORM_OF_KIND:
        for name, field in _family(page, FORM_OF_KIND[hint]).items():
            fields.setdefault(name, field)
    return fields


def _family(page: Page, form: str) -> dict[str, Field]:
    found = Found.on(page)
    if form.startswith(("receipt", "transfer")):
        read_receipt(found, form)
    elif form in _READERS:
        _READERS[form](found)
    return found.fields


_READERS = {
    "listing": read_listing,
    "terms": read_terms,
    "licence": read_licence,
    "order": read_order,
    "card": read_card,
    "redemption_failure": read_failure,
    "redemption_record": read_redemption_record,
    "carrier_record": read_carrier,
    "balance": read_balance,
    "ticket": read_ticket,
    "regulator_status": read_regulator,
}
