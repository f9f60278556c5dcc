"""Takes a picture of every page, light, dark and on a telephone, into the given folder, and prints
the budget: first paint, bytes, layout shift, and how soon a list shows what was committed.

    python shots.py docs/console [page ...]     # `live` for the last of these
"""

import io
import os
import sys
import time
from pathlib import Path

from PIL import Image

from pages import PAGES, PLATFORM, URL, browser, open_page, shop, state

LOOKS = [
    ("light", {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"}),
    ("dark", {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"}),
    ("phone", {"viewport": {"width": 390, "height": 844}, "color_scheme": "light",
               "device_scale_factor": 1, "is_mobile": True, "has_touch": True}),
]
MEASURE = """() => new Promise((done) => {
  let shift = 0;
  new PerformanceObserver((list) => { for (const one of list.getEntries()) if (!one.hadRecentInput) shift += one.value; })
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => {
    const paint = performance.getEntriesByName("first-contentful-paint")[0];
    const page = performance.getEntriesByType("navigation")[0];
    const rest = performance.getEntriesByType("resource").filter((one) => !one.name.includes("/live"));
    done({ paint: paint ? Math.round(paint.startTime) : null, server: Math.round(page.responseStart - page.requestStart),
           bytes: page.transferSize + rest.reduce((sum, one) => sum + one.transferSize, 0), shift: Math.round(shift * 1000) / 1000 });
  }, 500);
})"""
# Rows that change in their place are noted with the time at which they did.
WATCH = """() => {
  window.seen = {};
  const note = () => { for (const row of document.querySelectorAll("tr.glow[data-id]")) window.seen[row.dataset.id] ??= Date.now(); };
  new MutationObserver(note).observe(document.querySelector("#live"), { childList: true, subtree: true });
}"""
LIVE_CHANGES = 20
PATIENCE_S = 10


def live_update(running, kept):
    """Calls orders off one by one and notes how long after the API's answer, that is after the
    commit, the list in the browser shows it."""
    from seed import call, place

    made = [place(f"live-{time.time_ns()}")["id"] for _ in range(LIVE_CHANGES)]
    context = running.new_context(storage_state=kept, locale="en-GB")
    page = context.new_page()
    page.goto(shop("/orders"))
    page.wait_for_selector("#live-state[data-state=on]")
    page.evaluate(WATCH)
    waits = []
    for order in made:
        call("POST", f"/v1/orders/{order}/cancel", {"reason": "customer"}, key=f"cancel-{order}")
        committed = time.time() * 1000
        # The page's policy forbids what `wait_for_function` does.
        until = time.monotonic() + PATIENCE_S
        while not (seen := page.evaluate(f"window.seen['{order}']")):
            if time.monotonic() > until:
                raise TimeoutError(f"the list never showed what became of {order}")
        waits.append(seen - committed)
    context.close()
    waits.sort()
    middle, slowest = waits[len(waits) // 2], waits[-1]
    print(f"live update after the commit, {len(waits)} changes: median {middle:.0f} ms, slowest {slowest:.0f} ms")


def keep(page, file, full):
    image = Image.open(io.BytesIO(page.screenshot(full_page=full)))
    image = image.crop((0, 0, image.width, min(image.height, 1800)))
    image.convert("RGB").save(file, "WEBP", quality=70, method=6)


def main():
    folder = Path(sys.argv[1])
    only = set(sys.argv[2:])
    folder.mkdir(parents=True, exist_ok=True)
    print(f"{'page':16}{'first paint':>14}{'server':>10}{'bytes':>10}{'shift':>8}")
    with browser() as running:
        kept = state(running)
        for look, options in LOOKS:
            context = running.new_context(storage_state=kept, locale="en-GB", **options)
            page = context.new_page()
            for name, path in [*PAGES, *((name, URL + path) for name, path in PLATFORM)]:
                if only and name not in only:
                    continue
                if not open_page(page, path):
                    print(f"{name:16}nothing to show")
                    continue
                figures = page.evaluate(MEASURE)
                if look == "light":
                    print(f"{name:16}{figures['paint']:>11} ms{figures['server']:>7} ms"
                          f"{figures['bytes']:>10}{figures['shift']:>8}")
                keep(page, folder / f"{name}-{look}.webp", look == "phone")
            if not only or "sign-in" in only:
                stranger = running.new_context(locale="en-GB", **options).new_page()
                stranger.goto(f"{URL}/console/sign-in")
                keep(stranger, folder / f"sign-in-{look}.webp", False)
            context.close()
        if (not only or "live" in only) and "KONTOR_TOKEN" in os.environ:
            live_update(running, kept)


if __name__ == "__main__":
    main()
