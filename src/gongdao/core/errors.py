"""The one error tree.

    GongdaoError
    ├── InputError            something handed in cannot be used; names file, line, field, reason
    │   ├── DiskFull          the server has no room for another file
    │   ├── CaseFolderError   case.toml, or the folder around it
    │   ├── UnreadableFile    one exhibit; the rest of the case goes on
    │   └── ArgumentError     a command-line argument or option
    ├── RuleDataError         the rule data itself is broken or was changed after publication
    ├── NotKnown              a rule, calendar year or place the data does not hold
    ├── SealError             a case file cannot be made or time-stamped
    ├── StoredReadingError    a stored reading is broken or of another version; read the file again
    ├── SealedDataError       encrypted data does not open: altered, cut short, or another key
    ├── BlobStoreError        the store of files does not answer or refuses; trying again may help
    ├── BlobMissing           the store does not hold this file; trying again does not help
    ├── KeyServiceError       whoever guards the master keys does not answer, or not as it must
    ├── KeyGone               what was asked for was erased together with its key
    ├── CaseLocked            this device does not hold the case, or the code is wrong
    ├── StaleCase             the case was changed elsewhere since the page was opened
    ├── Busy                  too much of one kind of work at the moment; try again soon
    ├── ServerError           the pages, the worker or the database cannot start or go on
    ├── Refused               a room refuses what was asked of it; nothing changed
    │   ├── MoneyRefused          the ledger refuses a movement of money; nothing moved
    │   │   ├── NotEnoughMoney    the account does not hold as much
    │   │   ├── NoSuchAccount     no account of this kind, owner and currency was opened
    │   │   ├── HoldRefused       the hold is spent, ended or another one
    │   │   ├── ReferenceReused   the reference stands for another movement already
    │   │   ├── TradeNumberUsed   the service's number was credited to another order
    │   │   └── PayoutRefused     payee, state or approval do not allow this step of a payout
    │   ├── StockRefused          the vault refuses a step with card secrets; nothing changed
    │   │   ├── StockShort        fewer units on the shelf than asked for
    │   │   ├── StockHeld         stock that waits for the log after a restored backup
    │   │   ├── ClaimBusy         the same claim is being served elsewhere at this moment; try again
    │   │   ├── ImportUnfinished  another import onto this shelf has not ended
    │   │   ├── NoSuchShelf       no shelf, batch or unit of this id
    │   │   └── WrongStockState   a batch or claim is not in the state that the step needs
    │   ├── DisputeRefused        a dispute cannot do what was asked of it now; nothing changed
    │   │   ├── NotYourMove       somebody else is to move, or the case is closed
    │   │   └── ConflictOfInterest  who is concerned himself does not decide
    │   └── OrderRefused          an order cannot do what was asked of it now; nothing changed
    │       ├── TermsOutdated     another version of the terms is in force than was accepted
    │       ├── TooManyReserved   this buyer has too many unpaid orders for the listing
    │       ├── OrderLocked       number and query code do not open an order together
    │       └── NotDelivered      there is nothing to show of this order
    └── TooManyAttempts       tried too often; names the moment from which it works again

Each class has a stable ``code`` (documented in docs/reference/errors.md), an HTTP ``status`` for
the pages and an ``exit_code`` for the command line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from gongdao.core.language import Phrase
from gongdao.core.language import gettext as _


class GongdaoError(Exception):
    """Base of everything Gongdao raises on purpose; ``str()`` is fit to be shown to a person."""

    code = "error"
    status = 500
    exit_code = 2


@dataclass(frozen=True)
class Place:
    """Where an input is wrong: file (as the user knows it), 1-based line, dotted field."""

    file: str | None = None
    line: int | None = None
    field: str | None = None

    def __str__(self) -> str:
        parts = [self.file or ""]
        if self.line is not None:
            parts.append(f":{self.line}")
        if self.field:
            parts.append(f" [{self.field}]")
        return "".join(parts).strip()


class InputError(GongdaoError):
    """Something handed in cannot be used. ``reason`` says why, ``hint`` what to do.

    Given as Phrase they are said when they are shown, in the language in use then.
    """

    code = "input"
    status = 400

    def __init__(
        self,
        reason: str | Phrase,
        *,
        file: str | None = None,
        line: int | None = None,
        field: str | None = None,
        hint: str | Phrase = "",
    ) -> None:
        super().__init__(reason)
        self.place = Place(file, line, field)
        self._reason = reason
        self._hint = hint

    @property
    def reason(self) -> str:
        """Why, in the language in use."""
        return str(self._reason)

    @property
    def hint(self) -> str:
        """What to do, in the language in use; empty where there is nothing to say."""
        return str(self._hint)

    def __str__(self) -> str:
        where, reason, hint = str(self.place), self.reason, self.hint
        text = f"{where}: {reason}" if where else reason
        stop = "" if not hint or text[-1:] in "。.？?！!" else ". " if text[-1:].isascii() else "。"
        return f"{text}{stop}{hint}"


class CaseFolderError(InputError):
    """case.toml or the folder around it cannot be used."""

    code = "case_folder"


class UnreadableFile(InputError):
    """One exhibit cannot be read; it keeps its digests and its place, the rest goes on."""

    code = "unreadable_file"


class ArgumentError(InputError):
    """A command-line argument or option cannot be used."""

    code = "argument"


class DiskFull(InputError):
    """The server takes no file: it keeps the rest of its disk for what is there already."""

    code = "disk_full"
    status = 507

    def __init__(self) -> None:
        super().__init__(
            _("服务器的磁盘快满了，暂时不能添加材料。"),
            hint=_("已有的材料都在。请告诉管理这台服务器的人。"),
        )


class RuleDataError(GongdaoError):
    """The rule data is broken, or a published version was changed."""

    code = "rule_data"


class NotKnown(GongdaoError):
    """The rule data does not hold what was asked for; saying so beats guessing."""

    code = "not_known"
    status = 404


class SealError(GongdaoError):
    """A case file cannot be made or time-stamped."""

    code = "seal"


class StoredReadingError(GongdaoError):
    """A stored reading or statement is broken or of another version; a reading is made again."""

    code = "stored_reading"


class SealedDataError(GongdaoError):
    """Encrypted data does not open: altered, cut short, for another place, or under another key."""

    code = "sealed_data"


class BlobStoreError(GongdaoError):
    """The store of files does not answer or refuses; the same call again may succeed."""

    code = "blob_store"
    status = 503


class BlobMissing(GongdaoError):
    """The store does not hold the file asked for; asking again does not help."""

    code = "blob_missing"
    status = 404


class Busy(GongdaoError):
    """Too many ask for the same kind of work at once; nothing was done, and it works again soon."""

    code = "busy"
    status = 503

    def __init__(self) -> None:
        super().__init__(_("现在同时要做的图片太多了。请过一会儿再试。"))


class ServerError(GongdaoError):
    """The pages, the worker or the database cannot start or go on; says what to do about it."""

    code = "server"


class Refused(GongdaoError):
    """A room refuses what was asked of it; nothing changed. Said when it is shown, in the reader's
    language."""

    code = "refused"
    status = 409

    def __init__(self, reason: Phrase) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return str(self.reason)


class MoneyRefused(Refused):
    """The ledger refuses a movement of money; nothing moved."""

    code = "money_refused"


class NotEnoughMoney(MoneyRefused):
    """The account does not hold as much as is to leave it."""

    code = "not_enough_money"

    def __init__(self) -> None:
        super().__init__(Phrase("账户里的钱不够，没有转出。"))


class NoSuchAccount(MoneyRefused):
    """No account of this kind, owner and currency was opened."""

    code = "no_such_account"
    status = 404

    def __init__(self) -> None:
        super().__init__(Phrase("没有这个账户，或者币种不对。"))


class HoldRefused(MoneyRefused):
    """The hold is spent or ended, or it is not the one that was named."""

    code = "hold_refused"


class ReferenceReused(MoneyRefused):
    """The reference stands for another movement already: the same again would have been fine."""

    code = "reference_reused"

    def __init__(self, reference: str) -> None:
        super().__init__(Phrase("凭据号 {reference} 已经用于另一笔转账。", reference=reference))


class TradeNumberUsed(MoneyRefused):
    """The payment service's number was credited to another order; this one got nothing for it."""

    code = "trade_number_used"

    def __init__(self, number: str) -> None:
        self.number = number
        super().__init__(Phrase("支付渠道的这个交易号已经记在另一个订单上了。"))


