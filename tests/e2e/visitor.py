"""A person with a browser: every page they come to is looked at before they go on."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request, Response, expect
from tests.database import SHARED

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
HEAVIEST = 100_000
"""Bytes of a page as they come over the wire, without pictures."""
READING_MS = 240_000
"""However busy the machine is; how long reading takes is measured by `make bench`."""
PICTURES = r"\.(png|jpe?g|gif|webp|heic|svg)(\?|$)"
PHONE: Mapping[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "is_mobile": True,
    "has_touch": True,
    "user_agent": (
        "Mozilla/5.0 (Linux; Android 13; M2101K6G) AppleWebKit/537.36 (KHTML, like Gecko)"
        " Chrome/126.0.0.0 Mobile Safari/537.36"
    ),
}
DESKTOP: Mapping[str, Any] = {"viewport": {"width": 1280, "height": 900}}
_SOUND = "sound"
"""The folder, shared by the run's workers, that names what was found accessible: a digest of the
viewport, the rest of the device, and the page but for its numbers and tokens. Who comes there next
finds it so."""
_NOISE = "Failed to load resource: the server responded with a status"
"""The browser's words for an answer that we judge by its status ourselves."""
_MEASURE = """() => {
  const own = performance.getEntriesByType('navigation').concat(
    performance.getEntriesByType('resource').filter(e =>
      !['img', 'image'].includes(e.initiatorType) && !/PICTURES/i.test(e.name)));
  return {
    title: document.title,
    wide: document.documentElement.scrollWidth,
    out: [...document.querySelectorAll('main *, header *, footer *')]
      .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
      .slice(-1).map(e => e.outerHTML.slice(0, 120)),
    bytes: own.reduce((sum, e) => sum + (e.encodedBodySize || 0), 0),
    broken: [...document.images].filter(i => i.complete && !i.naturalWidth && i.loading != 'lazy')
      .map(i => i.src),
    ids: [...document.querySelectorAll('[id]')].map(e => e.id)
      .filter((id, at, all) => all.indexOf(id) != at),
    headings: document.querySelectorAll('h1').length,
  };
}""".replace("PICTURES", PICTURES.replace("/", r"\/"))


