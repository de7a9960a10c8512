// One document: its pages beside the values, the chat, corrections and the text.
import { html, useEffect, useMemo, useState } from "../vendor/preact.js";
import { api } from "./api.js";
import { Chat } from "./chat.js";
import { Correction, editMarks } from "./correction.js";
import { fieldMarks, useExtraction } from "./extraction.js";
import { Fields } from "./fields.js";
import { isFinal, isUnknownKind, jobs, remember, run, watch } from "./jobs.js";
import { Menu, Progress, Tabs } from "./parts.js";
import { attempt, fromCite, go, link, may, route, say } from "./state.js";
import { Viewer } from "./viewer.js";

const TABS = [["fields", "Values"], ["chat", "Chat"], ["correction", "Corrections"], ["text", "Text"]];
export const CITED = "cited";

export function DocumentView({ id }) {
  const [stored, setStored] = useState(null);
  const [resultId, setResultId] = useState(null);
  const [isKnown, setKnown] = useState(false);
  const [missing, setMissing] = useState("");
  const [chosen, setChosen] = useState(null);
  const [edits, setEdits] = useState([]);
  const extraction = useExtraction(resultId);
  const { values } = route.value;
  const tab = TABS.some(([name]) => name === values.tab) ? values.tab : "fields";
  const page = Math.max(1, Number.parseInt(values.page, 10) || 1);
  const goTo = (changes) => go(link(`documents/${id}`, { ...route.value.values, ...changes }), true);

  const load = async () => {
    try {
      const extracted = api.results({ document_id: id, verb: "extract", limit: 1 });
      const found = await api.document(id);
      setStored(found);
      document.title = `${found.name} – docagent`;
      const { items } = await extracted;
      setResultId(items[0]?.id || null);
      return items.length > 0;
    } catch (error) {
      setMissing(error.message);
      return true;
    }
  };
  useEffect(() => {
    attempt(async () => {
      if (await load()) return;
      const { items } = await api.jobs({ document_id: id, limit: 20 });
      const last = items.find((one) => one.verb === "extract") || items[0];
      if (!last || jobs.value[id]) return;
      if (isFinal(last)) remember(last);
      else watch(last).catch(() => {});
    }).finally(() => setKnown(true));
  }, [id]);
  const job = jobs.value[id];
  useEffect(() => {
    if (!job || !isFinal(job)) return;
    if (job.verb === "extract" && job.result_id) setResultId(job.result_id);
    load();
  }, [job?.id, job?.state]);
  useEffect(() => { if (values.cite) setChosen(CITED); }, [values.cite, values.page]);

  const cited = useMemo(() => {
    const polygons = fromCite(values.cite);
    return polygons.length ? [{ key: CITED, page, polygons, kind: "cite", label: "Cited place" }] : [];
  }, [values.cite, page]);
  const marks = [
    ...(tab === "fields" ? fieldMarks(extraction.reviewed) : []),
    ...(tab === "correction" ? editMarks(edits) : []),
    ...cited,
  ];
  const choose = (key) => {
    setChosen(key);
    const mark = marks.find((one) => one.key === key);
    if (mark && mark.page !== page) goTo({ page: mark.page, cite: "" });
  };
  if (missing) return html`<p role="alert" class="error">${missing}</p><p><a href="#/">Back to the library</a></p>`;
  if (!stored) return html`<p role="status">Loading …</p>`;
  const isWorking = job && !isFinal(job);
  return html`<div class="title"><h1>${stored.name}</h1>
      <${Downloads} id=${id} resultId=${resultId} extraction=${extraction.reviewed?.extraction} /></div>
    <div class="bench">
      <${Viewer} id=${id} page=${page} pages=${stored.pages} marks=${marks} chosen=${chosen} onChoose=${choose}
        onPage=${(number) => goTo({ page: number, cite: "" })} find=${values.find} />
      <section class="side" aria-label="Details">
        <${Tabs} tabs=${TABS} chosen=${tab} onChoose=${(name) => goTo({ tab: name === "fields" ? "" : name })} label="Details" />
        <div role="tabpanel" id="tab-panel" aria-labelledby=${`tab-${tab}`}>
          ${job && !isUnknownKind(job) && (isWorking || job.state === "failed") && html`<${Progress} job=${job} />
            ${isWorking && job.id && html`<button onClick=${() => attempt(() => api.cancel(job.id))}>Cancel</button>`}`}
          ${tab === "fields" && html`
            ${isUnknownKind(job) && !resultId && html`<p class="empty"><strong>What kind of document is this?</strong><br />
              docagent could not tell. Choose the kind below, or ask questions in the chat.</p>`}
            ${resultId && !extraction.reviewed && html`<p role="status" class="quiet">Loading the values …</p>`}
            <${Fields} ...${extraction} chosen=${chosen} onChoose=${choose} />
            ${isKnown && !isWorking && (!resultId || extraction.reviewed) && may("write")
              && html`<${Extract} id=${id} again=${resultId !== null} isUnknown=${isUnknownKind(job)} />`}`}
          ${tab === "chat" && html`<${Chat} id=${id} tab=${tab} kind=${extraction.reviewed?.extraction.schema} />`}
          ${tab === "correction" && html`<${Correction} id=${id} chosen=${chosen} onChoose=${choose} onEdits=${setEdits} />`}
          ${tab === "text" && html`<${Text} id=${id} />`}
        </div>
      </section>
    </div>`;
}

