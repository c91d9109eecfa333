"""What a shop names is asked only where the source may be asked."""

import pytest
from twisted.internet.error import DNSLookupError

from cratewatch.sources.storefront.settings import StorefrontSource
from scrapers.addresses import Reach


def reach(url="https://shop.example", **fields):
    return Reach(StorefrontSource(spider="storefront", url=url, **fields))


@pytest.mark.parametrize(
    "url",
    [
        "file:///dev/stdin",
        "FILE:///etc/passwd",
        "ftp://shop.example/sitemap.xml",
        "s3://bucket/key",
        "data:text/plain,x",
        "gopher://shop.example/",
        "//shop.example/a",
        "/sitemap.xml",
        "http:///a",
        "http://[cdn_url]/2.jpg",
        "http://127.0.0.1/",
        "http://127.1.2.3:6379/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[2002:7f00:1::]/",
        "http://0.0.0.0:8080/",
        "http://10.0.0.1/",
        "http://172.16.0.1/",
        "http://192.168.1.1/",
        "http://100.64.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fe80::1]/",
        "http://[fd00:ec2::254]/",
        "http://224.0.0.1/",
        "http://user:secret@10.0.0.1/",
    ],
)
def test_a_public_shop_leads_nowhere_else(url):
    assert reach().why_not(url)


@pytest.mark.parametrize(
    "url", ["http://shop.example/", "https://shop.example:8443/a?b", "http://93.184.216.34/"]
)
def test_a_public_shop_is_asked(url):
    assert reach().why_not(url) == ""


def test_a_shop_on_loopback_may_name_loopback_and_nothing_private():
    here = reach("http://127.0.0.1:8000")
    assert here.why_not("http://127.0.0.1:9000/") == ""
    assert here.why_not("http://[::1]/") == ""
    assert here.why_not("http://192.168.1.1/")


def test_a_shop_on_ones_own_network_is_a_setting():
    own = reach("http://192.168.1.9", private_network=True)
    assert own.why_not("http://192.168.1.9/a") == ""
    assert own.why_not("http://169.254.169.254/")
    assert own.why_not("http://127.0.0.1/")


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "0.0.0.0"])
def test_a_name_that_leads_inside_is_refused_when_it_is_resolved_and_ever_after(address):
    public = reach()
    assert public.why_not("http://rebinding.example/") == ""
    with pytest.raises(DNSLookupError, match=address):
        public.check("rebinding.example", address)
    assert address in public.why_not("http://rebinding.example/")


def test_a_name_that_leads_outside_is_asked_there():
    assert reach().check("shop.example", "93.184.216.34") == "93.184.216.34"


def test_a_proxy_may_be_of_ones_own_network(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://proxy.internal:3128")
    assert reach().check("proxy.internal", "10.0.0.1") == "10.0.0.1"
