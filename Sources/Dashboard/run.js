// One run: how far it is, what it found, its slices.
import { download, get, Pictures, post, query } from "./api.js";
import { duration, integer, isFinal, millilitres, moment, until } from "./format.js";
import { card, element, facts, progressBar, stateBadge } from "./parts.js";
import { mountViewer, swatch } from "./viewer.js";

export function runView(id) {
  const path = `v1/runs/${encodeURIComponent(id)}`;
  const pictures = new Pictures();
  const badge = element("span", { role: "status" });
  const actions = element("div", { className: "actions" });
  const overview = element("section", { className: "card overview", "aria-label": "Overview" });
  const found = element("div", { className: "stack" });
  let unmount = null;
  let shownState = null;
  let refreshNow = () => {};

  async function showResults(run) {
    const listing = await get(`${path}/slices`);
    const colours = new Map(listing.labels.map(({ label, colour }) => [label, colour]));
    const viewer = element("div", { id: "viewer" });
    const results = element("div", { className: "pair" }, volumes(run, colours), timings(run));
    found.replaceChildren(card("Slices", viewer), results, provenance(run));
    unmount = mountViewer(viewer, viewerSource(path, listing, pictures));
  }

  function showActions(run) {
    const button = (text, className, body) => {
      const made = element("button", { type: "button", className }, text);
      made.addEventListener("click", async () => {
        made.disabled = true;
        try {
          await body();
        } finally {
          made.disabled = false;
        }
      });
      return made;
    };
    const save = (what, name) => () => download(`${path}/${what}`, name);
    if (run.state === "completed") {
      actions.replaceChildren(
        button("Label map", "plain", save("labelmap", `${id}.nii.gz`)),
        button("Report", "plain", save("report.html", `${id}.html`)),
        button("Mosaic", "plain", save("mosaic.png", `${id}.png`)),
      );
    } else if (isFinal(run.state)) {
      actions.replaceChildren();
    } else {
      actions.replaceChildren(
        button("Cancel the run", "plain", async () => {
          await post(`${path}/cancel`);
          refreshNow();
        }),
      );
    }
  }

  function lettersOf(run) {
    if (run.dead_tiles === 0) return null;
    const link = element("a", { href: "#/letters" }, "dead letters");
    return element("p", {}, `Tiles that used up their attempts: ${integer(run.dead_tiles)}; see the `, link, ".");
  }

  return {
    title: "Run",
    nodes: [
      element("div", { className: "heading" }, element("div", {}, element("h1", {}, "Run ", element("code", {}, id)), badge), actions),
      overview,
      found,
    ],
    interval: 1000,
    started(refresh) {
      refreshNow = refresh;
    },
    async refresh() {
      const run = await get(path);
      const queue = run.queue;
      overview.replaceChildren(
        ...[
          run.failure ? element("p", { className: "reason" }, element("strong", {}, `Failed (${run.failure.kind}): `), run.failure.reason) : null,
          lettersOf(run),
          facts("facts", [
            ["Model", run.model],
            ["Class", run.class],
            ["Tenant", run.tenant],
            ["Tiles", progressBar(run)],
            ["Place in the queue", queue ? `${integer(queue.position)} of ${integer(queue.runs)}` : null],
            ["Expected", queue ? expected(queue) : null],
            ["Submitted", moment(run.submitted_at)],
            ["Finished", run.finished_at ? moment(run.finished_at) : null],
            ["Took", run.finished_at ? duration((Date.parse(run.finished_at) - Date.parse(run.submitted_at)) / 1000) : null],
            ["Engine", run.outcome?.engine],
          ]),
        ].filter(Boolean),
      );
      overview.classList.toggle("failure", run.state === "failed");
      if (run.state !== shownState) {
        const isCompleted = run.state === "completed" && shownState !== "completed";
        shownState = run.state;
        badge.replaceChildren(stateBadge(run.state));
        showActions(run);
        if (isCompleted) await showResults(run);
      }
      return { isOver: isFinal(run.state) };
    },
    close() {
      unmount?.();
      pictures.close();
    },
  };
}

function expected(queue) {
  if (!queue.expected_at) return queue.reason === "paused" ? "paused" : "no workers are there";
  return `${until(queue.expected_at)}, at the latest ${until(queue.expected_at_the_latest)}`;
}

const windowNames = {
  automatic: "automatic", "soft-tissue": "CT soft tissue", lung: "CT lung", bone: "CT bone", brain: "CT brain",
};