function Extract({ id, again, isUnknown }) {
  const [schemas, setSchemas] = useState([]);
  useEffect(() => { attempt(async () => setSchemas(await api.schemas())); }, []);
  const submit = (event) => {
    event.preventDefault();
    attempt(() => run("extract", id, { schema: new FormData(event.target).get("schema") }));
  };
  return html`<form class="extract" onSubmit=${submit}>
    <label for="schema">${again ? "Another kind?" : "Kind of document"}</label>
    <select id="schema" name="schema" required>${isUnknown ? html`<option value="">Choose one</option>`
      : html`<option value="auto">what it seems to be</option>`}
      ${schemas.map((schema) => html`<option key=${schema.name} value=${schema.name}>${schema.title || schema.name}</option>`)}
    </select>
    <button class=${again ? "" : "primary"}>${again ? "Find the values again" : "Find the values"}</button>
  </form>`;
}

function Downloads({ id, resultId, extraction }) {
  const base = `/v1/documents/${id}`;
  const exported = `/v1/extractions/${resultId}/export?format=`;
  const lists = new Set((extraction?.fields || []).flatMap(({ path }) => /^(.*)\[\d+\]/.exec(path)?.[1]?.replace(/\[\d+\]/g, "") ?? []));
  const links = [
    ...(resultId ? [
      ["Excel (XLSX)", `${exported}xlsx`], ["CSV", `${exported}csv`],
      ...[...lists].map((list) => [`CSV of ${list.replaceAll("_", " ")}`, `${exported}csv&table=${encodeURIComponent(list)}`]),
      ["JSON", `${exported}json`],
    ] : []),
    ["Searchable PDF", `${base}/searchable.pdf`], ["Original file", `${base}/file`],
  ];
  return html`<${Menu} title="Download"><ul>${links.map(([text, address]) => html`<li key=${address}>
    <a href=${address} download>${text}</a></li>`)}</ul><//>`;
}

function Text({ id }) {
  const [text, setText] = useState(null);
  useEffect(() => { attempt(async () => setText(await api.text(id))); }, [id]);
  if (text === null) return html`<p role="status">Reading …</p>`;
  if (!text.trim()) return html`<p class="empty">No text was found in this document.</p>`;
  const copy = () => attempt(async () => { await navigator.clipboard.writeText(text); say("The text is copied."); });
  return html`<button onClick=${copy}>Copy the text</button><pre class="text" tabindex="0">${text}</pre>`;
}
