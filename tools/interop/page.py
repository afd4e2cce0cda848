"""Chromium shows the pages of runs: no error, every chart drawn, the slider and the pointer work, nothing is too wide."""

import json
import re
import subprocess
import sys
from pathlib import Path

saddle, runs = sys.argv[1], Path(sys.argv[2])
subprocess.run(["tools/install", "chromium"], check=True)

PROBE = """<script>
addEventListener("load", () => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const shown = () => all(".frames").map((frames) => all("img:not([hidden])", frames).map((image) => Number(image.dataset.step)));
  const charts = all("[data-chart]").map((figure) => ({
    title: figure.querySelector("h3").textContent,
    curves: all(".curve .even", figure).map((path) => path.getAttribute("d").length),
    readings: all(".key b", figure).map((reading) => reading.textContent),
  }));
  const slider = document.querySelector(".time input"), before = shown(), steps = JSON.parse(slider.dataset.steps);
  slider.value = 0;
  slider.dispatchEvent(new Event("input"));
  const after = shown(), output = document.querySelector(".time output").textContent;
  const plot = document.querySelector(".plot"), box = plot.getBoundingClientRect();
  plot.dispatchEvent(new PointerEvent("pointermove", { clientX: box.left + box.width * 0.1, clientY: box.top + 50, bubbles: true }));
  const moved = all("[data-chart]").map((figure) => all(".key b", figure).map((reading) => reading.textContent));
  const pictures = all("img").every((image) => image.naturalWidth > 0 || image.hidden);
  const result = document.createElement("pre");
  result.id = "probe";
  result.textContent = JSON.stringify({
    charts, before, after, output, steps, moved, pictures, width: innerWidth, content: document.documentElement.scrollWidth,
    ground: getComputedStyle(document.body).backgroundColor, age: document.querySelector("[data-written]").textContent,
  });
  document.body.append(result);
});
</script></body>"""


def show(page, width, dark=False, more=""):
    """What the probe found in a page, and what the browser complained of."""
    probed = runs / "page-probe.html"
    probed.write_text(page.replace("</body>", more + PROBE))
    scheme = ["--blink-settings=preferredColorScheme=0"] if dark else []
    browser = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", f"--window-size={width},900",
         "--virtual-time-budget=3000", *scheme, "--dump-dom", f"file://{probed}#"], capture_output=True, text=True, timeout=90)
    complaints = [line for line in browser.stderr.splitlines() if "CONSOLE" in line]
    found = re.search(r'<pre id="probe">(.*?)</pre>', browser.stdout, re.S)
    return json.loads(found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")) if found else None, complaints


def check(name, page, charts, frames):
    for width, dark in [(1280, False), (390, True)]:
        found, complaints = show(page, width, dark)
        where = f"{name}, {width} pixels"
        assert not complaints, f"{where}: {complaints}"
        assert found, f"{where}: the page did not load"
        titles = [chart["title"] for chart in found["charts"]]
        assert all(any(title.startswith(wanted) for title in titles) for wanted in charts), f"{where}: {titles}"
        for chart, moved in zip(found["charts"], found["moved"]):
            assert max(chart["curves"]) > 10, f"{where}: {chart} is empty"
            assert "–" not in chart["readings"], f"{where}: {chart} shows no last value"
        assert any(chart["readings"] != moved for chart, moved in zip(found["charts"], found["moved"])), \
            f"{where}: the pointer changes nothing"
        assert found["pictures"], f"{where}: a picture cannot be read"
        assert found["before"] == [[found["steps"][-1]]] * frames, f"{where}: {found['before']}"
        assert found["after"] == [[found["steps"][0]]] * frames and found["output"] == "step 0", f"{where}: the slider is dead"
        assert found["content"] <= found["width"], f"{where}: {found['content']} pixels wide"
        red = int(re.search(r"\d+", found["ground"])[0])
        assert red < 60 if dark else red > 200, f"{where}: {found['ground']}"
        assert found["age"].startswith("written "), f"{where}: {found['age']}"


single = (runs / "fashion/report.html").read_text()
names = ["Losses", "Discriminator’s accuracy", "Gradient norms", "Speed"]
check("one run", single, names, frames=1)
subprocess.run([saddle, "report", f"{runs}/fashion", f"{runs}/ring", "--out", f"{runs}/page-both.html"], check=True,
               stderr=subprocess.DEVNULL)
check("two runs", (runs / "page-both.html").read_text(), names, frames=2)

# An error would have been seen.
_, complaints = show(single, 1280, more="<script>throw new Error('seen')</script>")
assert complaints, "Chromium does not tell of errors: this test sees none"
print(f"ok page: {len(names)} and more charts, slider, pointer, phone and dark, in Chromium without an error")
