// SPDX-License-Identifier: Apache-2.0
//
// The panel of what the server does: numbers of /metrics and /slots, with a line of their last minutes.
import { get } from "./client.js";

const POINTS = 60;
const INTERVAL_MS = 2000;
const SVG = "http://www.w3.org/2000/svg";

class Chart {
  constructor(parent, title) {
    this.values = [];
    const figure = parent.appendChild(document.createElement("figure"));
    figure.className = "chart";
    const caption = figure.appendChild(document.createElement("figcaption"));
    caption.append(title);
    this.text = caption.appendChild(document.createElement("output"));
    this.text.setAttribute("aria-label", title);
    const svg = figure.appendChild(document.createElementNS(SVG, "svg"));
    svg.setAttribute("viewBox", `0 0 ${POINTS - 1} 100`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    this.line = svg.appendChild(document.createElementNS(SVG, "polyline"));
  }

  add(value, most, text) {
    this.values = [...this.values, value].slice(-POINTS);
    const top = Math.max(most, ...this.values, 1);
    const from = POINTS - this.values.length;
    this.line.setAttribute("points", this.values.map((v, i) => `${from + i},${95 - (90 * v) / top}`).join(" "));
    this.text.textContent = text;
  }
}

function numbersOf(text) {
  const rows = text.split("\n").filter((line) => line && !line.startsWith("#"));
  return new Map(rows.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]));
}

export class Monitor {
  constructor(parent, onError) {
    this.onError = onError;
    this.running = new Chart(parent, "Requests that run");
    this.waiting = new Chart(parent, "Requests that wait");
    this.blocks = new Chart(parent, "KV blocks in use");
    this.rate = new Chart(parent, "Tokens/s of ended answers");
    this.timer = null;
  }

  show(shown) {
    clearInterval(this.timer);
    this.timer = null;
    this.last = null;
    if (!shown) return;
    this.timer = setInterval(() => this.look(), INTERVAL_MS);
    this.look();
  }

  async look() {
    if (document.hidden) return;
    try {
      const [metrics, slots] = await Promise.all([get("metrics"), get("slots")]);
      this.draw(numbersOf(await metrics.text()), (await slots.json()).length);
    } catch (error) {
      this.onError(error);
    }
  }

  draw(numbers, slots) {
    const running = numbers.get("llamacpp:requests_processing");
    const waiting = numbers.get("llamacpp:requests_deferred");
    const used = numbers.get("sterna_kv_blocks_used");
    const blocks = numbers.get("sterna_kv_blocks");
    const now = { tokens: numbers.get("llamacpp:tokens_predicted_total"), ms: performance.now() };
    this.running.add(running, 0, `${running} of ${slots}`);
    this.waiting.add(waiting, 0, `${waiting}`);
    this.blocks.add(used, blocks, `${used} of ${blocks}`);
    const rate = this.last ? ((now.tokens - this.last.tokens) * 1000) / (now.ms - this.last.ms) : 0;
    this.rate.add(rate, 0, rate.toFixed(1));
    this.last = now;
  }
}
