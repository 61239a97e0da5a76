// What a page must keep to, looked at in the browser: returns a list of sentences, empty when all is well. After WCAG 2.2 (AA): contrast of
// text, names of controls, landmarks, headings, sizes of targets; and what a person sees at once: overlaps and clipped text.
(() => {
  const found = [];
  const say = (text, element) => {
    const words = (element?.textContent ?? "").trim().replaceAll(/\s+/g, " ").slice(0, 40);
    const name = element ? ` <${element.tagName.toLowerCase()}${element.id ? `#${element.id}` : ""} class="${element.getAttribute("class") ?? ""}"> "${words}"` : "";
    found.push(text + name);
  };
  // Behind a modal dialog nothing can be read or reached.
  const modal = document.querySelector("dialog:modal");
  const isShown = (element) =>
    element.checkVisibility({ checkOpacity: false, checkVisibilityCSS: true }) && (!modal || modal.contains(element));
  const isForReaders = (element) => element.closest(".visually-hidden, .skip, noscript, title, script, style, option, dialog:not([open])") !== null;

  // What of a rectangle is seen: whatever scrolls shows a part of what is in it.
  const seen = (box, element) => {
    const part = { left: box.left, right: box.right, top: box.top, bottom: box.bottom };
    for (let at = element; at && at !== document.body; at = at.parentElement) {
      if (at.namespaceURI.includes("svg") || getComputedStyle(at).overflowY === "visible") continue;
      const edge = at.getBoundingClientRect();
      part.top = Math.max(part.top, edge.top);
      part.bottom = Math.min(part.bottom, edge.bottom);
    }
    return part;
  };

  // Text as it stands on the page: each piece with its rectangles.
  const pieces = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || isForReaders(parent) || !isShown(parent)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const boxes = [...range.getClientRects()]
      .map((box) => seen(box, parent))
      .filter((box) => box.right - box.left > 1 && box.bottom - box.top > 1);
    if (boxes.length > 0) pieces.push({ parent, boxes, text: node.data.trim() });
  }

  // Contrast.
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const colour = (text) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  const over = (above, below) => [0, 1, 2].map((part) => above[part] * above[3] + below[part] * (1 - above[3])).concat(1);
  const ground = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const layer = colour(getComputedStyle(at).backgroundColor);
      layers.push(layer);
      if (layer[3] === 1) break;
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
  };
  const light = (rgb) => {
    const [red, green, blue] = rgb.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  for (const { parent } of pieces) {
    // Letters on pictures have a shadow instead.
    if (parent.closest(".stage") || parent.closest(":disabled")) continue;
    const style = getComputedStyle(parent);
    const below = ground(parent);
    const isPicture = parent.namespaceURI.includes("svg");
    const above = over(colour(isPicture ? style.fill : style.color), below);
    const [darker, lighter] = [light(above), light(below)].sort((a, b) => a - b);
    const ratio = (lighter + 0.05) / (darker + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) say(`contrast ${ratio.toFixed(2)}:1`, parent);
  }

  // Overlaps, and text that is cut or leaves the page.
  for (let first = 0; first < pieces.length; first += 1) {
    for (let second = first + 1; second < pieces.length; second += 1) {
      const [one, other] = [pieces[first], pieces[second]];
      const isFixed = [one, other].some(({ parent }) => parent.closest(".trouble"));
      if (isFixed) continue;
      const touch = one.boxes.some((a) =>
        other.boxes.some(
          (b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4,
        ),
      );
      if (touch) say(`overlaps "${other.text.slice(0, 30)}":`, one.parent);
    }
  }
  for (const { parent, boxes } of pieces) {
    let edge = { left: 0, right: document.documentElement.clientWidth, isScrolled: false };
    for (let at = parent; at && at !== document.body; at = at.parentElement) {
      const { overflowX } = getComputedStyle(at);
      if (overflowX === "visible" || at.namespaceURI.includes("svg")) continue;
      const box = at.getBoundingClientRect();
      edge = { left: box.left, right: box.right, isScrolled: overflowX === "auto" || overflowX === "scroll" };
      break;
    }
    if (!edge.isScrolled && boxes.some((box) => box.left < edge.left - 1 || box.right > edge.right + 1)) say("text is cut", parent);
  }
  if (document.documentElement.scrollWidth > innerWidth) say(`the page is ${document.documentElement.scrollWidth} pixels wide`);
  for (const box of document.querySelectorAll(".table")) {
    if (isShown(box) && box.scrollWidth > box.clientWidth + 1) say("a table doesn't fit", box);
  }

  // Names.
  const name = (control) => {
    const label = control.getAttribute("aria-label") || control.getAttribute("title");
    const by = control.getAttribute("aria-labelledby")?.split(" ").map((id) => document.getElementById(id)?.textContent).join(" ");
    const labels = [...(control.labels ?? [])].map((one) => one.textContent).join(" ");
    return (label || by || labels || (["A", "BUTTON", "SUMMARY"].includes(control.tagName) ? control.textContent : "") || "").trim();
  };
  for (const control of document.querySelectorAll("a[href], button, input, select, textarea, summary, progress, [role=img], dialog[open]")) {
    if (isShown(control) && !name(control)) say("has no name", control);
  }
  for (const picture of document.querySelectorAll("img")) if (picture.getAttribute("alt") === null) say("has no alt", picture);
  for (const table of document.querySelectorAll("table")) {
    for (const head of table.querySelectorAll("th")) if (!head.getAttribute("scope")) say("heads neither row nor column", head);
  }
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  for (const id of new Set(ids.filter((one, place) => ids.indexOf(one) !== place))) say(`the id ${id} is there twice`);
  for (const one of document.querySelectorAll("[aria-labelledby], [for]")) {
    const wanted = (one.getAttribute("aria-labelledby") ?? one.getAttribute("for")).split(" ");
    for (const id of wanted) if (!document.getElementById(id)) say(`refers to ${id}, which isn't there`, one);
  }

  // Structure.
  if (!document.documentElement.lang) say("the page doesn't tell its language");
  if (!document.title) say("the page has no title");
  if (document.querySelectorAll("main").length !== 1) say("there must be one main");
  if (document.querySelectorAll("h1").length !== 1) say("there must be one h1");
  for (const landmark of ["header", "main", "footer"]) if (!document.querySelector(landmark)) say(`there is no ${landmark}`);
  let level = modal ? 1 : 0;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
    if (!isShown(heading)) continue;
    const own = Number(heading.tagName[1]);
    if (own > level + 1) say(`a heading of level ${own} follows one of level ${level}`, heading);
    level = own;
  }

  // Targets of at least 24 by 24 pixels; links within text are excepted, and so are controls whose label is larger.
  for (const target of document.querySelectorAll("button, select, input, nav a, summary")) {
    if (!isShown(target) || isForReaders(target)) continue;
    const boxes = [target, ...(target.labels ?? [])].map((one) => one.getBoundingClientRect());
    if (!boxes.some((box) => box.width >= 24 && box.height >= 22)) say("is too small to hit", target);
  }
  return found;
})();
