// SPDX-License-Identifier: Apache-2.0
// The timeline: a lane for each track, a row for each depth. Spans are [name, start us, us, depth, layer, rows, tokens,
// bytes, multiply-adds, pieces]; zeros at the end are left out.
{
  const timeline = profile.timeline;
  const place = byId("timeline"), tip = byId("tip");
  const width = 1150, left = 130, rowHeight = 19, head = 24, gap = 10;
  const wallUs = Math.max(profile.wall_ms * 1000, 1);
  const view = {start: 0, end: wallUs};
  const palette = ["#8cb4e8", "#f2b87c", "#8fd0a4", "#e59a9a", "#c3a6e0", "#d6c26a", "#87cfd3", "#e3a3cb", "#b3bcc6", "#a9cf6f"];

  const lanes = [];
  let height = head;
  for (const track of timeline.tracks) {
    if (track.spans.length === 0) continue;
    const depth = Math.max(...track.spans.map((span) => span[3])) + 1;
    lanes.push({track, top: height, depth});
    height += depth * rowHeight + gap;
  }

  const svg = draw(place, "svg", {viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true"});
  const x = (us) => left + (width - left) * (us - view.start) / (view.end - view.start);

  function label(span) {
    const [name, , us, , layer, rows, tokens, bytes, macs, pieces] = span;
    const lines = [timeline.names[name], time(us / 1000)];
    if (layer > 0) lines.push(`layer ${layer - 1}`);
    if (rows) lines.push(`${rows} rows`);
    if (tokens) lines.push(`${tokens} tokens drawn`);
    if (bytes) lines.push(`${amount(bytes, "B")} read, ${round(bytes / us / 1000)} GB/s`);
    if (macs) lines.push(`${amount(macs, "MAC")}, ${round(macs / us / 1000)} GMAC/s`);
    if (pieces) lines.push(`${pieces} pieces of work`);
    return lines.join("\n");
  }

  // Spans too narrow to see are drawn where the pixel is still free, so a view never holds many more than it has pixels.
  function drawLane({track, top, depth}) {
    draw(svg, "text", {x: 8, y: top + 14}, track.name);
    const taken = new Array(depth).fill(-1);
    track.spans.forEach((span, index) => {
      const [name, start, us, row] = span;
      if (start > view.end || start + us < view.start) return;
      const from = Math.max(x(start), left), to = Math.min(x(start + us), width);
      if (to - from < 0.7 && from < taken[row] + 0.7) return;
      taken[row] = to;
      const y = top + row * rowHeight;
      draw(svg, "rect", {x: from.toFixed(2), y, width: Math.max(0.7, to - from).toFixed(2), height: rowHeight - 2, rx: 2,
                         fill: palette[name % palette.length], "data-track": timeline.tracks.indexOf(track),
                         "data-span": index});
      const text = timeline.names[name];
      if (to - from > 7 * text.length + 8) draw(svg, "text", {class: "span-name", x: from + 5, y: y + 13}, text);
    });
  }

  function show() {
    svg.replaceChildren();
    const step = niceStep(view.end - view.start, 8);
    for (let us = Math.ceil(view.start / step) * step; us <= view.end - step * 0.2; us += step) {
      draw(svg, "line", {class: "grid", x1: x(us), x2: x(us), y1: head - 6, y2: height});
      draw(svg, "text", {x: x(us) + 3, y: 14}, timeTick(us / 1000));
    }
    lanes.forEach(drawLane);
    byId("view").textContent = `${timeTick(view.start / 1000)} to ${time(view.end / 1000)}`;
  }

  function setView(start, end) {
    const length = Math.min(Math.max(end - start, wallUs / 1e6, 0.05), wallUs);
    view.start = Math.min(Math.max(0, start), wallUs - length);
    view.end = view.start + length;
    show();
  }

  function zoom(factor, at = (view.start + view.end) / 2) {
    setView(at - (at - view.start) * factor, at + (view.end - at) * factor);
  }

  const move = (share) => setView(view.start + share * (view.end - view.start), view.end + share * (view.end - view.start));
  const pointed = (event) => {
    const box = svg.getBoundingClientRect();
    const at = (event.clientX - box.left) / box.width * width;
    return view.start + (Math.max(at, left) - left) / (width - left) * (view.end - view.start);
  };

  byId("zoom-in").addEventListener("click", () => zoom(0.5));
  byId("zoom-out").addEventListener("click", () => zoom(2));
  byId("zoom-all").addEventListener("click", () => setView(0, wallUs));
  place.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(event.deltaY < 0 ? 0.8 : 1.25, pointed(event));
  }, {passive: false});
  place.addEventListener("keydown", (event) => {
    const act = {"+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), "0": () => setView(0, wallUs),
                 ArrowLeft: () => move(-0.2), ArrowRight: () => move(0.2)}[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  let dragged = null;
  place.addEventListener("pointerdown", (event) => {
    dragged = {x: event.clientX, start: view.start, end: view.end};
    place.setPointerCapture(event.pointerId);
  });
  place.addEventListener("pointerup", () => { dragged = null; });
  place.addEventListener("pointermove", (event) => {
    if (dragged) {
      const us = (dragged.x - event.clientX) / svg.getBoundingClientRect().width * width / (width - left) * (dragged.end - dragged.start);
      setView(dragged.start + us, dragged.end + us);
      return;
    }
    const target = document.elementFromPoint(event.clientX, event.clientY);
    tip.hidden = !target || target.dataset.span === undefined;
    if (tip.hidden) return;
    tip.textContent = label(timeline.tracks[target.dataset.track].spans[target.dataset.span]);
    tip.style.left = Math.min(event.clientX + 14, innerWidth - 330) + "px";
    tip.style.top = event.clientY + 16 + "px";
  });
  place.addEventListener("pointerleave", () => { tip.hidden = true; });

  if (timeline.left_out > 0) {
    byId("timeline-cut").textContent =
        `The ${timeline.shown} longest spans are shown; ${timeline.left_out} shorter ones are in the Chrome trace alone.`;
  }
  show();
}