class PayoutRefused(MoneyRefused):
    """Payee, state or approval do not allow this step of a payout."""

    code = "payout_refused"


class KeyServiceError(GongdaoError):
    """The command that guards the master keys does not answer, refuses, or answers rubbish. Nothing
    was changed; nothing of what it said or was told is repeated."""

    code = "key_service"
    status = 503

    def __init__(self, why: Phrase) -> None:
        super().__init__(Phrase("GONGDAO_KMS_COMMAND 的密钥服务不能用：{why}。", why=why))


class KeyGone(GongdaoError):
    """What was asked for was erased, and its key with it: nobody can read it any more."""

    code = "key_gone"
    status = 410

    def __init__(self) -> None:
        super().__init__(_("这些内容已经删除，密钥也已销毁，谁也读不出来了。"))


class CaseLocked(GongdaoError):
    """This device does not hold the case, or the code does not fit; never says which."""

    code = "case_locked"
    status = 403

    def __init__(self) -> None:
        super().__init__(_("链接和提取码对不上。请核对后再试。"))


class StaleCase(GongdaoError):
    """The case was changed elsewhere since the page was opened; nothing was written."""

    code = "stale_case"
    status = 409

    def __init__(self) -> None:
        super().__init__(_("这个案件刚在别处改过。您填的还在，请核对后再保存一次。"))


