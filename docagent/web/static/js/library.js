// The library: drop files, samples, the list of documents, and search over all of them.
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { api, pictureUrl } from "./api.js";
import { isFinal, isUnknownKind, jobs, run, watch } from "./jobs.js";
import { Progress } from "./parts.js";
import { attempt, fail, go, humanName, link, may, route, say } from "./state.js";

const SCHEMA = "auto";
const HIT_START = "\u0002";
const HIT_END = "\u0003";

export function Library() {
  const [slice, setSlice] = useState(null);
  const [uploading, setUploading] = useState([]);
  const load = () => attempt(async () => setSlice(await api.documents()));
  useEffect(() => {
    document.title = "Library – docagent";
    load();
    attempt(async () => {
      for (const state of ["running", "waiting"]) {
        for (const job of (await api.jobs({ state, limit: 50 })).items) watch(job).then(load, () => {});
      }
    });
  }, []);

  const add = async (files) => {
    const names = files.map((file) => file.name);
    setUploading(names);
    for (const file of files) {
      try {
        const stored = await api.upload(file);
        begin(stored, files.length === 1);
      } catch (error) {
        say(`${file.name}: ${error.message}`, "error");
      }
      setUploading((left) => left.filter((name) => name !== file.name));
    }
    load();
  };
  const addSample = (name) => attempt(async () => { begin(await api.addSample(name), true); load(); });
  const more = () => attempt(async () => {
    const next = await api.documents(slice.next);
    setSlice({ items: [...slice.items, ...next.items], next: next.next });
  });
  const remove = (stored) => attempt(async () => {
    if (!confirm(`Delete ${stored.name} with everything made of it?`)) return;
    await api.remove(stored.id);
    say(`${stored.name} is deleted.`);
    load();
  });

  const query = route.value.values.q || "";
  const isEmpty = slice !== null && !slice.items.length;
  return html`<div class="library">
    ${isEmpty ? html`<${Welcome} />` : html`<h1 class="hidden">Library</h1>`}
    ${may("write") && html`<${Drop} onFiles=${add} uploading=${uploading} isSmall=${!isEmpty} />`}
    ${isEmpty && may("write") && html`<${Samples} onAdd=${addSample} />`}
    ${slice && slice.items.length > 0 && html`<${Search} query=${query} />`}
    ${query ? html`<${Hits} query=${query} />` : html`<ul class="documents">
      ${(slice?.items || []).map((stored) => html`<${Item} key=${stored.id} stored=${stored} onRemove=${remove} />`)}
    </ul>`}
    ${!query && slice?.next && html`<button onClick=${more}>Show more</button>`}
  </div>`;
}

/** Extracts a new document, and opens it. */
function begin(stored, open) {
  run("extract", stored.id, { schema: SCHEMA }).catch(fail);
  if (open) go(link(`documents/${stored.id}`));
}

function Welcome() {
  return html`<div class="welcome"><h1>The values in your documents, and where they are printed</h1>
    <p class="quiet">Drop an invoice, a receipt, a contract, a bank statement or a lab report. docagent reads it, shows each value
      beside its place on the page, says how sure it is, and answers questions.</p></div>`;
}

/** isSmall: documents are there already, and matter more. */
function Drop({ onFiles, uploading, isSmall }) {
  const [over, setOver] = useState(false);
  const input = useRef(null);
  const drop = (event) => {
    event.preventDefault();
    setOver(false);
    const files = [...event.dataTransfer.files];
    if (files.length) onFiles(files);
  };
  const dragOver = (event) => { event.preventDefault(); setOver(true); };
  return html`<section class=${`drop${isSmall ? " small" : ""}`} data-over=${String(over)} aria-label="Add documents"
      onDragOver=${dragOver} onDragLeave=${() => setOver(false)} onDrop=${drop}>
    <p><strong>Drop scans, photos or PDFs here</strong></p>
    <button class="primary" onClick=${() => input.current.click()}>Choose files</button>
    <input ref=${input} type="file" multiple hidden aria-label="Files"
      accept=".pdf,.png,.jpg,.jpeg,.tif,.tiff,.webp,.bmp,application/pdf,image/*"
      onChange=${(event) => { onFiles([...event.target.files]); event.target.value = ""; }} />
    <p role="status" class="quiet">${uploading.length
      ? `Uploading ${uploading[0]}${uploading.length > 1 ? ` and ${uploading.length - 1} more` : ""} …`
      : "PDF, PNG, JPEG, TIFF, WebP or BMP, several at once if you like"}</p>
  </section>`;
}