/** Where the viewer gets its pictures from. */
function viewerSource(path, listing, pictures) {
  const all = listing.labels.map(({ label }) => label);
  const address = (view, index, layer, options) => {
    const parts = { layer };
    if (layer === "image") parts.window = options.window === "automatic" ? null : options.window;
    if (layer === "labels" && options.hidden.size > 0) parts.label = all.filter((label) => !options.hidden.has(label));
    return `${path}/slices/${view.id}/${index}.png${query(parts)}`;
  };
  const isEmpty = (layer, options) => layer === "labels" && all.every((label) => options.hidden.has(label));
  return {
    views: listing.planes,
    labels: listing.labels,
    oriented: listing.oriented,
    windows: listing.windows.map((value) => ({ value, name: windowNames[value] ?? value })),
    selectable: listing.labels.length > 1,
    picture: (view, index, layer, options) =>
      isEmpty(layer, options) ? null : pictures.url(address(view, index, layer, options)),
    ahead(view, indices, place, options) {
      for (const next of [place + 1, place - 1, place + 2, place - 2]) {
        if (next < 0 || next >= indices.length) continue;
        for (const layer of ["image", "labels"]) {
          if (!isEmpty(layer, options)) pictures.url(address(view, indices[next], layer, options)).catch(() => {});
        }
      }
    },
  };
}

function bar(share) {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  picture.setAttribute("class", "bar");
  picture.setAttribute("aria-hidden", "true");
  const column = document.createElementNS(space, "rect");
  for (const [key, value] of Object.entries({ width: `${share * 100}%`, height: 8, rx: 2 })) column.setAttribute(key, value);
  picture.append(column);
  return picture;
}

function table(heads, rows, foot) {
  const line = (cells) =>
    element(
      "tr",
      {},
      cells.map((cell, place) =>
        place === 0 ? element("th", { scope: "row" }, cell) : element("td", { className: heads[place].className }, cell),
      ),
    );
  return element(
    "table",
    {},
    element(
      "thead",
      {},
      element(
        "tr",
        {},
        heads.map(({ title, className = "", hidden }) =>
          element("th", { scope: "col", className }, hidden ? element("span", { className: "visually-hidden" }, title) : title),
        ),
      ),
    ),
    element("tbody", {}, rows.map(line)),
    foot ? element("tfoot", {}, line(foot)) : null,
  );
}

function volumes(run, colours) {
  const total = run.outcome.labels.reduce((sum, { volume_ml }) => sum + volume_ml, 0);
  const heads = [
    { title: "Label" }, { title: "Volume, mL", className: "number" }, { title: "Voxels", className: "number wide" },
    { title: "Share", className: "bars", hidden: true },
  ];
  const rows = run.outcome.labels.map(({ label, name, voxels, volume_ml }) => [
    [colours.has(label) ? swatch(colours.get(label)) : null, name].filter(Boolean), millilitres(volume_ml), integer(voxels),
    bar(total > 0 ? volume_ml / total : 0),
  ]);
  const voxels = run.outcome.labels.reduce((sum, label) => sum + label.voxels, 0);
  return card("Volumes", table(heads, rows, ["All labels", millilitres(total), integer(voxels), ""]));
}

function timings(run) {
  const steps = run.outcome.timings;
  const longest = Math.max(...steps.map(({ seconds }) => seconds), 0);
  const passes = Math.max(...steps.map(({ pass }) => pass), 0);
  const heads = [{ title: "Step" }, { title: "Seconds", className: "number" }, { title: "Share", className: "bars", hidden: true }];
  const text = (seconds) => seconds.toFixed(seconds >= 100 ? 0 : seconds >= 1 ? 1 : 3);
  const rows = steps.map(({ step, seconds, pass }) => [
    passes > 0 ? `${step}, pass ${pass + 1}` : step, text(seconds), bar(longest > 0 ? seconds / longest : 0),
  ]);
  return card("Timings", table(heads, rows, ["Together", text(steps.reduce((sum, { seconds }) => sum + seconds, 0)), ""]));
}

function provenance(run) {
  const { outcome } = run;
  return card(
    "Provenance",
    facts("lines", [
      ["Software", `tessera ${outcome.software_version}`],
      ["Engine and instruction set", outcome.engine],
      ["Idempotency key", run.key],
      ["SHA-256 of the model", run.model_sha256, true],
      ...run.inputs.map((digest, channel) => [
        run.inputs.length > 1 ? `SHA-256 of the image of channel ${channel}` : "SHA-256 of the image", digest, true,
      ]),
      ["SHA-256 of the label map", outcome.label_map_sha256, true],
      ["SHA-256 of the label voxels", outcome.label_voxels_sha256, true],
      ["Trace", run.trace_id, true],
    ]),
  );
}
