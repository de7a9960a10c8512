// Questions about a document; each citation of an answer opens its place on the page.
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { api } from "./api.js";
import { run } from "./jobs.js";
import { Confidence } from "./parts.js";
import { attempt, citeLink, fail, humanText, may } from "./state.js";

const QUESTIONS = {
  invoice: ["What is the total?", "What is the due date?", "Who sent the invoice?"],
  receipt: ["What is the total?", "What is the date?", "Which shop is it from?"],
  bank_statement: ["What is the opening balance?", "What is the closing balance?"],
  contract: ["Who are the parties?", "When does it end?", "Which law governs it?"],
  nda: ["Who are the parties?", "How long does it last?", "Which law governs it?"],
};
const NO_ANSWER = {
  not_present: "The document does not seem to say that.", illegible: "That part cannot be read.",
  ambiguous: "Several answers are possible.", conflicting: "The document contradicts itself.",
};

/** kind: the name of the schema, for questions to start with. */
export function Chat({ id, tab, kind }) {
  const [chat, setChat] = useState(null);
  const [messages, setMessages] = useState([]);
  const [live, setLive] = useState(null);
  const end = useRef(null);
  useEffect(() => {
    attempt(async () => {
      const { items } = await api.chats();
      const known = items.find((one) => one.document_ids.includes(id));
      if (!known) return;
      setChat(known.id);
      setMessages((await api.chat(known.id)).messages);
    });
  }, [id]);
  useEffect(() => { end.current?.scrollIntoView({ block: "nearest" }); }, [messages.length, live]);

  const ask = async (question) => {
    setLive({ question, text: "", doing: "Looking for the answer" });
    try {
      let at = chat;
      if (!at) {
        at = (await api.addChat(id)).id;
        setChat(at);
      }
      for await (const event of api.ask(at, question)) {
        setLive((now) => step(now, event));
        if (event.turn) {
          setMessages((now) => [...now, { role: "user", text: question }, { role: "assistant", turn: event.turn }]);
        }
      }
    } catch (error) {
      fail(error);
    }
    setLive(null);
  };
  const summarise = async () => {
    setLive({ question: "Summarise the document", text: "", doing: "Summarising" });
    try {
      const job = await run("summarise", id, {});
      if (job.result_id) {
        const { items } = await api.results({ document_id: id, verb: "summarise", limit: 1 });
        setMessages((now) => [...now, { role: "user", text: "Summarise the document" }, { role: "summary", summary: items[0].result }]);
      }
    } catch (error) {
      fail(error);
    }
    setLive(null);
  };
  const fresh = () => attempt(async () => { setChat((await api.addChat(id)).id); setMessages([]); });
  const submit = (event) => {
    event.preventDefault();
    const question = new FormData(event.target).get("question").trim();
    if (!question || live) return;
    event.target.reset();
    ask(question);
  };
  return html`<div class="chat">
    <div class="messages" role="log" aria-label="Conversation" tabindex="0">
      ${!messages.length && !live && html`<p class="empty"><strong>Ask about this document</strong><br />Each answer shows where it is printed.
        Where there is no answer, it says so.</p>
        ${may("write") && html`<ul class="chips">${(QUESTIONS[kind] || []).map((text) => html`<li key=${text}>
          <button onClick=${() => ask(text)}>${text}</button></li>`)}<li><button onClick=${summarise}>Summarise it</button></li></ul>`}`}
      ${messages.map((message, index) => html`<${Message} key=${index} id=${id} tab=${tab} ...${message} />`)}
      ${live && html`<p class="said">${live.question}</p><div class="answer live"><p>${live.text}</p><p class="quiet">${live.doing} …</p></div>`}
      <div ref=${end}></div>
    </div>
    ${may("write") && html`<form class="ask" onSubmit=${submit}>
      <label class="hidden" for="question">Question</label>
      <input id="question" name="question" autocomplete="off" maxlength="4000" placeholder="Ask a question" />
      <button class="primary" disabled=${Boolean(live)}>Ask</button>
    </form>
    ${messages.length > 0 && html`<p class="more"><button class="plain" disabled=${Boolean(live)} onClick=${summarise}>Summarise</button>
      <button class="plain" disabled=${Boolean(live)} onClick=${fresh}>New chat</button></p>`}`}
  </div>`;
}

function step(now, { kind, text, pages }) {
  if (!now) return now;
  if (kind === "text") return { ...now, text: now.text + text };
  const doing = { pages: `Reading page ${pages.join(", ")}`, model: "Asking the vision model", tool: `Using ${text}` }[kind];
  return doing ? { ...now, doing } : now;
}

function Message({ id, tab, role, text, turn, summary }) {
  if (role === "user") return html`<p class="said">${text}</p>`;
  if (role === "summary") {
    return html`<div class="answer">${summary.message && html`<p class="quiet">${summary.message}</p>`}
      <ul>${summary.sentences.map((sentence, n) => html`<li key=${n}>${sentence.text} <${Citations} id=${id} tab=${tab} citations=${sentence.evidence} short /></li>`)}</ul></div>`;
  }
  if (!turn) return html`<div class="answer"><p>${text}</p></div>`;
  return html`<div class="answer">
    <p>${turn.text || NO_ANSWER[turn.abstained] || "There is no answer."}</p>
    <div class="facts">${turn.text && turn.how !== "derived" && html`<${Confidence} share=${turn.confidence} />`}
      ${turn.how === "derived" && html`<span class="badge">calculated</span>`}
      <${Citations} id=${id} tab=${tab} citations=${turn.citations} said=${turn.text} />
      ${turn.message && html`<span class="quiet">${humanText(turn.message)}</span>`}</div>
  </div>`;
}

const bare = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");

/** said: what was answered; a quote that says the same is not shown again. */
function Citations({ id, tab, citations, short, said = "" }) {
  if (!citations?.length) return null;
  return html`<ul class="citations">${citations.map((one, n) => html`<li key=${n}>
    <a href=${citeLink(id, one, { tab })} aria-label=${`Page ${one.page}: ${one.quote}`}>page ${one.page}${
      short || bare(one.quote) === bare(said) ? "" : html`: <q>${one.quote}</q>`}</a></li>`)}</ul>`;
}
