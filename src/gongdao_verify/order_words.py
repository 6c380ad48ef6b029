"""What the verifier says of a buyer's receipt, in Chinese and in English."""

from __future__ import annotations

ORDER_WORDS: dict[str, tuple[str, str]] = {
    "order_INVALID": (
        "无效（INVALID）：这份订单凭证不成立。",
        "INVALID: this order receipt does not hold.",
    ),
    "order_holds": (
        "成立：交付的 {count} 件，下单前就在它的批次里，并且是在这个订单里交付的。",
        "It holds: the {count} delivered were in their batches before the order, and were "
        "delivered in this order.",
    ),
    "order_holds_replaced": (
        "成立：{count} 件都是在这个订单里交付的，其中 {replaced} 件是后来补发的；补发的在补发前、"
        "其余的在下单前就在它的批次里。",
        "It holds: {count} were delivered in this order, {replaced} of them in the place of "
        "others; those were in their batches before they were given, the rest before the order.",
    ),
    "order_holds_handed": (
        "成立：{count} 件是在这个订单里交付的（人工或上游交付，没有批次）。",
        "It holds: {count} were delivered in this order (by a person or a supplier, without a "
        "batch).",
    ),
    "no_order_receipt": (
        "不是订单凭证，或已损坏。",
        "It is no order receipt, or it is damaged.",
    ),
    "bad_unit": ("凭证里有一件的格式不对。", "A piece in the receipt is malformed."),
    "bad_snapshot": ("“下单时看到的”格式不对。", "What was shown is malformed."),
    "other_snapshot": (
        "“下单时看到的”不是日志里记下的那一份。",
        "What was shown is not what the log holds.",
    ),
    "other_secret": (
        "卡密与承诺不符：不是当时封存的那一条。",
        "A secret is not the one that was committed to.",
    ),
    "other_leaf": ("附的是另一种记录。", "A leaf is of another type."),
    "other_order": ("交付记录属于另一个订单。", "A delivery is of another order."),
    "other_quantity": (
        "件数与订单不符。",
        "The number of pieces is not that of the order.",
    ),
    "repeated_unit": ("同一件列了两次。", "One piece is listed twice."),
    "two_checkpoints": (
        "几条记录不在同一个检查点下，分不出先后。",
        "The leaves are under different checkpoints, so that their order in time is not shown.",
    ),
    "batch_after_order": (
        "批次是下单之后才记下的。",
        "A batch was recorded after the order.",
    ),
    "batch_after_replacement": (
        "补发的一件，批次是补发之后才记下的。",
        "The batch of a piece that replaced another was recorded after it was given.",
    ),
    "delivered_before_order": (
        "交付记录在下单之前。",
        "A delivery was recorded before the order.",
    ),
    "not_delivered_here": (
        "有一件不在这个订单的交付记录里。",
        "A piece is not in the delivery of this order.",
    ),
    "not_in_batch": (
        "按它自己的证明，这一件不在它的批次里。",
        "By its own proof, a piece is not in its batch.",
    ),
    "order_number": ("订单号", "order number"),
    "order_placed": ("下单", "order placed"),
    "order_delivered": ("交付", "delivered"),
    "order_replaced": ("补发", "replaced"),
    "order_batch": ("批次", "batch"),
    "order_source": ("商家声明的来源", "source as the merchant declared it"),
    "order_opened": ("核对了卡密本身的件数", "pieces compared with the secret itself"),
    "order_checked": ("发行方最近一次抽查", "issuer last asked about the batch"),
    "order_at": ("第 {index} 条，服务器时间 {at}", "leaf {index}, server's time {at}"),
    "np_order_works": (
        "卡密能用、没有被别人用过：只证明它是哪一条、来自哪一批。",
        "that the secret works or was not used elsewhere: only which one it is, from which batch;",
    ),
    "np_order_source": (
        "来源属实：来源是商家自己声明的。",
        "that the source is true: the merchant declared it;",
    ),
    "np_order_replaced": (
        "补发的卡密下单前就在：它的批次只证明在补发之前已经封存。",
        "that what replaced a piece was there before the order: its batch is only shown to have "
        "been there before the replacement;",
    ),
    "np_order_secret": (
        "卡密本身：这份凭证没有带上全部卡密，只有承诺。",
        "the secrets themselves: this receipt does not carry all of them, only commitments;",
    ),
}
