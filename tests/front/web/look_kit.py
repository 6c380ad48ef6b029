"""Render templates without the project, and look at them in a real browser without a server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
import django_htmx
from django.conf import settings
from django.template import Context, Engine
from django.test import RequestFactory
from django.urls import set_urlconf
from playwright.sync_api import Browser, Page, Route, sync_playwright
from tests.front.web.living_samples import make_picture, make_samples
from tests.house.house_sources import PACKAGE

from gongdao.core.language import use_language

WEB = PACKAGE / "front/web"
STATIC = WEB / "static"
HTMX = Path(django_htmx.__file__).parent / "static"
SITE = "http://gongdao.test"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
    " connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'; object-src 'none'"
)
"""What the project sends, so that an inline style or script shows as an error here."""
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
ENGINE = Engine(
    dirs=[str(WEB / "templates")],
    libraries={"static": "tests.front.web.plain_static"},
    builtins=["gongdao.front.web.templatetags.say"],
)


def _set_up() -> None:
    if not settings.configured and "DJANGO_SETTINGS_MODULE" not in os.environ:
        settings.configure(USE_TZ=True, LANGUAGE_CODE="zh-hans", ALLOWED_HOSTS=["gongdao.test"])
        django.setup()
    set_urlconf("tests.front.web.living_urls")


def render(
    name: str, values: Mapping[str, Any] | None = None, *, language: str = "zh", address: str = "/"
) -> str:
    """The page of a template in ``language``, with a request for ``address``."""
    _set_up()
    use_language(language)
    try:
        request = RequestFactory(headers={"host": "gongdao.test"}).get(address)
        context = Context({"request": request, "csrf_token": "token", **(values or {})})
        return ENGINE.get_template(name).render(context)
    finally:
        use_language("zh")
        set_urlconf(None)


def render_text(template: str, values: Mapping[str, Any] | None = None, **options: Any) -> str:
    """A piece of template text, rendered; ``options`` are those of ``Context``."""
    _set_up()
    try:
        return ENGINE.from_string(template).render(Context(dict(values or {}), **options))
    finally:
        set_urlconf(None)


def render_living(language: str = "zh") -> str:
    """The living page."""
    return render("parts/living.html", make_samples(), language=language, address="/?q=1")


def find_browser() -> str | None:
    """The path of a Chromium on this machine, None where there is none."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


@contextmanager
def open_browser(path: str) -> Iterator[Browser]:
    """Chromium, driven; closed in the end."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def show(page: Page, pages: Mapping[str, str]) -> list[str]:
    """Let ``page`` reach these addresses (path → HTML) and the static files, and nothing else.
    Returns the list in which everything the browser complains of will stand."""
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(SITE).partition("?")[0]
        if path in pages:
            headers = {"Content-Security-Policy": POLICY}
            route.fulfill(body=pages[path], content_type="text/html", headers=headers)
        elif path == "/picture.png":
            route.fulfill(body=make_picture(), content_type="image/png")
        elif file := find_static(path):
            route.fulfill(body=file.read_bytes(), content_type=_TYPES[file.suffix])
        else:
            route.fulfill(status=404, body="")

    page.route("**/*", answer)
    return complaints


def find_static(path: str) -> Path | None:
    """The file behind ``/static/…``."""
    name = path.removeprefix("/static/")
    return next((f for f in (STATIC / name, HTMX / name) if f.is_file()), None)
