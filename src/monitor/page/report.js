// SPDX-License-Identifier: Apache-2.0
// Draws the report from the JSON in the page. Text goes in by textContent only: names come from outside.
"use strict";
const profile = JSON.parse(document.getElementById("profile").textContent);

const byId = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";  // a name, never fetched

function make(parent, tag, text, attributes = {}) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  parent.append(element);
  return element;
}

function draw(parent, tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

function round(value, digits = 3) {
  if (value === 0) return "0";
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(Math.max(0, digits - 1 - magnitude));
}

function time(ms) {
  if (ms >= 10000) return round(ms / 1000) + " s";
  return ms >= 1 ? round(ms) + " ms" : round(ms * 1000) + " \u00b5s";
}

const count = (value) => value.toLocaleString("en");

function amount(value, unit) {
  for (const [size, prefix] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (value >= size) return round(value / size) + " " + prefix + unit;
  }
  return round(value) + " " + unit;
}

const percent = (share) => (share * 100).toFixed(share < 0.1 ? 1 : 0) + " %";

// ---- figures ----

function phase(name) {
  return profile.operations.filter((row) => row.phase === name).reduce((ms, row) => ms + row.ms, 0);
}

function showAbout() {
  for (const [name, value] of Object.entries(profile.about)) {
    const pair = make(byId("about"), "div");
    make(pair, "dt", name);
    make(pair, "dd", value);
  }
}

// Steps of one row or of guesses generate; the others read prompts. Their times are those of whole steps.
function speeds() {
  const totals = {prompt: {rows: 0, ms: 0}, generation: {tokens: 0, ms: 0}};
  const steps = profile.steps;
  steps.ms.forEach((ms, i) => {
    if (steps.rows[i] > 16 || steps.rows[i] > 2 * Math.max(1, steps.tokens[i])) {
      totals.prompt.rows += steps.rows[i];
      totals.prompt.ms += ms;
    } else {
      totals.generation.tokens += steps.tokens[i];
      totals.generation.ms += ms;
    }
  });
  return totals;
}

function showFigures() {
  const figure = (value, what) => {
    const item = make(byId("figures"), "li");
    make(item, "strong", value);
    make(item, "span", what);
  };
  const {prompt, generation} = speeds();
  figure(time(profile.wall_ms), "in all");
  figure(count(profile.tokens), "tokens generated");
  if (generation.ms > 0) figure(round(generation.tokens * 1000 / generation.ms), "tokens a second, generation");
  if (prompt.ms > 0) figure(round(prompt.rows * 1000 / prompt.ms), "tokens a second, prompt");
  const resources = profile.resources;
  if (resources.highest_resident_bytes) figure(amount(resources.highest_resident_bytes, "B"), "resident memory at most");
  if (resources.user_cpu_ms !== undefined && profile.wall_ms > 0) {
    figure(round((resources.user_cpu_ms + resources.system_cpu_ms) / profile.wall_ms), "processors busy on average");
  }
  if (resources.joules_per_token) figure(round(resources.joules_per_token) + " J", "a token");
}

// ---- tables ----

function table(parent, heads, rows, caption) {
  const scroll = make(parent, "div", undefined, {class: "scroll", tabindex: "0", role: "region", "aria-label": caption});
  const element = make(scroll, "table");
  const head = make(make(element, "thead"), "tr");
  for (const name of heads) make(head, "th", name, {scope: "col"});
  const body = make(element, "tbody");
  for (const cells of rows) {
    const line = make(body, "tr");
    for (const cell of cells) {
      if (typeof cell === "string") {
        make(line, "td", cell);
      } else {
        const place = make(line, "td", undefined, {class: cell.second ? "bar second" : "bar"});
        make(place, "i").style.width = `calc((100% - 8px) * ${Math.min(1, cell.share).toFixed(4)})`;
        make(place, "b", cell.text);
      }
    }
  }
}

function beside(speed, limit, unit) {
  if (speed === 0) return "";
  if (limit === 0) return round(speed) + " " + unit;
  return {share: speed / limit, text: `${round(speed)} ${unit} (${percent(speed / limit)})`, second: true};
}

function showOperations() {
  const limits = profile.limits;
  byId("limits").textContent = limits.read_gb_per_second > 0
      ? `Limits measured after the run: memory read at ${round(limits.read_gb_per_second)} GB/s` +
        (limits.gmac_per_second > 0 ? `, 8-bit multiply-adds on registers at ${round(limits.gmac_per_second)} GMAC/s` : "") +
        ". An operation whose data lies in a cache, or whose kernel looks products up, can pass them."
      : "The limits of this machine were not measured.";
  const heads = ["operation", "share of the phase", "time", "calls", "read, of the limit", "multiply-adds, of the limit"];
  for (const name of ["prompt", "generation"]) {
    const rows = profile.operations.filter((row) => row.phase === name);
    if (rows.length === 0) continue;
    make(byId("operations"), "h3", `${name[0].toUpperCase()}${name.slice(1)}: ${time(phase(name))}`);
    table(byId("operations"), heads, rows.map((row) => [
      row.name,
      {share: row.share, text: percent(row.share)},
      time(row.ms),
      count(row.calls),
      beside(row.gb_per_second, limits.read_gb_per_second, "GB/s"),
      beside(row.gmac_per_second, limits.gmac_per_second, "GMAC/s"),
    ]), `Operations, ${name}`);
  }
}

function showSpans() {
  table(byId("spans"), ["span", "track", "count", "in all", "by itself", "longest"], profile.spans.by_name.map((row) => [
    row.name, row.track, count(row.count), time(row.total_ms), time(row.self_ms), time(row.longest_ms),
  ]), "Spans by name");
  if (profile.spans.dropped > 0) {
    make(byId("spans"), "p", `${profile.spans.dropped} spans did not fit and are not counted here.`, {class: "note"});
  }
}

function showResources() {
  const units = {ms: "time", bytes: "bytes"};
  table(byId("resources"), ["figure", "value"], Object.entries(profile.resources).map(([name, value]) => {
    const unit = units[name.split("_").pop()];
    const words = name.replace(/_(ms|bytes)$/, "").replaceAll("_", " ");
    return [words, unit === "time" ? time(value) : unit === "bytes" ? amount(value, "B") : Number.isInteger(value) ? count(value) : round(value)];
  }), "Resources");
  for (const why of profile.missing) make(byId("missing"), "li", why);
}

// ---- curves over time ----

const timeTick = (ms) => (ms === 0 ? "0" : time(ms).replace(/\.0+(?=\D)/, ""));

function niceStep(range, count) {
  const rough = range / count || 1;
  const size = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * size).find((step) => step >= rough);
}