@dataclass
class Visitor:
    """A browser of one person, on one device. ``complaints`` is everything that was wrong with
    the pages they saw; a test ends with none."""

    site: str
    device: str
    context: BrowserContext
    shots: Path | None
    scripts: bool = True
    more: Mapping[str, Any] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    page: Page = field(init=False)
    _seen: list[str] = field(default_factory=list)
    _expected: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page = self.open_tab()

    def open_tab(self) -> Page:
        """One more tab, watched like the first."""
        page = self.context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self._complain(f"script error: {error}"))
        page.on("dialog", self._refuse_dialog)
        page.on("response", self._weigh_answer)
        page.on("requestfailed", self._note_failure)
        return page

    def _complain(self, words: str) -> None:
        self.complaints.append(f"[{self.device}] {words}")

    def _hear(self, message: Any) -> None:
        broken = 0 in self._expected and "net::ERR_" in message.text
        if message.type == "error" and not message.text.startswith(_NOISE) and not broken:
            self._complain(f"console at {self.page.url}: {message.text}")

    def _refuse_dialog(self, dialog: Any) -> None:
        if dialog.type != "beforeunload":
            self._complain(f"a dialog opened: {dialog.message}")
        dialog.accept()

    def _weigh_answer(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self._expected:
            self._complain(f"{response.status} from {response.request.method} {response.url}")

    def _note_failure(self, request: Request) -> None:
        failure = request.failure or ""
        if "ERR_ABORTED" not in failure and 0 not in self._expected:
            self._complain(f"request failed: {request.url}: {failure}")

    @contextmanager
    def expecting(self, *statuses: int) -> Iterator[None]:
        """Answers with these statuses are as they should be meanwhile; 0 is a broken line."""
        before = list(self._expected)
        self._expected += statuses
        try:
            yield
        finally:
            self._expected = before

    def go(self, address: str, *, status: int = 200) -> None:
        """Open an address of the site, and look at the page."""
        with self.expecting(status):
            answer = self.page.goto(address if "://" in address else self.site + address)
        assert answer is not None and answer.status == status, (address, answer)
        self.look()

    def press(self, what: str | Locator, *, status: int = 200) -> None:
        """Press the button or follow the link of that name (or that element) that leads to a
        page, and look at the page."""
        control = self.control(what) if isinstance(what, str) else what
        with self.expecting(status), self.page.expect_navigation(wait_until="load") as arrival:
            control.click()
        assert arrival.value.status == status, self.text()[:500]
        self.look()

    def control(self, name: str) -> Locator:
        """The one button or link of exactly that name in the page's main part."""
        main = self.page.locator("main")
        found = main.get_by_role("button", name=name, exact=True)
        return found.or_(main.get_by_role("link", name=name, exact=True)).first

    def text(self) -> str:
        """What the page's main part says."""
        return self.page.locator("main").inner_text()

    def look(self, page: Page | None = None) -> None:
        """Check the page that is open: title, width, weight, ids, pictures, accessibility."""
        page = page or self.page
        name = self._shape(page.url)
        self._seen.append(name)
        found = page.evaluate(_MEASURE)
        width = page.viewport_size["width"] if page.viewport_size else 0
        if "公道" not in found["title"] and "Gongdao" not in found["title"]:
            self._complain(f"{name}: no title of ours: {found['title']!r}")
        if found["wide"] > width:
            self._complain(f"{name}: {found['wide']} px wide on {width} px: {found['out']}")
        if found["bytes"] > HEAVIEST:
            self._complain(f"{name}: {found['bytes']} bytes without pictures")
        if found["broken"] or found["ids"] or found["headings"] != 1:
            self._complain(
                f"{name}: pictures {found['broken']}, ids twice {found['ids']},"
                f" {found['headings']} h1"
            )
        self._check_access(page, name)
        self._keep_shot(page, name)

    def _check_access(self, page: Page, name: str) -> None:
        markup = re.sub(r"[0-9a-zA-Z_-]{20,}|[0-9]", "", page.content())
        checked = f"{page.viewport_size} {dict(self.more)} {markup}"
        sound = Path(os.environ[SHARED], _SOUND, sha256(checked.encode()).hexdigest())
        if not self.scripts or sound.exists():
            return
        if page.evaluate("typeof axe") == "undefined":
            page.evaluate(AXE)
        found = page.evaluate("axe.run({resultTypes: ['violations']}).then(r => r.violations)")
        for one in found:
            for node in one["nodes"]:
                self._complain(f"{name}: {one['id']}: {node['html'][:160]}")
        if not found:
            sound.parent.mkdir(exist_ok=True)
            sound.touch()

    def _shape(self, url: str) -> str:
        """The address without what is private or differs each time."""
        path = re.split("[?#]", url.removeprefix(self.site))[0]
        return re.sub(r"/[0-9a-zA-Z-]{20,}(?=/|$)", "/_", path)

    def _keep_shot(self, page: Page, name: str) -> None:
        if self.shots is not None:
            slug = re.sub(r"[^0-9a-zA-Z]+", "-", name).strip("-") or "home"
            file = self.shots / f"{len(self._seen):02d}-{slug}-{self.device}.png"
            page.screenshot(path=file, full_page=True)

    def wait_until_read(self) -> None:
        """Wait until all files of the case are read; without scripts ask for the page again, as
        it offers."""
        if self.scripts:
            said = self.page.locator("main [data-announce]", has_text="材料读完了")
            expect(said).to_be_attached(timeout=READING_MS)
            self.look()
            return
        for _attempt in range(READING_MS // 500):
            asking = self.page.get_by_role("link", name="看看读到哪里了")
            if not asking.count():
                return
            self.press(asking)
            self.page.wait_for_timeout(500)
        raise AssertionError(self.text())

    def open_section(self, name: str) -> None:
        """Go to another section of the case, by its navigation."""
        inside = self.page.get_by_role("navigation", name="案件")
        self.press(inside.get_by_role("link", name=name, exact=True))

    def choose_files(self, files: Sequence[Path | Mapping[str, Any]]) -> None:
        """Choose files in the page's first field for files."""
        chosen: Any = [str(f) if isinstance(f, Path) else dict(f) for f in files]
        self.page.locator("input[type=file]").first.set_input_files(chosen)


def open_visitor(
    browser: Browser,
    site: str,
    *,
    device: str,
    network: str,
    shots: Path | None = None,
    **more: Any,
) -> Visitor:
    """A new person with a ``phone`` or ``desktop``, whose address is ``network``."""
    context = browser.new_context(
        **{
            **(PHONE if device == "phone" else DESKTOP),
            "locale": "zh-CN",
            "timezone_id": "Asia/Shanghai",
            "extra_http_headers": {"Forwarded": f"for={network}"},
            **more,
        }
    )
    scripts = more.get("java_script_enabled", True)
    return Visitor(site, device, context, shots, scripts=scripts, more=more)


def begin_with_text(buyer: Visitor, text: str) -> str:
    """Begin a case with a pasted chat, which is read at once; return its private link."""
    buyer.go("/start/")
    buyer.page.locator("#upload-text").fill(text)
    buyer.press("放好了，开始")
    buyer.wait_until_read()
    return buyer.page.url
