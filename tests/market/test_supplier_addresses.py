"""Where a supplier may be: on the open internet, never inside our own network."""

from __future__ import annotations

import pytest
from tests.market.fake_suppliers import ACCOUNT, KEY, running_supplier
from tests.market.market_kit import AT, make_merchant

from gongdao.core.errors import InputError
from gongdao.front.stores import get_stores
from gongdao.market.models import Supplier
from gongdao.market.suppliers.keep_supplier import SupplierPlace, add_supplier, wire_to
from gongdao.payments.port import GatewayError
from gongdao.payments.wire import HttpWire, is_public

database = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
    ],
)
def test_an_address_is_of_the_open_internet_or_not(address, public):
    """Private, shared, link-local, loopback, mapped and multicast ones are not."""
    assert is_public(address) is public


def _add(url, name="示例商家", **more):
    return add_supplier(
        stores=get_stores(),
        merchant_id=make_merchant(name).id,
        place=SupplierPlace("yrapi", "示例上游", url, ACCOUNT, KEY),
        at=AT,
        **more,
    )


@database
@pytest.mark.parametrize(
    "url",
    [
        "https://10.0.0.5",
        "https://169.254.169.254",
        "https://[::1]:8443",
        "https://[fd00::1]",
        "https://localhost",
        "https://database",
        "https://postgres.internal",
        "https://printer.local.",
        "https://127.1",
        "https://2130706433",
        "https://0x7f.1",
        "https://[::ffff:127.0.0.1]",
        "https://who@api.example",
        "https://api.example/path",
        "https://api.example?x=1",
        "https://api.example:70000",
        "https://[oops",
        "http://api.example",
        "http://127.0.0.1:5432",
        "ftp://api.example",
        "",
    ],
)
def test_what_is_no_suppliers_address_is_refused(url):
    """Inside networks, other spellings of them, plain HTTP, names with more than a host."""
    with pytest.raises(InputError) as caught:
        _add(url)
    assert caught.value.place.field == "url"
    assert not Supplier.objects.exists()


@database
def test_a_public_address_is_taken_and_only_called_in_public():
    """The control: a name on the open internet is kept, and calls to it are watched."""
    row = _add(" https://api.supplier.example:8443/ ")
    assert (row.url, row.vouched) == ("https://api.supplier.example:8443", False)
    assert wire_to(row).public
    assert not wire_to(_add("http://127.0.0.1:9", "另一家", local=True)).public


def test_a_name_that_leads_inside_is_not_spoken_to():
    """Whatever the name says, the address that answers is looked at before anything is sent; the
    control without the check is answered."""
    with running_supplier() as fake:
        fake.moods = ["500"]
        port = fake.url.rpartition(":")[2]
        with pytest.raises(GatewayError, match="private_address"):
            HttpWire(public=True)("GET", f"http://localhost:{port}/")
        assert fake.moods == ["500"]
        assert HttpWire()("GET", f"http://localhost:{port}/").status == 500