// Of an axis: no more digits than its steps need.
const tick = (value, unit) => (value === 0 ? "0" : amount(value, unit).replace(/(\.\d*?)0+(?=\D|$)/, "$1").replace(/\.(?=\D|$)/, "").trim());

// `points`: [ms, value] in order. `stairs`: a value holds until the next.
function chart(id, points, title, unit, {stairs = false, second = false} = {}) {
  const place = byId(id);
  if (points.length < 2) {
    make(place, "p", `${title}: too few samples`, {class: "note", style: "padding: 6px 12px"});
    return;
  }
  const width = 1150, height = 210, left = 66, right = 14, top = 26, bottom = 26;
  const highest = Math.max(...points.map(([, value]) => value)) || 1;
  const step = niceStep(highest, 4), limit = Math.ceil(highest / step) * step;
  const x = (ms) => left + (width - left - right) * ms / profile.wall_ms;
  const y = (value) => height - bottom - (height - top - bottom) * value / limit;
  const svg = draw(place, "svg", {viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `${title}: at most ${amount(highest, unit)}, ${amount(points.at(-1)[1], unit)} at the end`});
  draw(svg, "text", {x: left, y: 17}, title);
  for (let value = 0; value <= limit * 1.0001; value += step) {
    draw(svg, "line", {class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value)});
    draw(svg, "text", {x: left - 8, y: y(value) + 4, "text-anchor": "end"}, tick(value, unit));
  }
  const timeStep = niceStep(profile.wall_ms, 8);
  for (let ms = 0; ms <= profile.wall_ms * 0.98; ms += timeStep) {
    draw(svg, "text", {x: x(ms), y: height - 8, "text-anchor": "middle"}, timeTick(ms));
  }
  let path = "";
  points.forEach(([ms, value], i) => {
    if (stairs && i > 0) path += `H${x(ms).toFixed(1)}`;
    path += `${i === 0 ? "M" : stairs ? "V" : "L"}${i > 0 && stairs ? "" : x(ms).toFixed(1) + " "}${y(value).toFixed(1)}`;
  });
  const end = `V${y(0)}H${x(points[0][0]).toFixed(1)}Z`;
  if (!second) draw(svg, "path", {class: "area", d: path + end});
  draw(svg, "path", {class: second ? "curve second" : "curve", d: path});
}

function showCurves() {
  const steps = profile.steps, samples = profile.samples;
  let tokens = 0;
  const drawn = [[steps.start_ms[0] ?? 0, 0]];
  steps.tokens.forEach((count, i) => drawn.push([steps.start_ms[i] + steps.ms[i], tokens += count]));
  chart("tokens-chart", drawn, "Tokens generated", "", {stairs: true});
  chart("memory-chart", samples.time_ms.map((ms, i) => [ms, samples.resident_bytes[i]]), "Resident memory", "B");
  const between = (values, per) => values.slice(1).map((value, i) =>
    [samples.time_ms[i + 1], Math.max(0, value - values[i]) / Math.max(1e-6, samples.time_ms[i + 1] - samples.time_ms[i]) * per]);
  chart("cpu-chart", between(samples.cpu_ms, 1), "Processors busy", "");
  const faults = samples.minor_faults.map((count, i) => count + samples.major_faults[i]);
  chart("faults-chart", between(faults, 1000), "Page faults a second", "", {second: true});
}

showAbout();
showFigures();
showOperations();
showSpans();
showResources();
showCurves();