function Samples({ onAdd }) {
  const [samples, setSamples] = useState([]);
  useEffect(() => { attempt(async () => setSamples(await api.samples())); }, []);
  const name = (file) => (file.startsWith("nda") ? "NDA" : humanName(file.replace(/\.\w+$/, "")));
  return html`<section class="samples"><h2>Or try a sample</h2>
    <ul>${samples.map((sample) => html`<li key=${sample.name}>
      <button onClick=${() => onAdd(sample.name)}>${name(sample.name)}</button></li>`)}</ul>
  </section>`;
}

function Item({ stored, onRemove }) {
  const job = jobs.value[stored.id];
  const address = link(`documents/${stored.id}`);
  return html`<li>
    <a href=${address}>
      <img src=${pictureUrl(stored.id, 1, 160, stored.pages !== null)} alt="" loading="lazy" width="72" height="94" />
      <span><span class="name">${stored.name}</span>
        <span class="quiet">${pageCount(stored.pages)}, ${size(stored.size)}</span>
        <time class="quiet" datetime=${stored.created}>${new Date(stored.created).toLocaleDateString(undefined, { dateStyle: "medium" })}</time></span>
    </a>
    ${may("write") && html`<button class="plain remove" aria-label=${`Delete ${stored.name}`} title="Delete" onClick=${() => onRemove(stored)}>×</button>`}
    ${isUnknownKind(job) ? html`<p class="quiet">Its kind is not known; open it to choose one.</p>`
      : job && (!isFinal(job) || job.state === "failed") && html`<${Progress} job=${job} />`}
  </li>`;
}

const pageCount = (pages) => (pages === null ? "not read yet" : `${pages} ${pages === 1 ? "page" : "pages"}`);
const size = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

function Search({ query }) {
  const submit = (event) => {
    event.preventDefault();
    go(link("", { q: new FormData(event.target).get("q").trim() }));
  };
  return html`<form class="search" role="search" onSubmit=${submit}>
    <label class="hidden" for="q">Search all documents</label>
    <input id="q" name="q" type="search" key=${query} defaultValue=${query} placeholder="Search all documents" />
    <button>Search</button>
    ${query && html`<a href="#/">All documents</a>`}
  </form>`;
}

function Hits({ query }) {
  const [hits, setHits] = useState(null);
  useEffect(() => {
    setHits(null);
    attempt(async () => setHits(await api.search(query)));
  }, [query]);
  if (!hits) return html`<p role="status">Searching …</p>`;
  const documents = new Map();
  for (const hit of hits) documents.set(hit.document_id, [...(documents.get(hit.document_id) || []), hit]);
  const toPage = (hit) => link(`documents/${hit.document_id}`, { page: hit.page, find: matched(hit.snippet) });
  return html`<p role="status">${hits.length ? `“${query}” is on ${hits.length === 1 ? "1 page" : `${hits.length} pages`}`
      : `“${query}” is in none of your documents. Each of the words must be on the same page; put a phrase in quotation marks.`}</p>
    <ol class="hits">${[...documents.values()].map((pages) => html`<li key=${pages[0].document_id}>
      <a class="name" href=${toPage(pages[0])}>${pages[0].name}</a>
      ${pages.sort((a, b) => a.page - b.page).map((hit) => html`<p key=${hit.page}>
        <a href=${toPage(hit)} aria-label=${`${hit.name}, page ${hit.page}`}>page ${hit.page}</a> ${marked(hit.snippet)}</p>`)}
    </li>`)}</ol>`;
}

/** The snippet as text, its matching words as marks. */
function marked(snippet) {
  return snippet.split(HIT_START).flatMap((piece, index) => {
    if (!index) return [piece];
    const [word, rest] = piece.split(HIT_END);
    return [html`<mark>${word}</mark>`, rest];
  });
}

function matched(snippet) {
  const words = snippet.split(HIT_START).slice(1).map((piece) => piece.split(HIT_END)[0]);
  return [...new Set(words)].join(" ");
}