class StockRefused(Refused):
    """The vault refuses a step with card secrets; nothing changed."""

    code = "stock_refused"


class StockShort(StockRefused):
    """Fewer units on the shelf than asked for; none was taken."""

    code = "stock_short"

    def __init__(self) -> None:
        super().__init__(Phrase("库存不够，一件也没有占用。"))


class StockHeld(StockRefused):
    """What is on the shelf waits after a restored backup, until the public log has told what was
    sold since. Nobody may conclude that it is sold out; the same call works later."""

    code = "stock_held"
    status = 503

    def __init__(self) -> None:
        super().__init__(
            Phrase(
                "服务器刚从备份恢复，库存还在和公开日志核对，暂时不能卖。没有扣款，请过一会儿再试。"
            )
        )


class ClaimBusy(StockRefused):
    """The same claim is being served elsewhere at this moment; the same call will find it done."""

    code = "claim_busy"
    status = 503

    def __init__(self) -> None:
        super().__init__(Phrase("这一单正在别处处理，请再试一次。"))


class ImportUnfinished(StockRefused):
    """Another import onto this shelf has not ended; ``batch`` is its id, to go on or give up."""

    code = "import_unfinished"

    def __init__(self, batch: str) -> None:
        self.batch = batch
        super().__init__(
            Phrase(
                "这个商品有一次导入还没有做完（批次 {batch}）。"
                "请用同一个文件和批次号做完，或放弃它。",
                batch=batch,
            )
        )


class NoSuchShelf(StockRefused):
    """No shelf, batch or unit of this id."""

    code = "no_such_shelf"
    status = 404

    def __init__(self) -> None:
        super().__init__(Phrase("没有这个商品的卡密库，或没有这个批次。"))


class WrongStockState(StockRefused):
    """A batch or claim is not in the state that the step needs; ``state`` is the one it is in."""

    code = "wrong_stock_state"

    def __init__(self, state: str) -> None:
        self.state = state
        super().__init__(Phrase("现在的状态（{state}）不能这样做。", state=state))


class OrderRefused(Refused):
    """An order cannot do what was asked of it now; nothing changed."""

    code = "order_refused"


class TooManyReserved(OrderRefused):
    """This buyer has as many unpaid orders for the listing as one may have."""

    code = "too_many_reserved"
    status = 429

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(
            Phrase("您已经有 {most} 个没付款的订单；先付款，或等它们过期。", most=most)
        )


class TermsOutdated(OrderRefused):
    """Another version of the terms is in force than the one that was accepted."""

    code = "terms_outdated"

    def __init__(self, accepted: int, in_force: int) -> None:
        self.accepted, self.in_force = accepted, in_force
        super().__init__(
            Phrase(
                "交易条款现在是第 {now} 版，您接受的是第 {n} 版。请看过现在这一版，再接受一次。",
                now=in_force,
                n=accepted,
            )
        )


class OrderLocked(OrderRefused):
    """Number and query code do not open an order together; which of them is wrong is not said."""

    code = "order_locked"
    status = 404

    def __init__(self) -> None:
        super().__init__(Phrase("订单号或查询码不对。"))


class NotDelivered(OrderRefused):
    """There is nothing to show of this order: not yet, or its money went back."""

    code = "not_delivered"

    def __init__(self) -> None:
        super().__init__(Phrase("这个订单现在没有可以查看的卡密。"))


class DisputeRefused(Refused):
    """A dispute cannot do what was asked of it now; nothing changed."""

    code = "dispute_refused"


class NotYourMove(DisputeRefused):
    """Somebody else is to move, or the case is closed."""

    code = "not_your_move"

    def __init__(self) -> None:
        super().__init__(Phrase("现在不轮到您处理，或者案件已经结束。"))


class ConflictOfInterest(DisputeRefused):
    """Who is concerned in a case himself, or decided it before, does not decide it."""

    code = "conflict_of_interest"
    status = 403

    def __init__(self) -> None:
        super().__init__(Phrase("您与这个案件有关，或者已经裁决过它，不能由您裁决。"))


class TooManyAttempts(GongdaoError):
    """Tried too often. ``until`` is when it works again."""

    code = "too_many_attempts"
    status = 429

    def __init__(self, until: datetime) -> None:
        self.until = until
        local = until.astimezone(timezone(timedelta(hours=8)))  # Beijing; clock.py stands above
        super().__init__(_("试的次数太多了，请在 {time} 以后再试。").format(time=f"{local:%H:%M}"))
