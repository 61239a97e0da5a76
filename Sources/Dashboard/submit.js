// Submitting a study from the page.
import { get, upload } from "./api.js";
import { bytes } from "./format.js";
import { element } from "./parts.js";

export function submitView() {
  let models = [];
  const model = element("select", { id: "submit-model", name: "model", required: true });
  const files = element("div", { className: "stack" });
  const urgency = element(
    "select",
    { id: "submit-class", name: "class" },
    ["routine", "stat", "batch"].map((value) => element("option", { value }, value)),
  );
  const key = element("input", { id: "submit-key", type: "text", autocomplete: "off", spellcheck: false, maxLength: 200 });
  const mirroring = element("input", { id: "submit-mirroring", type: "checkbox", checked: true });
  const button = element("button", { type: "submit" }, "Submit");
  const bar = element("progress", { max: 1, value: 0, hidden: true, "aria-label": "Upload" });
  const status = element("p", { role: "status", className: "quiet" });
  const field = (input, text, hint) =>
    element(
      "div",
      { className: "field" },
      element("label", { htmlFor: input.id }, text),
      input,
      hint ? element("p", { className: "quiet", id: `${input.id}-hint` }, hint) : null,
    );
  // A key of its own, so that pressing the button again after a broken connection makes no second run.
  let ownKey = crypto.randomUUID?.() ?? String(Math.random()).slice(2);

  function showFiles() {
    const channels = models.find(({ name }) => name === model.value)?.channels ?? 1;
    files.replaceChildren(
      ...Array.from({ length: channels }, (_, channel) => {
        const input = element("input", { id: `submit-file-${channel}`, type: "file", required: true, accept: ".nii,.gz,application/gzip" });
        return field(
          input,
          channels > 1 ? `Image of channel ${channel}` : "Image",
          channel === 0 ? "NIfTI, .nii or .nii.gz. Its name isn't sent: names may tell of patients." : null,
        );
      }),
    );
  }

  const form = element(
    "form",
    { className: "fields card", noValidate: false },
    field(model, "Model"),
    files,
    field(urgency, "Class", "stat goes before routine, routine before batch."),
    field(key, "Idempotency key (optional)", "The same key with the same study finds the run that there is."),
    element("label", { className: "check", htmlFor: mirroring.id }, mirroring, "Mirroring (eight times the work, a little better)"),
    element("div", {}, button),
    bar,
    status,
  );
  model.addEventListener("change", showFiles);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const chosen = [...files.querySelectorAll("input")].map((input) => input.files[0]);
    const body = submission({ model: model.value, class: urgency.value, mirroring: mirroring.checked, files: chosen });
    button.disabled = true;
    bar.hidden = false;
    try {
      const size = chosen.reduce((sum, file) => sum + file.size, 0);
      status.textContent = `Sending ${bytes(size)} …`;
      const answer = await upload("v1/runs", body, { "Idempotency-Key": key.value.trim() || ownKey }, (share) => {
        bar.value = share;
      });
      location.hash = `#/runs/${answer.run}`;
    } catch (error) {
      status.textContent = error.message;
      bar.hidden = true;
      // Refused: the next try is another study. Broken off: it is the same one.
      if (error.status >= 400 && error.status < 500 && error.status !== 409) ownKey = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
    } finally {
      button.disabled = false;
    }
  });
  return {
    title: "Submit",
    nodes: [element("h1", {}, "Submit a study"), form],
    async refresh() {
      models = (await get("v1/models")).models;
      model.replaceChildren(...models.map(({ name, configuration }) => element("option", { value: name }, `${name} (${configuration})`)));
      showFiles();
      button.disabled = models.length === 0;
      if (models.length === 0) status.textContent = "No model is registered; an operator adds one with `tessera model add`.";
      return { isOver: true };
    },
  };
}

/** The request's body: text first, so that the server knows what comes before the voxels do. */
function submission({ model, class: urgency, mirroring, files }) {
  const form = new FormData();
  form.append("model", model);
  form.append("class", urgency);
  form.append("mirroring", String(mirroring));
  files.forEach((file, channel) => form.append("image", file, `channel-${channel}.nii.gz`));
  return form;
}
