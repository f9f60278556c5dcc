"""What the browser tests and the screenshots share: a browser, a way in, and the list of pages."""

import os
import re
import shutil
from contextlib import contextmanager

from playwright.sync_api import sync_playwright

URL = os.environ.get("KONTOR_CONSOLE", "http://127.0.0.1:3200")
EMAIL = os.environ.get("KONTOR_CONSOLE_EMAIL", "ops@example.com")
PASSWORD = os.environ.get("KONTOR_CONSOLE_PASSWORD", "a long sentence")
SHOP = os.environ.get("KONTOR_CONSOLE_SHOP", "harbour-books")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")

# The demo's packers leave an order alone whose id ends like this.
UNPACKED = tuple("89abcdef")

# Name of the screenshot, path in the shop; `*` opens the first row of the list, a word before it
# the first one that leads to a place of that name.
PAGES = [
    ("today", ""),
    ("orders", "/orders"),
    ("order", "/orders?status=shipped *"),
    ("stock", "/stock"),
    ("sku", "/stock *"),
    ("sku-holds", "/stock/KD-1299/holds?status=all"),
    ("sku-settings", "/stock/KD-1299/settings"),
    ("holds", "/stock/holds"),
    ("count-sheet", "/stock/count"),
    ("warehouses", "/stock/warehouses"),
    ("warehouse", "/stock/warehouses *"),
    ("catalog", "/catalog"),
    ("product", "/catalog *"),
    ("categories", "/catalog/categories"),
    ("category", "/catalog/categories *"),
    ("category-new", "/catalog/categories/new"),
    ("suppliers", "/suppliers"),
    ("import", "/suppliers import *"),
    ("imports", "/suppliers/imports"),
    ("import-changes", "/suppliers/imports changes *"),
    ("import-problems", "/suppliers/imports problems *"),
    ("source", "/suppliers/sources/hanse-full"),
    ("source-settings", "/suppliers/sources/hanse-full/settings"),
    ("source-new", "/suppliers/sources/new"),
    ("source-look", "/suppliers/sources/hanse-full/look"),
    ("supplier-names", "/suppliers/who"),
    ("supplier", "/suppliers/who *"),
    ("mapping", "/suppliers/sources/hanse-full/categories?show=all"),
    ("channels", "/channels"),
    ("margin", "/margin"),
    ("margin-orders", "/margin/orders"),
    ("payments", "/payments"),
    ("payment", "/payments?status=paid *"),
    ("ledger", "/payments/ledger"),
    ("differences", "/payments/differences"),
    ("accounts", "/payments/accounts"),
    ("account", "/payments/accounts *"),
    ("account-health", "/payments/accounts/stripe/main/health"),
    ("account-new", "/payments/accounts/new?provider=fio"),
    ("routing", "/payments/routes"),
    ("rule", "/payments/routes *"),
    ("messages", "/messages"),
    ("message", "/messages *"),
    ("texts", "/messages/texts/shipped/en"),
    ("webhooks", "/webhooks"),
    ("webhook", "/webhooks *"),
    ("overdue", "/overdue?show=next"),
    ("not-done", "/dead-letters"),
    ("who-did-what", "/audit?actor=*"),
    ("people", "/people"),
    ("member", "/people *"),
    ("invitations", "/people/invitations"),
    ("roles", "/people/roles"),
    ("role-new", "/people/roles/new"),
    ("keys", "/keys"),
    ("key", "/keys *"),
    ("key-new", "/keys/new"),
]
PLATFORM = [
    ("system", "/console/system"),
    ("actors", "/console/system/actors"),
    ("actor", f"/console/system/actors/{SHOP}/order"),
    ("provider", "/console/system/providers/stripe"),
    ("follower", "/console/system/followers/policies"),
    ("shards", "/console/system/shards"),
    ("journal", "/console/system/shards *"),
    ("undone", "/console/system/dead-letters"),
    ("ways", "/console/system/ways"),
    ("timers", "/console/system/timers"),
    ("tenants", "/console/system/tenants"),
    ("components", "/console/components"),
]


@contextmanager
def browser():
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield running
        finally:
            running.close()


def sign_in(page):
    page.goto(f"{URL}/console/sign-in")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    # A password is dear to check on purpose, and dearer in a build for debugging.
    page.wait_for_url(re.compile(r"/console(/t/.*)?$"), timeout=90_000)


def state(running):
    """The cookies of somebody who is signed in, for contexts to come."""
    context = running.new_context(locale="en-GB")
    sign_in(context.new_page())
    kept = context.storage_state()
    context.close()
    return kept


def shop(path=""):
    return f"{URL}/console/t/{SHOP}{path}"


def open_page(page, path):
    """Opens a page of the list above; false if its list is empty."""
    first = path.endswith(" *")
    where, _, only = path.removesuffix(" *").partition(" ")
    page.goto(where if where.startswith("http") else shop(where))
    if not first:
        return True
    links = page.locator("[data-rows] a.open, .tree a")
    link = (page.locator(f'[data-rows] a[href*="/{only}"]') if only else links).first
    if link.count() == 0:
        return False
    page.goto(URL + link.get_attribute("href"))
    return True


def open_confirmed(page):
    """Opens an order that is confirmed, and stays so until somebody does something about it."""
    page.goto(shop("/orders?status=confirmed"))
    places = [link.get_attribute("href") for link in page.locator("[data-rows] a.open").all()]
    page.goto(URL + next(place for place in places if place.endswith(UNPACKED)))
