// One document: its pages beside the values, the chat, corrections and the text.
import { html, useEffect, useMemo, useState } from "../vendor/preact.js";
import { api } from "./api.js";
import { Chat } from "./chat.js";
import { Correction, editMarks } from "./correction.js";
import { Fields, fieldMarks, useExtraction } from "./fields.js";
import { isFinal, jobs, run, watch } from "./jobs.js";
import { Progress, Tabs } from "./parts.js";
import { attempt, fromCite, go, link, may, route } from "./state.js";
import { Viewer } from "./viewer.js";

const TABS = [["fields", "Values"], ["chat", "Chat"], ["correction", "Corrections"], ["text", "Text"]];
export const CITED = "cited";

export function DocumentView({ id }) {
  const [stored, setStored] = useState(null);
  const [resultId, setResultId] = useState(null);
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
      const found = await api.document(id);
      setStored(found);
      document.title = `${found.name} – docagent`;
      const { items } = await api.results({ document_id: id, verb: "extract", limit: 1 });
      setResultId(items[0]?.id || null);
      return items.length > 0;
    } catch (error) {
      setMissing(error.message);
      return true;
    }
  };
  useEffect(() => {
    (async () => {
      if (await load()) return;
      const { items } = await api.jobs({ document_id: id, limit: 1 });
      if (items[0] && !isFinal(items[0])) watch(items[0]).catch(() => {});
    })();
  }, [id]);
  const job = jobs.value[id];
  useEffect(() => { if (job && isFinal(job)) load(); }, [job?.id, job?.state]);
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
          ${job && (isWorking || job.state === "failed") && html`<${Progress} job=${job} />
            ${isWorking && html`<button onClick=${() => attempt(() => api.cancel(job.id))}>Cancel</button>`}`}
          ${tab === "fields" && html`
            <${Fields} ...${extraction} chosen=${chosen} onChoose=${choose} />
            ${!isWorking && may("write") && html`<${Extract} id=${id} again=${resultId !== null} />`}`}
          ${tab === "chat" && html`<${Chat} id=${id} tab=${tab} />`}
          ${tab === "correction" && html`<${Correction} id=${id} chosen=${chosen} onChoose=${choose} onEdits=${setEdits} />`}
          ${tab === "text" && html`<${Text} id=${id} />`}
        </div>
      </section>
    </div>`;
}

function Extract({ id, again }) {
  const [schemas, setSchemas] = useState([]);
  useEffect(() => { attempt(async () => setSchemas(await api.schemas())); }, []);
  const submit = (event) => {
    event.preventDefault();
    attempt(() => run("extract", id, { schema: new FormData(event.target).get("schema") }));
  };
  return html`<form class="extract" onSubmit=${submit}>
    <label for="schema">${again ? "Extract again as" : "Extract as"}</label>
    <select id="schema" name="schema"><option value="auto">the kind that it is</option>
      ${schemas.map((schema) => html`<option key=${schema.name} value=${schema.name}>${schema.title || schema.name}</option>`)}
    </select>
    <button class=${again ? "" : "primary"}>Extract</button>
  </form>`;
}

function Downloads({ id, resultId, extraction }) {
  const base = `/v1/documents/${id}`;
  const exported = `/v1/extractions/${resultId}/export?format=`;
  const lists = new Set((extraction?.fields || []).flatMap(({ path }) => /^(.*)\[\d+\]/.exec(path)?.[1]?.replace(/\[\d+\]/g, "") ?? []));
  const links = [
    ...(resultId ? [
      ["JSON", `${exported}json`], ["Excel (XLSX)", `${exported}xlsx`], ["CSV", `${exported}csv`],
      ...[...lists].map((list) => [`CSV of ${list.replaceAll("_", " ")}`, `${exported}csv&table=${encodeURIComponent(list)}`]),
    ] : []),
    ["Searchable PDF", `${base}/searchable.pdf`], ["Original file", `${base}/file`],
  ];
  return html`<details class="menu"><summary>Download</summary>
    <ul>${links.map(([text, address]) => html`<li key=${address}><a href=${address} download>${text}</a></li>`)}</ul>
  </details>`;
}

function Text({ id }) {
  const [text, setText] = useState(null);
  useEffect(() => { attempt(async () => setText(await api.text(id))); }, [id]);
  if (text === null) return html`<p role="status">Reading …</p>`;
  const copy = () => attempt(() => navigator.clipboard.writeText(text));
  return html`<button onClick=${copy}>Copy</button><pre class="text" tabindex="0">${text}</pre>`;
}
