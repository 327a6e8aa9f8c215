import { phoneChatScript } from './phone-client-chat';
import { phoneTroubleScript } from './phone-client-trouble';

/*
 * The scripts of the phone page, as text: they run in the browser and are never compiled with the rest, so the
 * build need not copy files. No backticks and no dollar-brace inside them. Text reaches the page by
 * textContent only.
 */

const core = String.raw`'use strict';
const $ = (id) => document.getElementById(id);
const state = { customers: new Map(), bubbles: new Map(), log: [], faults: {}, number: null, webhookUrl: null,
  current: null, typing: new Map(), replyTo: null, connected: false, refused: null };

function el(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props || {})) {
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (key.includes('-') || key === 'role') node.setAttribute(key, value);
    else node[key] = value;
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ''));
  return node;
}

async function call(path, body, method) {
  const raw = body instanceof Blob;
  const response = await fetch(path, { method: method || 'POST', body: raw ? body : JSON.stringify(body),
    headers: { 'content-type': raw ? body.type || 'application/octet-stream' : 'application/json' } });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error || 'HTTP ' + response.status);
  return answer;
}

function fail(error) {
  state.refused = error.message === 'Failed to fetch' ? 'The simulator does not answer.' : error.message;
  renderBanner();
  setTimeout(() => { state.refused = null; renderBanner(); }, 6000);
}

const nameOf = (customer) => customer.name || (customer.phone ? '+' + customer.phone : customer.userId);
const clock = (at, seconds) => new Date(at).toLocaleTimeString([],
  { hour: '2-digit', minute: '2-digit', ...(seconds ? { second: '2-digit' } : {}) });

function remember(key) { try { sessionStorage.setItem('customer', key); } catch { /* private windows */ } }
function remembered() { try { return sessionStorage.getItem('customer'); } catch { return null; } }

function select(key) {
  state.current = key;
  state.replyTo = null;
  if (key) remember(key);
  render();
  scrollDown();
  see();
}

function visible() { return document.visibilityState === 'visible' && ['chat', null].includes(narrowView()); }
function narrowView() { return matchMedia('(max-width: 1040px)').matches ? document.body.dataset.view : null; }

let seeing = null;
/* The open conversation counts as read by the customer, as on a real phone. */
function see() {
  if (seeing || !state.current || !visible()) return;
  const unread = [...state.bubbles.values()].some((bubble) =>
    bubble.customer === state.current && bubble.side === 'business' && ['accepted', 'sent', 'delivered'].includes(bubble.state));
  if (!unread) return;
  const key = state.current;
  seeing = setTimeout(() => { seeing = null; call('/phone/seen', { customer: key }).catch(() => {}); }, 300);
}
document.addEventListener('visibilitychange', see);

function initials(text) { return [...text.replace(/^[+\d.]+/, '')].length ? [...text][0].toUpperCase() : '#'; }
function hue(text) { let sum = 0; for (const unit of text) sum = (sum * 31 + unit.codePointAt(0)) % 9973; return 'h' + (sum % 5); }

function renderCustomers() {
  $('customers').replaceChildren(...[...state.customers.values()].map((customer) => {
    const name = nameOf(customer);
    const unread = [...state.bubbles.values()].filter((bubble) => bubble.customer === customer.key &&
      bubble.side === 'business' && bubble.state !== 'read' && bubble.state !== 'failed').length;
    const small = customer.hidesPhone ? 'number hidden' + (customer.username ? ' · @' + customer.username : '')
      : customer.phone ? '+' + customer.phone : customer.userId;
    return el('li', {}, el('button', { type: 'button', 'aria-current': String(customer.key === state.current),
      onclick: () => { show('chat'); select(customer.key); } },
      el('span', { className: 'avatar ' + hue(name), textContent: initials(name), 'aria-hidden': 'true' }),
      el('span', { className: 'name' }, el('strong', { textContent: name }), el('small', { textContent: small })),
      unread && customer.key !== state.current ? el('span', { className: 'badge', textContent: unread, 'aria-label': unread + ' unread' }) : null));
  }));
}

function renderHeader() {
  const customer = state.customers.get(state.current);
  $('business').textContent = state.number ? '+' + state.number.displayPhoneNumber.replace(/^\+/, '') : 'Your business';
  $('peer-note').textContent = !state.connected ? 'connecting…' : state.typing.has(state.current) ? 'typing…' : 'business account';
  $('as').textContent = customer ? 'You are ' + nameOf(customer) : '';
  $('text').disabled = $('composer').querySelector('.send').disabled = !customer;
}

/* Says in plain words what is wrong between here and the server, judged by the newest webhook. */
function renderBanner() {
  const last = state.log.filter((entry) => entry.kind === 'webhook').at(-1);
  let text = '';
  if (!state.connected) text = 'The simulator does not answer. Is it still running? Trying again…';
  else if (state.refused) text = state.refused;
  else if (!state.webhookUrl) text = 'No webhook address is set, so nothing you write reaches a server.';
  else if (last && last.status === 0) text = 'Your server does not answer at ' + state.webhookUrl + ': ' + last.note + '.';
  else if (last && [401, 403].includes(last.status)) text = 'Your server refuses the webhooks (' + last.status + '). Do both sides have the same WHATSAPP_APP_SECRET?';
  else if (last && last.status === 404) text = 'Your server has nothing at ' + state.webhookUrl + ' (404).';
  else if (last && last.status !== 200) text = 'Your server answered ' + last.status + (last.note ? ' (' + last.note + ').' : '.');
  $('banner').hidden = !text;
  $('banner').textContent = text;
}

function render() { renderCustomers(); renderHeader(); renderChat(); renderBanner(); renderFaults(); renderLog(); }

function show(view) {
  document.body.dataset.view = view;
  for (const tab of document.querySelectorAll('[data-tab]')) tab.setAttribute('aria-pressed', String(tab.dataset.tab === view));
  see();
}
for (const tab of document.querySelectorAll('[data-tab]')) tab.addEventListener('click', () => show(tab.dataset.tab));

$('new-customer').addEventListener('submit', async (event) => {
  event.preventDefault();
  const form = event.target;
  try {
    const customer = await call('/phone/customers', { name: form.elements.name.value, phone: form.elements.phone.value,
      hidesPhone: form.elements.hidesPhone.checked });
    state.customers.set(customer.key, customer);
    $('customer-problem').textContent = '';
    form.reset();
    show('chat');
    select(customer.key);
    $('text').focus();
  } catch (error) { $('customer-problem').textContent = error.message; }
});

const events = {
  snapshot(data) {
    Object.assign(state, { number: data.number, webhookUrl: data.webhookUrl, log: data.log });
    state.customers = new Map(data.customers.map((customer) => [customer.key, customer]));
    state.bubbles = new Map(data.bubbles.map((bubble) => [bubble.id, bubble]));
    state.typing.clear();
    const wanted = [state.current, remembered()].find((key) => state.customers.has(key));
    select(wanted || [...state.customers.keys()][0] || null);
  },
  customer({ customer }) {
    state.customers.set(customer.key, customer);
    if (!state.current) select(customer.key); else renderCustomers();
  },
  bubble({ bubble }) {
    const fresh = !state.bubbles.has(bubble.id);
    state.bubbles.set(bubble.id, bubble);
    if (bubble.customer === state.current) { renderChat(); if (fresh) scrollDown(); }
    renderCustomers();
    see();
  },
  typing({ customer, on }) {
    clearTimeout(state.typing.get(customer));
    state.typing.delete(customer);
    /* Meta shows it for at most 25 seconds. */
    if (on) state.typing.set(customer, setTimeout(() => events.typing({ customer, on: false }), 25000));
    renderHeader(); renderChat(); if (customer === state.current) scrollDown();
  },
  log({ entry }) {
    state.log.push(entry);
    if (state.log.length > 100) state.log.shift();
    renderLog(); renderBanner();
  },
  faults(faults) { state.faults = faults; renderFaults(); },
};
`;

const start = String.raw`
const source = new EventSource('/phone/events');
source.onopen = () => { state.connected = true; renderHeader(); renderBanner(); };
source.onerror = () => { state.connected = false; renderHeader(); renderBanner(); };
for (const name of Object.keys(events)) source.addEventListener(name, (event) => events[name](JSON.parse(event.data)));
show('chat');
renderHeader();
renderChat();
renderFaults();
`;

/** The page's one script. */
export const phoneClient = [core, phoneChatScript, phoneTroubleScript, start].join('\n');
