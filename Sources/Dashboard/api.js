// Talking to the server: one place that knows the token and what a problem looks like.

const key = "tessera.token";
let listener = () => {};

export const token = () => sessionStorage.getItem(key) ?? "";

export function setToken(value) {
  if (value) sessionStorage.setItem(key, value);
  else sessionStorage.removeItem(key);
}

/** Calls `body` whenever the server wants another token. */
export function onUnauthorized(body) {
  listener = body;
}

/** What the server refuses, with its own words (RFC 9457). */
export class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

function headers(more = {}) {
  return token() ? { ...more, Authorization: `Bearer ${token()}` } : more;
}

async function problem(response) {
  let detail = `The server answered ${response.status}.`;
  try {
    const body = await response.json();
    detail = body.detail || body.title || detail;
  } catch {
    // Not in JSON: the status must do.
  }
  if (response.status === 401) listener(detail);
  return new Problem(response.status, detail);
}

async function send(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { ...options, headers: headers(options.headers), cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "The server can't be reached.");
  }
  if (!response.ok) throw await problem(response);
  return response;
}

export const get = async (path, signal) => (await send(path, { signal })).json();
export const post = async (path, signal) => {
  const response = await send(path, { method: "POST", signal });
  return response.status === 204 ? null : response.json();
};

/** A query without its empty parts. */
export function query(parts) {
  const list = new URLSearchParams();
  for (const [name, value] of Object.entries(parts)) {
    for (const one of [value].flat()) if (one !== null && one !== undefined && one !== "") list.append(name, one);
  }
  return list.size > 0 ? `?${list}` : "";
}

/** Saves what a path answers as a file: a link alone couldn't bring the token. */
export async function download(path, name) {
  const url = URL.createObjectURL(await (await send(path)).blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Pictures by path, as URLs that an image can show; the latest ones are kept. */
export class Pictures {
  constructor(limit = 400) {
    this.limit = limit;
    this.kept = new Map();
  }

  url(path) {
    let entry = this.kept.get(path);
    if (entry) this.kept.delete(path);
    else {
      entry = fetch(path, { headers: headers() }).then(async (response) => {
        if (!response.ok) throw await problem(response);
        return URL.createObjectURL(await response.blob());
      });
      entry.catch(() => this.kept.delete(path));
    }
    this.kept.set(path, entry);
    if (this.kept.size > this.limit) {
      const [oldest, dropped] = this.kept.entries().next().value;
      this.kept.delete(oldest);
      dropped.then(URL.revokeObjectURL, () => {});
    }
    return entry;
  }

  close() {
    for (const entry of this.kept.values()) entry.then(URL.revokeObjectURL, () => {});
    this.kept.clear();
  }
}

/** Uploads a form; `progress` gets the share that is sent. */
export function upload(path, form, more, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    for (const [name, value] of Object.entries(headers(more))) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total);
    });
    request.addEventListener("error", () => reject(new Problem(0, "The upload broke off. Submitting again is safe.")));
    request.addEventListener("load", () => {
      if (request.status >= 200 && request.status < 300) return resolve(request.response);
      if (request.status === 401) listener(request.response?.detail);
      reject(new Problem(request.status, request.response?.detail ?? `The server answered ${request.status}.`));
    });
    request.send(form);
  });
}
