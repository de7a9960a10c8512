// Jobs that the page waits for. A browser opens six connections to a server at most, so only a few
// jobs are followed at a time; the others wait for their turn.
import { signal } from "../vendor/preact.js";
import { api } from "./api.js";
import { humanText } from "./state.js";

const MAX_FOLLOWED = 3;

/** The newest known job of each document, by id. */
export const jobs = signal({});

let following = 0;
const queue = [];
const followed = new Map();

/** Lets the page know a job, such as one that failed before it was opened. */
export function remember(job) {
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

/** Starts a verb on a document and follows it. That it waits is known at once. */
export async function run(verb, document_id, options) {
  const before = jobs.value[document_id];
  remember({ document_id, verb, state: "waiting" });
  let job;
  try {
    job = await api.start(verb, document_id, options);
  } catch (error) {
    jobs.value = { ...jobs.value, [document_id]: before };
    throw error;
  }
  return watch(job);
}

const WORKING = { extract: "Finding the values", correct: "Looking for misread words", summarise: "Summarising" };

/** Whether a document could not be extracted because nobody can tell what it is. */
export const isUnknownKind = (job) => job?.state === "failed" && job.error?.code === "schema.missing";

export function stageText(job) {
  if (job.state === "waiting") return job.error ? `Will be tried again: ${humanText(job.error.message)}` : "Waiting for its turn";
  if (job.state === "failed") return `It failed: ${humanText(job.error?.message) || "the reason is not known"}`;
  if (job.state === "cancelled") return "Cancelled";
  if (job.state === "done") return "Done";
  if (job.stage === "reading" && job.pages_total) {
    return `Reading page ${Math.min(job.pages_done + 1, job.pages_total)} of ${job.pages_total}`;
  }
  return { loading: "Opening the file", reading: "Reading", working: WORKING[job.verb], saving: "Saving" }[job.stage] || "Working";
}

/** How much is done, 0 to 1. */
export function progress(job) {
  if (isFinal(job)) return 1;
  const share = job.pages_total ? job.pages_done / job.pages_total : 0;
  return { waiting: 0, loading: 0.05, working: 0.9, saving: 0.97 }[job.stage] ?? 0.1 + 0.75 * share;
}
