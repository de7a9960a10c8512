// Jobs that the page waits for. A browser opens six connections to a server at most, so only a few
// jobs are followed at a time; the others wait for their turn.
import { signal } from "../vendor/preact.js";
import { api } from "./api.js";

const MAX_FOLLOWED = 3;

/** The newest known job of each document, by id. */
export const jobs = signal({});

let following = 0;
const queue = [];
const followed = new Map();

function remember(job) {
  jobs.value = { ...jobs.value, [job.document_id]: job };
}

/** Follows a job until it ends; the job as it is then. */
export function watch(job) {
  remember(job);
  if (job.finished || isFinal(job)) return Promise.resolve(job);
  if (!followed.has(job.id)) {
    followed.set(job.id, followInTurn(job).finally(() => followed.delete(job.id)));
  }
  return followed.get(job.id);
}

async function followInTurn(job) {
  if (following >= MAX_FOLLOWED) await new Promise((resolve) => queue.push(resolve));
  following += 1;
  try {
    let last = job;
    for await (const changed of api.follow(job)) {
      last = changed;
      remember(changed);
    }
    return last;
  } finally {
    following -= 1;
    queue.shift()?.();
  }
}

export const isFinal = (job) => ["done", "failed", "cancelled"].includes(job.state);

/** Starts a verb on a document and follows it. */
export async function run(verb, document_id, options) {
  return watch(await api.start(verb, document_id, options));
}

export function stageText(job) {
  if (job.state === "waiting") return job.error ? `Waits to be tried again: ${job.error.message}` : "Waiting";
  if (job.state === "failed") return `Failed: ${job.error?.message || "unknown reason"}`;
  if (job.state === "cancelled") return "Cancelled";
  if (job.state === "done") return "Done";
  if (job.stage === "reading" && job.pages_total) {
    return `Reading page ${Math.min(job.pages_done + 1, job.pages_total)} of ${job.pages_total}`;
  }
  return { loading: "Opening", reading: "Reading", working: "Extracting", saving: "Saving" }[job.stage] || "Working";
}

/** How much is done, 0 to 1. */
export function progress(job) {
  if (isFinal(job)) return 1;
  const share = job.pages_total ? job.pages_done / job.pages_total : 0;
  return { waiting: 0, loading: 0.05, working: 0.9, saving: 0.97 }[job.stage] ?? 0.1 + 0.75 * share;
}
