"""The WSGI application."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gongdao.front.web.django_settings")
application = get_wsgi_application()

from gongdao.front.web.warm_up import warm_up  # noqa: E402  # its rooms need Django set up

warm_up()
