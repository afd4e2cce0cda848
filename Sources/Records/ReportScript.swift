/// What a report does: draws its charts to the width there is, follows the pointer, moves through time.
enum ReportScript {
  static let text = #"""
    "use strict";
    (() => {
      const data = JSON.parse(document.getElementById("data").textContent);
      const draw = (name, attributes, parent) => {
        const element = document.createElementNS("http://www.w3.org/2000/svg", name);
        for (const key in attributes) element.setAttribute(key, attributes[key]);
        if (parent) parent.append(element);
        return element;
      };

      // Numbers, as short as they can be told apart.
      const steps = (value) => Math.round(value).toLocaleString("en");
      const number = (value) => {
        if (value === null || value === undefined) return "–";
        const size = Math.abs(value);
        if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(1).replace("-", "−");
        return value.toLocaleString("en", { maximumSignificantDigits: size >= 1000 ? 4 : 3 }).replace("-", "−");
      };

      // Round places on an axis, about as many as are wanted.
      const ticks = (low, high, count) => {
        const rough = (high - low) / count || 1, power = 10 ** Math.floor(Math.log10(rough));
        const unit = [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= rough * 0.999) || 10 * power;
        const result = [];
        for (let n = Math.ceil(low / unit - 1e-9); n * unit <= high + unit * 1e-9; n++) result.push(n * unit + 0);
        return result;
      };
      const logTicks = (low, high) => {
        const decades = Math.log10(high / low), result = [];
        const skip = Math.max(1, Math.ceil(decades / 4)), marks = decades < 1 ? [1, 2, 3, 5] : decades < 2 ? [1, 3] : [1];
        for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++)
          for (const mark of power % skip === 0 ? marks : []) {
            const value = mark * 10 ** power;
            if (value >= low * 0.999 && value <= high * 1.001) result.push(value);
          }
        return result;
      };

      // A moving average about each point: what the eye would do, without lag.
      const smoothed = (values) => {
        const reach = values.length < 60 ? 0 : Math.round(values.length / 60);
        if (!reach) return null;
        return values.map((value, place) => {
          if (value === null) return null;
          let sum = 0, weight = 0;
          for (let i = Math.max(0, place - reach); i <= Math.min(values.length - 1, place + reach); i++) {
            if (values[i] === null) continue;
            const share = 1 - Math.abs(i - place) / (reach + 1);
            sum += share * values[i], weight += share;
          }
          return sum / weight;
        });
      };

      const firstStep = Math.min(...data.charts.flatMap((chart) => chart.curves.map((curve) => curve.x[0] ?? 0)), 0);
      const lastStep = Math.max(...data.charts.flatMap((chart) => chart.curves.map((curve) => curve.x.at(-1) ?? 0)), 1);

      class Chart {
        constructor(figure, all) {
          this.plot = figure.querySelector(".plot");
          Object.assign(this, data.charts[figure.dataset.chart]);
          const legend = figure.querySelector(".key");
          for (const curve of this.curves) {
            // In logarithms where the axis has them, so that an average is one of what is seen.
            const place = (value) => (value === null || !this.log ? value : value > 0 ? Math.log10(value) : null);
            [curve.raw, curve.lows, curve.highs] = [curve.y, curve.low, curve.high].map((list) => list && list.map(place));
            curve.even = smoothed(curve.raw);
            if (curve.lows && curve.even) [curve.lows, curve.highs] = [smoothed(curve.lows), smoothed(curve.highs)];
            const item = document.createElement("li");
            item.style.setProperty("--ink", `var(--c${curve.colour % 6})`);
            if (curve.colour >= 6) item.className = "dashed";
            item.append(document.createElement("i"), curve.name + " ");
            curve.reading = item.appendChild(document.createElement("b"));
            legend.append(item);
          }
          this.scale();
          this.render();
          this.read(null);
          this.plot.addEventListener("pointermove", (event) => readAll(this.stepAt(event)));
          this.plot.addEventListener("pointerdown", (event) => readAll(this.stepAt(event)));
          this.plot.addEventListener("pointerleave", () => readAll(null));
          new ResizeObserver(() => (this.plot.clientWidth !== this.width || this.plot.clientHeight !== this.height) && this.render()).observe(this.plot);
        }

        // The middle 98 of 100 values, all of the averages, and what the chart is compared with.
        scale() {
          const finite = (list) => (list || []).filter((value) => value !== null && Number.isFinite(value));
          const raw = this.curves.flatMap((curve) => finite(curve.raw)).sort((a, b) => a - b);
          const cut = raw.length > 200 ? Math.floor(raw.length / 100) : 0;
          const seen = [raw[cut], raw.at(-1 - cut)].concat(
            this.curves.flatMap((curve) => [...finite(curve.even), ...finite(curve.lows), ...finite(curve.highs)]));
          let [low, high] = seen.length && raw.length
            ? [seen.reduce((a, b) => Math.min(a, b)), seen.reduce((a, b) => Math.max(a, b))] : [0, 1];
          if (this.reference !== null) [low, high] = [Math.min(low, this.reference), Math.max(high, this.reference)];
          if (high - low < 1e-9 * Math.max(1, Math.abs(high))) [low, high] = low === 0 ? [0, 1] : [low - 0.5, high + 0.5];
          // An axis that nearly begins at zero begins there.
          if (!this.log && low > 0 && low < 0.35 * high) low = 0;
          const room = 0.06 * (high - low);
          [this.low, this.high] = this.range || [low === 0 ? 0 : low - room, high + room];
        }

        render() {
          const width = (this.width = this.plot.clientWidth), height = (this.height = Math.max(190, this.plot.clientHeight));
          if (!width) return;
          const marks = this.log
            ? logTicks(10 ** this.low, 10 ** this.high).map((value) => [Math.log10(value), value])
            : ticks(this.low, this.high, 4).map((value) => [value, value]);
          const left = (this.left = 10 + 7 * Math.max(...marks.map(([, value]) => number(value).length), 1));
          const [right, top, bottom] = [width - 12, 8, height - 24];
          this.x = (step) => left + ((step - firstStep) / (lastStep - firstStep)) * (right - left);
          this.y = (value) => Math.min(bottom + 1, Math.max(top - 1, bottom - ((value - this.low) / (this.high - this.low)) * (bottom - top)));
          const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img" });
          draw("title", {}, svg).textContent = this.title;
          for (const [place, value] of marks) {
            const y = this.y(place);
            draw("path", { class: "line", d: `M${left} ${y}H${right}` }, svg);
            draw("text", { x: left - 8, y: y + 4, "text-anchor": "end" }, svg).textContent = number(value);
          }
          const places = ticks(firstStep, lastStep, Math.max(2, Math.floor((right - left) / 90)));
          for (const step of places) {
            const anchor = this.x(step) > right - 16 ? "end" : step === firstStep ? "start" : "middle";
            draw("text", { x: this.x(step), y: height - 5, "text-anchor": anchor }, svg).textContent = steps(step);
          }
          if (this.reference !== null) draw("path", { class: "reference", d: `M${left} ${this.y(this.reference)}H${right}` }, svg);
          for (const curve of this.curves) {
            const group = draw("g", { class: "curve" + (curve.colour >= 6 ? " dashed" : "") }, svg);
            group.style.setProperty("--ink", `var(--c${curve.colour % 6})`);
            if (curve.lows) draw("path", { class: "band", d: this.area(curve) }, group);
            else if (curve.even) draw("path", { class: "raw", d: this.path(curve.x, curve.raw) }, group);
            draw("path", { class: "even", d: this.path(curve.x, curve.even || curve.raw) }, group);
            if (curve.x.length < 30) curve.x.forEach((step, i) => curve.raw[i] !== null &&
              draw("circle", { cx: this.x(step), cy: this.y(curve.raw[i]), r: 2.5 }, group));
          }
          this.cursor = draw("g", { class: "cursor", visibility: "hidden" }, svg);
          this.plot.replaceChildren(svg);
        }

        path(xs, values) {
          let path = "", down = false;
          xs.forEach((step, i) => {
            if (values[i] === null) return (down = false);
            path += `${down ? "L" : "M"}${this.x(step).toFixed(1)} ${this.y(values[i]).toFixed(1)}`;
            down = true;
          });
          return path;
        }

        area(curve) {
          const ends = curve.x.map((step, i) => [step, curve.lows[i], curve.highs[i]]).filter(([, low]) => low !== null);
          const edge = (list) => list.map(([step, value]) => `${this.x(step).toFixed(1)} ${this.y(value).toFixed(1)}`).join("L");
          const under = edge(ends.map(([step, low]) => [step, low])), over = edge(ends.map(([step, , high]) => [step, high]).reverse());
          return ends.length ? `M${under}L${over}Z` : "";
        }

        stepAt(event) {
          const box = this.plot.getBoundingClientRect();
          const share = (event.clientX - box.left - this.left) / (this.width - 12 - this.left);
          return firstStep + Math.min(1, Math.max(0, share)) * (lastStep - firstStep);
        }

        // The values at a step, or the last ones.
        read(step) {
          if (!this.cursor) return;
          this.cursor.replaceChildren();
          this.cursor.setAttribute("visibility", step === null ? "hidden" : "visible");
          let shown = null;
          for (const curve of this.curves) {
            let place = curve.x.length - 1;
            if (step !== null) {
              let [low, high] = [0, place];
              while (high - low > 1) (curve.x[(low + high) >> 1] <= step ? (low = (low + high) >> 1) : (high = (low + high) >> 1));
              place = Math.abs(curve.x[low] - step) <= Math.abs((curve.x[high] ?? Infinity) - step) ? low : high;
            }
            curve.reading.textContent = number(place < 0 ? null : curve.y[place]);
            if (step === null || place < 0) continue;
            shown = curve.x[place];
            const height = (curve.even || curve.raw)[place];
            if (height === null) continue;
            const dot = draw("circle", { cx: this.x(curve.x[place]), cy: this.y(height), r: 3.5 }, this.cursor);
            dot.style.setProperty("--ink", `var(--c${curve.colour % 6})`);
          }
          if (shown === null) return;
          const x = this.x(shown);
          this.cursor.prepend(draw("path", { d: `M${x} 8V${this.height - 24}` }));
          const label = draw("text", { x: Math.min(this.width - 30, Math.max(this.left + 20, x)), y: this.height - 5, "text-anchor": "middle" }, this.cursor);
          label.textContent = steps(shown);
        }
      }

      const charts = [];
      const readAll = (step) => charts.forEach((chart) => chart.read(step));
      for (const figure of document.querySelectorAll("[data-chart]")) charts.push(new Chart(figure));

      // Time: one slider for all pictures that change with it. #step=500 in the address keeps a place.
      const slider = document.querySelector(".time input");
      let turn = null;
      if (slider) {
        const times = JSON.parse(slider.dataset.steps);
        const button = document.querySelector(".time button");
        const show = () => {
          const step = times[slider.value];
          for (const frames of document.querySelectorAll(".frames")) {
            const pictures = [...frames.children];
            const now = pictures.findLast((picture) => Number(picture.dataset.step) <= step) || pictures[0];
            for (const picture of pictures) picture.hidden = picture !== now;
          }
          document.querySelector(".time output").textContent = `step ${steps(step)}`;
          document.querySelector(".time").dataset.step = step;
        };
        const remember = () => {
          const isLast = Number(slider.value) === times.length - 1;
          history.replaceState(null, "", isLast ? location.pathname + location.search : `#step=${times[slider.value]}`);
        };
        const follow = () => {
          const wanted = /^#step=(\d+)$/.exec(location.hash);
          if (wanted) slider.value = Math.max(0, times.findLastIndex((step) => step <= Number(wanted[1])));
          show();
        };
        const stop = () => {
          clearInterval(turn);
          turn = null;
          button.dataset.state = "still";
          button.setAttribute("aria-label", "Play");
        };
        button.addEventListener("click", () => {
          if (turn) return stop();
          if (Number(slider.value) === times.length - 1) slider.value = 0;
          button.dataset.state = "playing";
          button.setAttribute("aria-label", "Stop");
          turn = setInterval(() => {
            slider.value = Number(slider.value) + 1;
            show();
            if (Number(slider.value) === times.length - 1) stop();
          }, 350);
          show();
        });
        slider.addEventListener("input", () => { stop(); show(); });
        slider.addEventListener("change", remember);
        addEventListener("hashchange", follow);
        follow();
      }

      // Age, and the next version of a page whose run goes on.
      const age = document.querySelector("[data-written]");
      const tell = () => {
        const seconds = Math.max(0, Date.now() / 1000 - data.written);
        const [count, unit] = seconds < 90 ? [seconds, "second"] : seconds < 5400 ? [seconds / 60, "minute"]
          : seconds < 129600 ? [seconds / 3600, "hour"] : [seconds / 86400, "day"];
        const isOld = data.running && seconds > 1800;
        age.textContent = "written " + new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(-Math.round(count), unit)
          + (isOld ? ": the run may have stopped" : "");
        if (data.running && !isOld && !turn && document.visibilityState === "visible" && seconds > 20) {
          tell.next = (tell.next || 0) + 1;
          if (tell.next % 3 === 0) location.reload();
        }
      };
      tell();
      setInterval(tell, 10000);
    })();
    """#
}
