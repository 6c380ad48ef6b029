"""The verify page in a real browser, without a server: over TLS as far as the browser knows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Route
from tests.front.web.look_kit import POLICY, find_static
from tests.verify.make_receipt_vectors import PLACE

SITE = "https://log.test"
VECTORS: dict[str, Any] = json.loads(PLACE.read_text("utf-8"))
EMPTY = "<!doctype html><title>x</title>"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
JUDGE = """async ({receipt, policy, roots}) => {
  const { judgeReceipt } = await import("/static/verify/verdict.js");
  const { Bad } = await import("/static/verify/bytes.js");
  try {
    return await judgeReceipt(new TextEncoder().encode(receipt), { policy, roots });
  } catch (error) {
    if (error instanceof Bad) return error.code;
    throw error;
  }
}"""
"""What a page's script does with the text of a receipt: the verdict, or the code of a refusal."""


def open_page(browser: Browser, html: str = EMPTY, *, site: str = SITE) -> tuple[Page, list[str]]:
    """A page with ``html`` under the policy that we send, its scripts beside it; and the list of
    what the browser complains of, requests to anywhere else included."""
    page = browser.new_context(locale="zh-CN").new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(site)
        file = find_static(path.partition("?")[0])
        if path == "/":
            headers = {"Content-Security-Policy": POLICY}
            route.fulfill(body=html, content_type="text/html", headers=headers)
        elif file:
            route.fulfill(
                body=file.read_bytes(), content_type=_TYPES.get(file.suffix, "text/plain")
            )
        else:
            complaints.append(f"asked for {route.request.url}")
            route.fulfill(status=404, body="")

    page.route("**/*", answer)
    page.goto(f"{site}/")
    return page, complaints


def as_asked(case: dict[str, Any]) -> dict[str, str]:
    """A vector as ``JUDGE`` takes it."""
    return {
        "receipt": case["receipt"],
        "policy": VECTORS["policies"][case["policy"]] if case.get("policy") else "",
        "roots": VECTORS["roots_pem"] if case.get("roots") else "",
    }


def choose(page: Page, path: Path) -> str:
    """Choose a file on the verify page; what the page says of it."""
    page.evaluate("document.querySelector('[data-out]').replaceChildren()")
    page.set_input_files("#file", path)
    page.wait_for_selector("[data-out] section")
    return page.inner_text("[data-out]")


def trust(page: Page, policy: str, roots: str = "") -> None:
    """Write whom to trust into the form."""
    fill = "([name, text]) => { document.querySelector(`[name=${name}]`).value = text; }"
    page.evaluate(fill, ["policy", policy])
    page.evaluate(fill, ["roots", roots])
