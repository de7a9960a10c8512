// Calls of the HTTP API. Every refusal becomes an ApiError with the problem detail's own words.

export class ApiError extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `the server answered ${status}`);
    this.status = status;
    this.code = problem.code || "";
  }
}

let onLoggedOut = () => {};

/** Called when the server asks for a key. */
export function whenLoggedOut(callback) {
  onLoggedOut = callback;
}

async function send(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options });
  } catch {
    throw new ApiError(0, { detail: "The server cannot be reached; is docagent serve running?" });
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  if (response.status === 401 && !path.startsWith("/v1/session")) onLoggedOut();
  throw new ApiError(response.status, problem);
}

async function json(path, options) {
  const response = await send(path, options);
  return response.status === 204 ? null : response.json();
}

function body(method, value, headers = {}) {
  return {
    method,
    body: JSON.stringify(value),
    headers: { "Content-Type": "application/json", ...headers },
  };
}

/** Events of a stream of server-sent events, as {event, data}. */
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value.replaceAll("\r\n", "\n");
      for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
        const made = { event: "message", data: "" };
        for (const line of text.slice(0, end).split("\n")) {
          const [, name, rest] = /^(\w+): ?(.*)$/.exec(line) || [];
          if (name === "event") made.event = rest;
          if (name === "data") made.data += rest;
        }
        if (made.data) yield { event: made.event, data: JSON.parse(made.data) };
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

const query = (values) => {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return new URLSearchParams(given).toString();
};

export const api = {
  session: () => json("/v1/session"),
  logIn: (key) => json("/v1/session", body("POST", { key })),
  logOut: () => json("/v1/session", { method: "DELETE" }),
  server: () => json("/v1/server"),
  documents: (after) => json(`/v1/documents?${query({ limit: 60, after })}`),
  document: (id) => json(`/v1/documents/${id}`),
  page: (id, number) => json(`/v1/documents/${id}/pages/${number}`),
  text: async (id) => (await send(`/v1/documents/${id}/text`)).text(),
  remove: (id) => json(`/v1/documents/${id}`, { method: "DELETE" }),
  samples: () => json("/v1/samples"),
  addSample: (name) => json(`/v1/samples/${encodeURIComponent(name)}`, { method: "POST" }),
  schemas: () => json("/v1/schemas"),
  schema: (name) => json(`/v1/schemas/${encodeURIComponent(name)}`),
  search: (text) => json("/v1/search", body("POST", { query: text, limit: 50 })),
  results: (values) => json(`/v1/results?${query(values)}`),
  extraction: (id) => json(`/v1/extractions/${id}`),
  review: (limit) => json(`/v1/review?${query({ limit })}`),
  jobs: (values) => json(`/v1/jobs?${query(values)}`),
  cancel: (id) => json(`/v1/jobs/${encodeURIComponent(id)}/cancel`, { method: "POST" }),
  chats: () => json("/v1/chats"),
  chat: (id) => json(`/v1/chats/${id}`),
  addChat: (id) => json("/v1/chats", body("POST", { document_id: id })),

  upload(file) {
    const form = new FormData();
    form.append("file", file);
    return json("/v1/documents", { method: "POST", body: form });
  },

  /** Starts a verb; the job that runs it. */
  async start(verb, document_id, options = {}) {
    const wanted = { document_id, ...options };
    const response = await send(
      `/v1/${verb}`, body("POST", wanted, { Prefer: "respond-async" }),
    );
    const id = response.headers.get("X-Job-Id");
    return response.status === 202 ? response.json() : json(`/v1/jobs/${encodeURIComponent(id)}`);
  },

  /** The job each time it changes, until it ends. */
  async *follow(job) {
    const response = await send(`/v1/jobs/${encodeURIComponent(job.id)}/events`);
    for await (const { data } of events(response)) yield data;
  },

  /** The events of an answer: {kind, text, pages, turn}. */
  async *ask(chat, question) {
    const headers = { Accept: "text/event-stream" };
    const response = await send(`/v1/chats/${chat}/messages`, body("POST", { question }, headers));
    for await (const { event, data } of events(response)) {
      if (event === "error") throw new ApiError(data.status, data);
      yield data;
    }
  },

  /** Writes a label; `revision` is that of the label that was seen, 0 for none. */
  label: (id, path, label, revision) =>
    json(
      `/v1/extractions/${id}/fields/${encodeURIComponent(path)}`,
      body("PUT", label, { "If-Match": `"${revision}"` }),
    ),
};

/** Of the picture that the viewer and the pictures of values share, in pixels. */
export const PICTURE_WIDTH = 1200;

export const pictureUrl = (id, page, width, read) =>
  `/v1/documents/${id}/pages/${page}.webp?width=${width}${read ? "&read=1" : ""}`;
