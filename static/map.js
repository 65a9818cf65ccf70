/* Draws cells with Leaflet. Names and numbers arrive as plain text and are set as textContent, never as HTML.
   hotspots.start(map) once a frame, hotspots.paint(values) at every change; geo/maps.py writes both calls. */
(function () {
  "use strict";
  const SCALE = 1e5;                              // outlines come as whole numbers of 1e-5 degrees
  // A stroke inside the edge of its cell alone: it tells to which side of a shared edge it belongs. A small cell gets less.
  const Inner = L.Polygon.extend({
    _updatePath() {
      const pen = this._renderer._ctx, size = this._rawPxBounds.getSize(), small = Math.min(1, Math.min(size.x, size.y) / 30);
      this.options.weight = 2 * this.options.reach * Math.sqrt(small);
      this.options._dashArray = this.options.dash && this.options.dash.map((part) => part * small);
      pen.save();
      pen.beginPath();
      this._parts.forEach((part) => { part.forEach((at, i) => pen[i ? "lineTo" : "moveTo"](at.x, at.y)); pen.closePath(); });
      pen.clip("evenodd");
      L.Polygon.prototype._updatePath.call(this);
      pen.restore();
    },
  });
  const view = { map: null, levels: [], cells: null, wanted: null, shown: null, theme: null, place: null, fitBox: null, moved: false };

  function decode(flat) {                         // [lon, lat, dlon, dlat, ...] -> [[lat, lon], ...]
    const out = [];
    for (let i = 0, x = 0, y = 0; i < flat.length; i += 2) out.push([(y += flat[i + 1]) / SCALE, (x += flat[i]) / SCALE]);
    return out;
  }

  function element(tag, text, parent) {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    if (parent) parent.appendChild(node);
    return node;
  }

  /* ---- once ---- */

  function start(map) {
    view.map = map;
    for (const pane of ["marks", "points", "labels"]) map.createPane(pane);
    view.canvas = L.canvas({ padding: 0.5 });
    view.marksCanvas = L.canvas({ padding: 0.5, pane: "marks" });    // over all cells: no neighbour hides a claim
    view.pointsCanvas = L.canvas({ padding: 0.5, pane: "points" });  // deaf by map.css, or it would take every click
    for (const group of ["marks", "hover", "points"]) view[group] = L.layerGroup().addTo(map);
    controls(map);
    const box = map.getContainer();
    // Leaflet focuses the map when the mouse goes down; the page would scroll under it and the click hit another cell.
    box.focus = () => HTMLElement.prototype.focus.call(box, { preventScroll: true });
    keyboard(box);
    map.on("moveend", label);
    map.on("zoomstart", () => map.getPane("labels").replaceChildren());   // they stand in the plane, which is about to grow or shrink
    map.on("zoomend", touch);
    map.on("dragstart zoomstart", () => { if (!view.fitting) view.moved = true; });
    const again = () => { if (view.shown && theme() !== view.theme) paint(view.shown); };
    if (window.Streamlit) window.Streamlit.events.addEventListener("streamlit:render", () => setTimeout(again));
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
    if (document.fonts) document.fonts.addEventListener("loadingdone", () => { widths.clear(); label(); });   // they change with the font
    new ResizeObserver(() => { map.invalidateSize({ animate: false }); if (!view.moved && view.fitBox) fit(false); }).observe(map.getContainer());
  }

  function load(values, tries = 0) {              // the file of other cells, once; the ground stays until it is there
    const file = element("script");
    file.src = values.link;
    file.addEventListener("load", () => paint(view.wanted));
    file.addEventListener("error", () => {        // lost on its way, or taken away: the map would stay blank until the next change
      file.remove();
      if (tries < 5) setTimeout(() => { if (view.wanted.cells === values.cells) load(values, tries + 1); }, 300 * 2 ** tries);
    });
    document.head.appendChild(file);
  }

  function ground(values) {
    view.levels.forEach((one) => one.remove());
    view.levels = window.hotspotsCells[values.cells].layers.map(level);
    view.cells = values.cells;
    view.all = L.latLngBounds([]);
    view.levels.forEach((one) => one.cells.forEach((cell) => view.all.extend(cell.getBounds())));
    view.map.setMaxBounds();                      // set again where the map has arrived
  }

  function level(data, number) {
    const group = L.featureGroup();
    group.cells = data.shapes.map(function (parts, position) {
      const cell = L.polygon(parts.map((rings) => rings.map(decode)), { renderer: view.canvas, smoothFactor: 0 });
      cell.position = position;
      cell.on("mouseover", () => hover(cell));
      cell.on("mouseout", () => view.hover.clearLayers());
      return cell;
    });
    group.bindTooltip(tip, { sticky: true, className: "cell-tip", direction: "auto", opacity: 1 });
    group.on("click", (event) => send(number, event.layer.position));
    return Object.assign(group, { names: data.names, short: data.short, anchors: data.anchors, parents: data.parents });
  }

  function controls(map) {
    const corner = (position, node) => new (L.Control.extend({ onAdd: () => node }))({ position: position }).addTo(map);
    view.zoom = L.control.zoom().addTo(map);
    L.control.scale({ imperial: false }).addTo(map);
    const box = element("div"), home = view.home = element("a", undefined, box), shape = "http://www.w3.org/2000/svg";
    box.className = "leaflet-bar";
    home.href = "#";
    home.setAttribute("role", "button");
    const icon = home.appendChild(document.createElementNS(shape, "svg")), path = icon.appendChild(document.createElementNS(shape, "path"));
    icon.setAttribute("viewBox", "0 0 16 16");
    icon.setAttribute("aria-hidden", "true");
    path.setAttribute("d", "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4");
    L.DomEvent.disableClickPropagation(box).on(home, "click", L.DomEvent.preventDefault).on(home, "click", () => fit(true));
    corner("topleft", box);
    view.stamp = element("div");
    view.stamp.className = "map-stamp";
    corner("bottomright", view.stamp);
  }

  function keyboard(box) {                        // a focus ring for the keyboard only; the wheel scrolls the page until the map is chosen
    let pressed = false;
    document.addEventListener("pointerdown", () => { pressed = true; box.classList.remove("by-keyboard"); }, true);
    document.addEventListener("pointerup", () => setTimeout(() => { pressed = false; }), true);
    document.addEventListener("keydown", () => box.classList.add("by-keyboard"), true);
    box.addEventListener("focus", () => { box.classList.toggle("by-keyboard", !pressed); });
    if (!window.Streamlit) return;
    view.map.scrollWheelZoom.disable();
    box.addEventListener("focusin", () => view.map.scrollWheelZoom.enable());
    box.addEventListener("focusout", () => view.map.scrollWheelZoom.disable());
  }

  /* ---- what the reader does ---- */

  function tip(cell) {
    const box = element("div");
    element("b", view.levels[view.shown.layer].names[cell.position], box);
    view.shown.tips[cell.position].forEach((text) => element("div", text, box));
    return box;
  }

  function hover(cell) {                          // a marked cell keeps its marks
    view.hover.clearLayers();
    if (view.shown.selected === cell.position) return;
    if (claimed(cell.position)) claim(view.hover, cell, { more: 2 });
    else line(view.hover, cell, view.colours.ink, 2, 0.8);
  }

  function send(layer, position) {                // without a page around it (a saved file) the map marks the cell itself
    if (window.Streamlit) window.Streamlit.setComponentValue({ layer: layer, cell: position, at: Date.now() });
    else paint(Object.assign({}, view.shown, { selected: position }));
  }

  function fit(animate) {
    view.fitting = true;
    view.map.once("moveend", () => { view.fitting = false; view.map.setMaxBounds(view.all.pad(0.8)); });
    view.map.fitBounds(view.fitBox, { padding: [12, 12], animate: animate });
    view.moved = false;
    if (!animate) view.fitting = false;
    touch();
  }

  function touch() {                              // one finger scrolls the page until the map is zoomed in
    if (L.Browser.mobile && view.fitBox) view.map.dragging[view.map.getZoom() > view.map.getBoundsZoom(view.fitBox) + 0.2 ? "enable" : "disable"]();
  }

  /* ---- at every change ---- */

  function theme() {                              // the ground decides, whoever set it
    const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g).map(Number);
    return r * 0.3 + g * 0.59 + b * 0.11 < 128 ? "dark" : "light";
  }

  function paint(values) {
    view.wanted = values;
    if (!(window.hotspotsCells || {})[values.cells]) { load(values); return; }
    if (values.cells !== view.cells) ground(values);
    const one = view.levels[values.layer], place = [values.cells, values.layer, values.parent].join("/");
    view.theme = theme();
    view.shown = values;
    view.colours = values.palettes[view.theme];
    view.hatches = {};
    for (const mark of ["hot", "gather", "hatched", "pale", "within"]) view[mark + "Cells"] = new Set(values[mark]);
    titles(values);
    if (place !== view.place) show(one, values, place);
    one.eachLayer((cell) => cell.setStyle(fill(cell.position)));
    view.hover.clearLayers();
    marks(one, values);
    points(values);
    label();
    let told = false;
    const tell = () => { if (!told) { told = true; api.painted = Date.now(); api.paints += 1; } };
    requestAnimationFrame(() => requestAnimationFrame(tell));
    setTimeout(tell, 2000);                       // a browser that shows no frame (hidden, busy) has drawn it all the same
  }

  function titles(values) {
    const links = [[view.zoom._zoomInButton, values.words.in], [view.zoom._zoomOutButton, values.words.out], [view.home, values.words.all]];
    for (const [link, text] of links) { link.title = text; link.setAttribute("aria-label", text); }
    view.stamp.textContent = values.stamp;
    view.stamp.hidden = !values.stamp;
  }

  function show(one, values, place) {             // other cells: of another level, or of one parent
    view.levels.forEach((other) => other.remove());
    one.clearLayers();
    one.cells.forEach((cell) => { if (values.parent === null || one.parents[cell.position] === values.parent) one.addLayer(cell); });
    one.addTo(view.map);
    view.fitBox = one.getBounds();
    if (view.fitBox.isValid()) fit(view.place !== null);
    view.place = place;
  }

  function shade(position) {
    const step = view.shown.classes[position];
    return step < 0 ? view.colours.missing : view.colours.fills[step];
  }

  function fill(position) {
    const c = view.colours, colour = shade(position);
    return { fillColor: view.hatchedCells.has(position) ? hatch(colour) : colour, fillOpacity: view.paleCells.has(position) ? 0.35 : 1,
      color: c.line, weight: 1, opacity: 1 };
  }

  function ink(position) {                        // of the number on a cell
    const step = view.shown.classes[position];
    return step < 0 || view.paleCells.has(position) ? view.colours.inks[0] : view.colours.inks[step];
  }

  function hatch(ground) {                        // a canvas pattern is a valid fillColor for Leaflet's canvas renderer
    if (view.hatches[ground]) return view.hatches[ground];
    const tile = element("canvas"), pen = tile.getContext("2d");
    tile.width = tile.height = 8;
    pen.fillStyle = ground;
    pen.fillRect(0, 0, 8, 8);
    pen.strokeStyle = view.colours.hatch;
    pen.lineWidth = 1.2;
    pen.beginPath();
    for (const at of [-4, 0, 4, 8]) { pen.moveTo(at - 1, 9); pen.lineTo(at + 9, -1); }
    pen.stroke();
    return (view.hatches[ground] = pen.createPattern(tile, "repeat"));
  }

  function line(group, cell, colour, weight, opacity, dash) {
    group.addLayer(L.polygon(cell.getLatLngs(), { renderer: view.marksCanvas, pane: "marks", interactive: false, smoothFactor: 0,
      fill: false, color: colour, weight: weight, opacity: opacity, dashArray: dash || null }));
  }

  function claimed(position) { return view.hotCells.has(position) || view.gatherCells.has(position); }

  // Strong and unbroken for a hot spot, thin and broken where reports only gather; thinner of the same kind where only the
  // place is named in which a cell lies. A light line on both sides sets it off
  // from any fill, and from the edge: a quiet cell among claimed ones would look outlined itself.
  function claim(group, cell, { begin = 0, more = 0 } = {}) {
    const inner = (colour, reach, dash) => group.addLayer(new Inner(cell.getLatLngs(), { renderer: view.marksCanvas, pane: "marks",
      interactive: false, smoothFactor: 0, fill: false, color: colour, reach: reach, lineCap: "butt", dash: dash }));
    const hot = view.hotCells.has(cell.position), edge = begin + 2, within = view.withinCells.has(cell.position);
    const reach = edge + (hot ? within ? 1.6 : 4 : within ? 1.3 : 2.6) + more;
    inner(view.colours.line, reach + 1.2);
    inner(view.colours.claim, reach, hot ? null : [7, 6]);
    inner(view.colours.line, edge);
  }

  function frame(group, cell, colour, reach) {    // inside the outline, set off from any fill by a light line
    for (const [paint, wide] of [[view.colours.line, reach + 3.2], [colour, reach + 2], [view.colours.line, 2]])
      group.addLayer(new Inner(cell.getLatLngs(), { renderer: view.marksCanvas, pane: "marks", interactive: false, smoothFactor: 0,
        fill: false, color: paint, reach: wide, lineCap: "butt", dash: null }));
  }

  function marks(one, values) {                   // one meaning each; a chosen cell keeps its claim inside the mark of the choice
    const c = view.colours, on = (position) => one.cells[position] && one.hasLayer(one.cells[position]);
    view.marks.clearLayers();
    if (values.layer > 0) view.levels[values.layer - 1].cells.forEach((cell) => line(view.marks, cell, c.ink, 1.4, 0.35));
    values.few.filter(on).forEach((position) => line(view.marks, one.cells[position], c.ink, 1.8, 0.8, "0.1 5"));
    for (const [cells, colour, reach] of [[values.compared, c.compared, 3], [values.subject, c.ink, 4]])
      cells.filter(on).forEach((position) => frame(view.marks, one.cells[position], colour, reach));
    values.hot.concat(values.gather).filter(on).forEach((position) => { if (position !== values.selected) claim(view.marks, one.cells[position]); });
    if (values.selected === null || !on(values.selected)) return;
    const cell = one.cells[values.selected];
    if (claimed(values.selected)) claim(view.marks, cell, { begin: 3 });
    line(view.marks, cell, c.ink, 7, 1);
    line(view.marks, cell, c.line, 3, 1);
  }

  function points(values) {
    const c = view.colours, kinds = values.kinds, counts = values.counts, most = Math.max(...(counts || [1])), dot = { renderer: view.pointsCanvas, pane: "points", interactive: false };
    view.points.clearLayers();
    decode(values.points || []).forEach((at, i) => view.points.addLayer(L.circleMarker(at, Object.assign({}, dot, {
      radius: counts ? 1.5 + 5 * Math.sqrt(counts[i] / most) : kinds ? 3.5 : 2.5, stroke: Boolean(kinds), color: c.line, weight: 0.8, fillColor: kinds ? values.hues[kinds[i]] : c.ink, fillOpacity: kinds ? 0.9 : 0.55 }))));
    for (const [corners] of values.groups)
      for (const [colour, weight] of [[c.line, 4], [c.ink, 1.8]])
        view.points.addLayer(L.polygon(decode(corners), Object.assign({}, dot, { fill: false, color: colour, weight: weight })));
  }

  /* ---- labels: only where they fit the largest circle inside the cell, only in view ---- */

  const ruler = element("canvas").getContext("2d"), widths = new Map();
  function width(text, size) {                    // each text is measured once, for it is as much wider as it is larger
    if (!widths.has(text)) {
      ruler.font = "600 100px " + getComputedStyle(view.map.getContainer()).fontFamily;
      widths.set(text, ruler.measureText(text).width / 100);
    }
    return widths.get(text) * size;
  }

  function halves(text) {                         // one line, or two of about the same length; Latin words stay whole
    const signs = Array.from(text), middle = signs.length / 2;
    if (signs.length < 6) return [text];
    const near = (best, sign, i) => sign === " " && Math.abs(i - middle) < Math.abs(best - middle) ? i : best;
    const space = signs.reduce(near, -1), at = space > 0 ? space : signs.every((sign) => sign < "\u2e80") ? 0 : Math.ceil(middle);
    return at ? [signs.slice(0, at).join(""), signs.slice(at).join("").trim()] : [text];
  }

  function text(at, lines, size, colour, name, halo) {  // a plain element: Leaflet's markers are costly to remove, and each a layer of the screen
    const box = element("div"), spot = view.map.latLngToLayerPoint(at);
    lines.forEach((one, i) => element(i === lines.length - 1 ? "b" : "span", one, box));
    box.className = name;
    Object.assign(box.style, { left: spot.x + "px", top: spot.y + "px", fontSize: size.toFixed(1) + "px", color: colour });
    if (halo) box.style.textShadow = Array(4).fill("0 0 3px " + halo).join();
    return box;
  }

  function label() {
    const values = view.shown, map = view.map;
    if (!values) return;
    const one = view.levels[values.layer], seen = map.getBounds().pad(0.1), found = [];
    one.eachLayer(function (cell) {
      const [lon, lat, metres] = one.anchors[cell.position], at = L.latLng(lat / SCALE, lon / SCALE);
      if (!seen.contains(at)) return;
      const perMetre = 256 * Math.pow(2, map.getZoom()) / (40075016.7 * Math.cos(at.lat * Math.PI / 180));
      const radius = metres * perMetre, size = Math.max(12, Math.min(20, radius * 0.38));
      const fits = (lines) => lines.every(function (text, i) {          // every line inside the circle, with a little slack
        const y = Math.max(Math.abs(i - lines.length / 2), Math.abs(i + 1 - lines.length / 2)) * size * 1.15;
        return y < radius * 1.12 && width(text, size) / 2 < Math.sqrt(Math.max(0, radius * radius * 1.25 - y * y)) * 1.06;
      });
      const name = one.short[cell.position], value = values.values[cell.position];
      found.push({ at: at, size: size, value: value, position: cell.position, claimed: claimed(cell.position),
        named: [[name, value], halves(name).concat(value)].find(fits), bare: radius >= 9 && fits([value]),
        alone: radius >= 60 && fits([name]) && [name] });
    });
    const most = (key) => found.filter((f) => f[key]).length >= 0.4 * found.length;
    const named = most("named"), alone = most("alone");              // names for most, or numbers alone; among points large cells only
    const texts = [];
    found.forEach(function (f) {
      const lines = f.claimed ? f.named || f.bare && [f.value] : values.points ? alone && f.alone : named && f.named || f.bare && [f.value];
      if (lines) texts.push(text(f.at, lines, f.size, ink(f.position), "cell-label", values.points && shade(f.position)));
    });
    const taken = [];                             // the largest group comes first and keeps its number
    values.groups.forEach(function ([corners, words]) {
      const at = L.latLng(decode(corners).reduce((a, b) => (b[0] > a[0] ? b : a))), spot = map.latLngToContainerPoint(at);
      if (!words || taken.some((other) => Math.abs(other.x - spot.x) < 30 && Math.abs(other.y - spot.y) < 22)) return;
      taken.push(spot);
      texts.push(text(at, [words], 13, view.colours.ink, "cell-label group-label"));
    });
    map.getPane("labels").replaceChildren(...texts);
  }

  const api = window.hotspots = { start: start, paint: paint, painted: 0, paints: 0, view: view };
})();
