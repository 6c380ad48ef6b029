"""The closed lists of codes a case is described with (docs/formats/case-folder.md)."""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    """When a piece of evidence arises, seen from the order."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


class Kind(StrEnum):
    """What an exhibit is."""

    LISTING_PAGE = "listing_page"
    SERVICE_TERMS = "service_terms"
    MERCHANT_LICENCE = "merchant_licence"
    MERCHANT_AUTHORIZATION = "merchant_authorization"
    ORDER_PAGE = "order_page"
    PAYMENT_RECEIPT = "payment_receipt"
    BILL_EXPORT = "bill_export"
    CHAT = "chat"
    CARD_PAGE = "card_page"
    REDEMPTION_FAILURE = "redemption_failure"
    REDEMPTION_RECORDING = "redemption_recording"
    ISSUER_STATEMENT = "issuer_statement"
    CARRIER_BILL = "carrier_bill"
    BALANCE_PAGE = "balance_page"
    COMPLAINT_RECEIPT = "complaint_receipt"
    OTHER = "other"


STAGE_OF_KIND: dict[Kind, Stage] = {
    Kind.LISTING_PAGE: Stage.BEFORE,
    Kind.SERVICE_TERMS: Stage.BEFORE,
    Kind.MERCHANT_LICENCE: Stage.BEFORE,
    Kind.MERCHANT_AUTHORIZATION: Stage.BEFORE,
    Kind.ORDER_PAGE: Stage.DURING,
    Kind.PAYMENT_RECEIPT: Stage.DURING,
    Kind.BILL_EXPORT: Stage.DURING,
    Kind.CHAT: Stage.DURING,
    Kind.CARD_PAGE: Stage.AFTER,
    Kind.REDEMPTION_FAILURE: Stage.AFTER,
    Kind.REDEMPTION_RECORDING: Stage.AFTER,
    Kind.ISSUER_STATEMENT: Stage.AFTER,
    Kind.CARRIER_BILL: Stage.AFTER,
    Kind.BALANCE_PAGE: Stage.AFTER,
    Kind.COMPLAINT_RECEIPT: Stage.AFTER,
}


class Category(StrEnum):
    """What was bought."""

    GAME_CARD = "game_card"
    PHONE_TOPUP = "phone_topup"
    VIRTUAL_SERVICE = "virtual_service"


class Payment(StrEnum):
    """How it was paid; ``transfer`` is to a person, outside the platform."""

    ALIPAY = "alipay"
    WECHAT = "wechat"
    BANK_CARD = "bank_card"
    BALANCE = "balance"
    TRANSFER = "transfer"
    OTHER = "other"


class Reason(StrEnum):
    """Why the buyer complains."""

    NOT_DELIVERED = "not_delivered"
    PARTLY_DELIVERED = "partly_delivered"
    LATE_DELIVERY = "late_delivery"
    INVALID_SECRET = "invalid_secret"
    ALREADY_REDEEMED = "already_redeemed"
    WRONG_DENOMINATION = "wrong_denomination"
    TEST_CARD_SOLD_AS_REAL = "test_card_sold_as_real"
    FAKE_DISCOUNT = "fake_discount"
    HOURS_MISREPRESENTED = "hours_misrepresented"
    MISDESCRIBED = "misdescribed"
    CANCELLED_BY_MERCHANT = "cancelled_by_merchant"
    REGION_MISMATCH = "region_mismatch"
    TOPUP_NOT_CREDITED = "topup_not_credited"
    RECLAIMED_OR_BANNED = "reclaimed_or_banned"
    DUPLICATE_SECRET = "duplicate_secret"
    REFUND_REFUSED = "refund_refused"
    IDENTITY_WITHHELD = "identity_withheld"
    BOUGHT_BY_MINOR = "bought_by_minor"


class Demand(StrEnum):
    """What the buyer asks for."""

    REFUND = "refund"
    REPLACEMENT = "replacement"
    MAKE_UP = "make_up"
    COMPENSATION = "compensation"
    PUNITIVE = "punitive"
    DISCLOSURE = "disclosure"


class Party(StrEnum):
    """Whom the buyer pressed for an answer."""

    MERCHANT = "merchant"
    PLATFORM = "platform"
    MANAGEMENT = "management"
    SOCIAL = "social"
    PAYMENT = "payment"
    ISSUER = "issuer"
    BOARD = "board"
    ASSOCIATION = "association"
    REGULATOR = "regulator"
    COURT = "court"
    POLICE = "police"


class Means(StrEnum):
    """How the buyer pressed."""

    CHAT = "chat"
    TICKET = "ticket"
    PHONE = "phone"
    LETTER = "letter"
    FORM = "form"


class Outcome(StrEnum):
    """What came of it."""

    NO_ANSWER = "no_answer"
    PROMISED = "promised"
    REFUSED = "refused"
    SHIFTED = "shifted"
    PARTIAL = "partial"
    SOLVED = "solved"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Condition(StrEnum):
    """In what state a file is, compared with how it left the device that made it."""

    ORIGINAL = "original"
    FORWARDED = "forwarded"
    CROPPED = "cropped"
    ANNOTATED = "annotated"
    EDITED = "edited"
    PHOTO_OF_SCREEN = "photo_of_screen"


class Speaker(StrEnum):
    """Who says a line of a chat or ticket."""

    BUYER = "buyer"
    MERCHANT = "merchant"
    PLATFORM = "platform"
    SYSTEM = "system"


class Element(StrEnum):
    """What has to be shown for a claim to stand."""

    CONTRACT = "contract"
    PAYMENT = "payment"
    BREACH = "breach"
    NOTICE = "notice"
    ADMISSION = "admission"
    RESPONDENT_IDENTITY = "respondent_identity"


class Proof(StrEnum):
    """How well an element is shown."""

    PROVEN = "proven"
    WEAK = "weak"
    MISSING = "missing"
    CONTRADICTED = "contradicted"


class Admission(StrEnum):
    """What the other side has admitted."""

    EXPLICIT = "explicit"
    AMBIGUOUS = "ambiguous"
    DENIED = "denied"
    NONE = "none"
