"""Gives the demo's shop what its shoppers do not make: categories of its own, a supplier with a feed
(a trial, an import, rows at fault), a product that is low, orders that were called off, a colleague,
rules for payments. And waits
until the shoppers have made what the tests look at.

    KONTOR_URL=http://127.0.0.1:3200 KONTOR_TOKEN=<operator token> python seed.py
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request

from pages import UNPACKED

URL = os.environ["KONTOR_URL"]
SHOP = os.environ.get("KONTOR_CONSOLE_SHOP", "harbour-books")
PATIENCE_S = 120
# What the shoppers bring about sooner or later, and how much of it the tests need.
NEEDED = [("/v1/orders?status=shipped", 1), ("/v1/orders?status=cancelled", 2),
          ("/v1/payments?status=paid", 1), ("/v1/notifications", 1), ("/v1/webhook-endpoints", 1)]
GOODS = ["Atlas of Tides", "Sailor's Knots", "Harbour Lights", "The Lightkeeper", "Sea Charts of the North",
         "Brass Compass", "Signal Flags", "Pocket Sextant", "Storm Lantern", "Deck Shoes"]


def call(method, path, body=None, kind="application/json", key=None):
    data = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    request = urllib.request.Request(URL + path, method=method, data=None if method == "GET" else data)
    request.add_header("Authorization", f"Bearer {os.environ['KONTOR_TOKEN']}")
    request.add_header("X-Kontor-Tenant", SHOP)
    request.add_header("Content-Type", kind)
    if key:
        request.add_header("Idempotency-Key", key)
    try:
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
            return json.loads(text) if text else {}
    except urllib.error.HTTPError as refused:
        print(method, path, refused.code, refused.read().decode()[:300])
        return {}


def feed(raised):
    items = "".join(
        f"<SHOPITEM><ITEM_ID>HS-{at:03}</ITEM_ID><PRODUCTNAME>{name}</PRODUCTNAME>"
        f"<CATEGORYTEXT>{'Books | Sea' if at < 5 else 'Ship chandlery | Deck'}</CATEGORYTEXT>"
        f"<EAN>{8594000000006 if at == 0 else ''}</EAN><MANUFACTURER>Hanse Press</MANUFACTURER>"
        f"<PRICE_VAT>{290 + 35 * at + raised}</PRICE_VAT><DELIVERY_DATE>0</DELIVERY_DATE></SHOPITEM>"
        for at, name in enumerate(GOODS))
    broken = "<SHOPITEM><ITEM_ID></ITEM_ID><PRODUCTNAME>No code</PRODUCTNAME><PRICE_VAT>10</PRICE_VAT></SHOPITEM>"
    return f'<?xml version="1.0"?><SHOP>{items}{broken}</SHOP>'.encode()


def run(trial, key):
    begun = call("POST", "/v1/imports", {"source": "hanse-full", "trial": trial}, key=key)
    for _ in range(100):
        state = call("GET", f"/v1/imports/{begun['id']}") if begun else {}
        if state.get("status") not in ("queued", "running"):
            return state.get("status"), state.get("counts")
        time.sleep(0.2)
    return "still under way", None


def operator():
    """Makes the person whom the tests sign in as; again, it changes nothing."""
    email = os.environ.get("KONTOR_CONSOLE_EMAIL", "ops@example.com")
    password = os.environ.get("KONTOR_CONSOLE_PASSWORD", "a long sentence")
    made = call("POST", "/v1/users", {"email": email, "name": "Ops", "platform_role": "operator"}, key="seed-operator")
    if made.get("token"):
        call("POST", "/v1/auth/password/reset", {"token": made["token"], "password": password})


def team():
    """Makes a member whose role the tests change, and somebody who is invited; again, it changes nothing."""
    vera = call("POST", "/v1/users", {"email": "vera@example.com", "name": "Vera"}, key="seed-vera")
    if vera.get("id"):
        call("PUT", f"/v1/members/{vera['id']}", {"role": "viewer", "email": "vera@example.com"})
    call("POST", "/v1/invitations", {"email": "eva@example.com", "role": "support"}, key="seed-eva")


def place(key):
    """Places an order; again, it changes nothing."""
    line = {"sku": "KD-1299", "title": "A thing", "quantity": 1, "unit_price_minor": 10000}
    return call("POST", "/v1/orders", {
        "channel": "web", "currency": "CZK", "lines": [line],
        "customer": {"name": "Anna Nowak", "email": "anna@example.com", "language": "en"},
        "shipping_address": {"name": "Anna Nowak", "street": "Quay 1", "city": "Gdynia",
                             "postal_code": "81-001", "country": "PL"},
        "totals": {"subtotal_minor": 10000, "total_minor": 10000}}, key=key)


def called_off(at):
    """Places an order and calls it off; again, it changes nothing."""
    placed = place(f"seed-order-{at}")
    call("POST", f"/v1/orders/{placed['id']}/cancel", {"reason": "customer"}, key=f"seed-cancel-{at}")


def items(path):
    return call("GET", path).get("items", [])


def wait_for(what, there):
    until = time.monotonic() + PATIENCE_S
    while not there():
        if time.monotonic() > until:
            sys.exit(f"the demo has made too few of {what} in {PATIENCE_S} s")
        time.sleep(0.25)


def main():
    operator()
    team()
    # Shoppers name the account that they pay to, so these rules touch none of them.
    call("PUT", "/v1/payment-routes", {"rules": [
        {"methods": ["card", "wallet"], "currencies": ["CZK"], "amount_from_minor": 100_000,
         "accounts": [{"provider": "stripe", "account": "main"}, {"provider": "comgate", "account": "main"}]},
        {"methods": ["bank_transfer"], "countries": ["CZ", "SK"],
         "accounts": [{"provider": "fio", "account": "main"}]},
        {"methods": ["cash_on_delivery"], "accounts": [{"provider": "manual", "account": "main"}]}]})
    for at in range(2):
        called_off(at)
    books = call("POST", "/v1/categories", {"names": {"en": "Books", "cs": "Knihy"}, "slug": "books"}, key="seed-books")
    for slug, en, cs in [("sea", "Sea", "Moře"), ("maps", "Maps and atlases", "Mapy a atlasy")]:
        if books:
            call("POST", "/v1/categories", {"names": {"en": en, "cs": cs}, "slug": slug, "parent": books["id"]}, key=f"seed-{slug}")
    call("POST", "/v1/categories", {"names": {"en": "Ship chandlery", "cs": "Lodní potřeby"}, "slug": "chandlery"}, key="seed-chandlery")
    call("PUT", "/v1/warehouses/hanse", {"name": "Hanse Supplies", "kind": "supplier"})
    call("PUT", "/v1/suppliers/hanse", {"name": "Hanse Supplies"})
    call("PUT", "/v1/sources/hanse-full", {
        "supplier": "hanse", "name": "Everything", "kind": "full", "reach": {"by": "upload"},
        "format": {"preset": "heureka"}, "mapping": {"preset": "heureka"}, "warehouse": "hanse",
        "currency": "CZK", "language": "cs", "new_products": "active"})
    call("PUT", "/v1/sources/hanse-full/file", feed(0), kind="application/octet-stream")
    print("import", run(False, "seed-import-1"))
    call("PUT", "/v1/sources/hanse-full/file", feed(20), kind="application/octet-stream")
    print("trial", run(True, "seed-trial-2"))
    print("import", run(False, "seed-import-2"))
    for path, least in NEEDED:
        wait_for(path, lambda: len(items(path)) >= least)
    unpacked = "/v1/orders?status=confirmed&limit=100"
    wait_for(unpacked, lambda: sum(order["id"].endswith(UNPACKED) for order in items(unpacked)) >= 2)
    call("PUT", "/v1/stock/KD-1300/settings", {"low_threshold": 500, "backorder": False, "safety_buffers": {}, "components": {}})


if __name__ == "__main__":
    main()
